// Finding name servers, and what a name stands for. Proxies of PYRONAME: and PYROMETA: URIs ask here each time they connect; the name server
// is called like any object, by an ordinary proxy, so the engine needs nothing of naming/. Lookups share a connection to it (name_servers.hpp).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <engine/core/future.hpp>
#include <engine/object/proxy_options.hpp>
#include <engine/object/settings.hpp>
#include <engine/object/uri.hpp>

namespace engine {

/// Where to look for a name server.
struct locate_options {
  /// Its host, or "./u:socket". Empty: settings.ns_host if that is this machine, then by broadcast
  /// (IPv4) and multicast (IPv6), then settings.ns_host (WIRE §10).
  std::string host{};
  /// Its port; 0: settings.ns_port. Without a host it is the broadcast port too, as in Pyro.
  int port = 0;
  bool broadcast = true;
  std::string hmac_key{};
  std::optional<engine::settings> settings{};
  /// Longest time for each attempt to connect and for each call, 0: settings.comm_timeout.
  std::chrono::milliseconds timeout{0};
  bool operator==(const locate_options&) const = default;
};

/// The direct URI of what `where` names: itself, what is registered under the name, or one of those with all of the tags, at random. `how`:
/// its settings, key and timeout also serve for asking the name server. `patience`: how long to wait for the name to be registered; default:
/// settings.ns_lookup_delay. A name server of ours that was found is asked again the next time, until it is lost; then one is looked for anew.
/// Blocks, any thread; throws would_block on a core's own thread, naming_error "unknown name: x", "no registrations available
/// with desired metadata properties {'x'}", "Failed to locate the nameserver", and what a call may throw.
uri resolve(const uri& where, const proxy_options& how = {}, std::optional<std::chrono::milliseconds> patience = {});

/// The same without blocking: on a core, co_await it. It is looked up on a thread of its own, which the end of the program waits for: what still
/// waits for a name then fails, and so does a call under way; an attempt to connect is waited for.
future<uri> resolve_later(uri where, proxy_options how = {}, std::optional<std::chrono::milliseconds> patience = {});

namespace detail {
class remote;
/// A name server that is there: connected, but for one found by broadcast. Throws naming_error "Failed to locate the nameserver",
/// std::invalid_argument where a port that is none would be asked by broadcast.
std::shared_ptr<remote> locate(const locate_options&);
}  // namespace detail

}  // namespace engine
