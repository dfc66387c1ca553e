// One connection as calls see it: who it is, the object it called last, and what lives as long as it does: its instances of classes
// exposed per connection, and the resources its calls track.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <engine/io/backend.hpp>
#include <engine/object/call_opening.hpp>
#include <engine/object/cancellation.hpp>
#include <engine/object/registry.hpp>

namespace engine {

struct kept_result;

/// What a connection keeps alive, made when first needed. Thread-safe: calls on side threads and other cores use it too.
class session_belongings {
 public:
  session_belongings() = default;
  ~session_belongings();
  session_belongings(const session_belongings&) = delete;
  session_belongings& operator=(const session_belongings&) = delete;

  /// Its instance of a class exposed per connection; made by `of` the first time. Throws what the creator throws.
  std::shared_ptr<void> instance(const std::shared_ptr<const exposed_object>& of);
  /// `close` runs when the connection ends, if `resource` is still alive then. Once per resource.
  void track(std::weak_ptr<void> resource, std::function<void(void*)> close);
  void untrack(const void* resource);
  /// The connection has ended: closes what is tracked, in the order of tracking. What close() throws is logged.
  void close_resources(const std::string& peer);

 private:
  struct tracked {
    std::weak_ptr<void> resource;
    std::function<void(void*)> close;
  };
  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<const exposed_object>, std::shared_ptr<void>>> instances_;
  std::vector<tracked> resources_;
};

/// One connection. Belongs to the connection's core; a call that is served elsewhere has a copy, which shares the belongings.
struct session {
  static constexpr std::size_t placed_nowhere = ~std::size_t{0} - 1;
  // What each call looks at comes first and lies together: of a thousand connections none is in the processor's cache.
  bool own_peer = false;       ///< another of our programs: announced itself in CONNECT
  bool may_share = false;      ///< … and is on this machine: was told who would give it memory to share
  time_point heard{};          ///< when the bytes of the present request came
  std::shared_ptr<const exposed_object> object{};  ///< that of the last call
  std::shared_ptr<void> instance{};                ///< … and its instance, if it is a class
  const method_entry* method = nullptr;            ///< … and its method
  std::size_t placed_on = placed_nowhere;          ///< the core that such a call is known to be served on, right away
  std::uint64_t registry_version = 0;              ///< when it was looked up
  std::shared_ptr<const kept_result> upon{};       ///< what the one call that has this copy is made upon, instead of an object that it names
  detail::call_opening opening{};                  ///< how the last call began, if it was in msgpack

  std::string object_id{};     ///< named in CONNECT
  std::string reverse_id{};    ///< the connection is for calling whoever has opened it (reverse_connections.hpp)
  std::string peer{};
  int socket = -1;             ///< its descriptor: open as long as a call of it runs
  std::uint64_t id = 0;        ///< its number among the daemon's connections, 0: none
  std::shared_ptr<session_belongings> belongings{};
  detail::cancellation* cancelled = nullptr;       ///< of the one call that has this copy

  session_belongings& keep() {
    if (!belongings) belongings = std::make_shared<session_belongings>();
    return *belongings;
  }
};

}  // namespace engine
