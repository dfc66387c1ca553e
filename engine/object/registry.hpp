// Which objects a daemon hosts: id → exposed object. Written rarely and from any thread; read by every call, so a connection
// keeps the object of its last call and asks again only when the registry has changed.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <engine/object/method.hpp>

namespace engine {

/// One object on the network. Immutable once registered.
struct exposed_object {
  std::string id{};
  void* object = nullptr;
  const interface_table* table = nullptr;
  std::shared_ptr<void> owner{};  ///< keeps the object alive, if the daemon shares it
  std::size_t home = 0;           ///< the core it lives on
  bool shared = false;            ///< thread-safe: called on whichever core has the connection
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
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const exposed_object>, std::less<>> objects_;
  std::vector<std::string> order_;
  std::map<const void*, std::string> ids_;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace engine
