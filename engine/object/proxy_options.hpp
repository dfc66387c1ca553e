// What can be said about one proxy when it is made. Everything has Pyro's default.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <codec/body.hpp>
#include <codec/frame.hpp>
#include <codec/value.hpp>
#include <engine/object/settings.hpp>

namespace engine {

struct proxy_options {
  /// Name of the serializer. Empty: settings.serializer (PYRO_SERIALIZER, else serpent) for Pyro's daemons, msgpack for our own.
  std::string serializer{};
  /// Longest time for connecting, and for each call; unset: settings.comm_timeout; 0: for ever.
  std::optional<std::chrono::milliseconds> timeout{};
  /// What the daemon's validate_handshake gets to see.
  value handshake = "hello";
  /// Gets what the daemon answered to `handshake`, on the thread that connects; what it throws refuses the connection and reaches the
  /// caller. Must not use the proxy.
  std::function<void(const value& answer)> validate_handshake{};
  /// Attached to every message of the proxy, beside what the calling thread says in outgoing_context(): pairs of a key of four ASCII characters and
  /// bytes, eight at most. Called by whoever calls; must not use the proxy. A key that is the engine's own (CORR, HMAC, ENG…) makes the call throw
  /// protocol_error. (Pyro's overridden _pyroAnnotations.)
  std::function<std::vector<std::pair<std::string, bytes>>()> annotations{};
  /// Told what came along with each answer, the handshake's included, before the caller has it; the views are good meanwhile. Must not throw or use
  /// the proxy. (Pyro's overridden _pyroResponseAnnotations.)
  std::function<void(const annotation_view&, message type)> response_annotations{};
  /// Shared secret of the HMAC annotation, empty = none.
  std::string hmac_key{};
  /// A stream socket that is connected already, to a daemon that expects no handshake (Pyro's connected_socket); the proxy
  /// takes it over and closes it in the end. There is no second connection after it: once it is lost, calls throw connection_closed.
  std::optional<int> connected_socket{};
  /// Everything else; default: Pyro's defaults as changed by the PYRO_* environment variables.
  std::optional<engine::settings> settings{};
};

}  // namespace engine
