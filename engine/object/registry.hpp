// Which objects a daemon hosts: id → exposed object. Written rarely and from any thread; read by every call, so a connection
// keeps the object of its last call and asks again only when the registry has changed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <engine/object/method.hpp>

namespace engine {

/// When instances of an exposed class are made (Pyro's instance modes single, session and percall; per_core is ours).
enum class instance_mode : std::uint8_t {
  single,          ///< one for the daemon, at the first call; it lives on one core
  per_connection,  ///< one for each connection, at its first call; gone with the connection
  per_call,        ///< a new one for every request; one for a whole batch
  per_core,        ///< one for each core, so that no call hops
};

/// The instances of a class that outlive their calls and connections. Thread-safe.
class instance_store {
 public:
  /// The one at `place`, made by `create` the first time, once whoever asks.
  std::shared_ptr<void> at(std::size_t place, const std::function<std::shared_ptr<void>()>& create);

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::shared_ptr<void>> made_;
};

/// One object, or class, on the network. Immutable once registered.
struct exposed_object {
  std::string id{};
  void* object = nullptr;  ///< nullptr: a class, whose instances are made by `create`
  const interface_table* table = nullptr;
  std::shared_ptr<void> owner{};  ///< keeps the object alive, if the daemon shares it
  bool weak = false;              ///< somebody else does: gone when `weak_owner` is
  std::weak_ptr<void> weak_owner{};
  std::size_t home = 0;           ///< the core it lives on
  bool shared = false;            ///< thread-safe, or a class with instances wherever they are used: called on whichever core has the connection
  bool never_blocks = false;      ///< served on cores whatever the server type
  instance_mode mode = instance_mode::single;
  std::function<std::shared_ptr<void>()> create{};
  std::shared_ptr<instance_store> instances{};

  /// What an object is known by: itself, or its class.
  const void* key() const { return object ? object : static_cast<const void*>(table); }
};

class registry {
 public:
  /// Throws daemon_error "an object or class is already registered with that id", or "object or class already has a Pyro id", unless `force`.
  void add(exposed_object, bool force);
  /// Unknown ids are silent.
  void remove(std::string_view id);
  void remove_object(const void*);  // not an overload: text literals would find it
  std::shared_ptr<const exposed_object> find(std::string_view id) const;
  std::optional<std::string> id_of(const void* object) const;
  std::vector<std::string> ids() const;  ///< in order of registration
  std::size_t size() const;
  /// Grows with every change.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  void forget_id(const exposed_object&);
  void forget(std::string_view id);
  void forget_dead();
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const exposed_object>, std::less<>> objects_;
  std::vector<std::string> order_;
  std::map<const void*, std::string> ids_;
  bool any_weak_ = false;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace engine
