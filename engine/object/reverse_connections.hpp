// Connections that callers of ours have opened for being called themselves (B18): a program that cannot or does not want to listen dials
// the daemon it works with, and the connection waits here until somebody in this process calls an object beyond it. Whoever takes
// it is its client from then on, with an ordinary handshake; the other side dials the next one at once, as a listener goes on accepting.
// docs/decisions/0010 says why they are connections of their own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <engine/core/core.hpp>
#include <engine/io/io_error.hpp>
#include <engine/io/operation.hpp>
#include <engine/link/connection.hpp>
#include <engine/object/uri.hpp>

namespace engine::detail {

/// The annotation in CONNECT by which a caller offers the connection: a secret of 16 bytes (docs/wire.md).
inline constexpr std::string_view reverse_annotation = "ENGR";
/// By which its daemon is known here and in URIs: made from the secret, and not the other way round, so that who knows a URI cannot offer connections
/// in its place.
std::string reverse_id_of_secret(std::string_view secret);

/// The location that stands in URIs of objects behind such connections, and back: nullopt for every other URI.
std::string reverse_location(std::string_view id);
std::optional<std::string> reverse_id_of(const engine::uri&);

/// All of this process. Thread-safe.
class reverse_connections {
 public:
  static reverse_connections& instance();

  /// Sends what is left to be sent, keeps the socket and watches it on that core, on whose thread this is. `owner`: whose daemon it came to.
  void park(const std::string& id, core& on, loose_connection, const void* owner);
  /// A connected socket, the caller's from now on. Waits for the next one to be dialled, at most until `deadline` (time_point::min(): not at all) or for
  /// five seconds. ENOTCONN: nobody of that name is connected; ETIMEDOUT.
  std::expected<int, io_error> take(const std::string& id, time_point deadline);
  /// The daemon ends.
  void drop_all_of(const void* owner);
  std::size_t waiting(const std::string& id) const;

 private:
  class parked;
  void hung_up(const std::string& id, const parked*);

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  struct room {
    std::deque<std::shared_ptr<parked>> queue{};
    time_point empty_since{};  // the next one is on its way, for a while
  };
  using rooms = std::map<std::string, room>;
  void forget_the_gone(time_point now);
  rooms by_id_;
  std::size_t parks_ = 0;
};

}  // namespace engine::detail
