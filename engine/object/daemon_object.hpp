// `Pyro.Daemon`, the daemon's own object (WIRE §8): an exposed C++ class like any user's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <codec/value.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/registry.hpp>

namespace engine {

class daemon_object {
 public:
  static constexpr const char* id = "Pyro.Daemon";
  /// `about`: the text of info(). Both must outlive this object.
  daemon_object(const registry& objects, std::function<std::string()> about) : objects_(objects), about_(std::move(about)) {}

  std::vector<std::string> registered() const { return objects_.ids(); }
  void ping() const {}
  std::string info() const { return about_(); }
  /// What an object exposes, as sets or as lists. Throws daemon_error "unknown object".
  value get_metadata(std::string_view object_id, std::optional<bool> as_lists) const;

 private:
  const registry& objects_;
  std::function<std::string()> about_;
};

using DaemonObject = daemon_object;  // its name in the texts of errors is Pyro's
ENGINE_EXPOSE(DaemonObject, registered, ping, info, get_metadata)
ENGINE_MARK(DaemonObject, get_metadata, .parameters = "objectId, as_lists")

}  // namespace engine
