// What a name server of ours offers beside Pyro's: names that are watched. It is an object of its own, so that Pyro's programs see in Pyro.NameServer
// what they know. Callers in C++ use proxy<live_names> (naming/locate_live.hpp), those in Python Pyro4.Proxy("PYRO:Engine.NameServer@HOST:PORT").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <engine/core/stream.hpp>
#include <engine/core/task.hpp>
#include <engine/object/expose.hpp>
#include <naming/name_change.hpp>
#include <naming/name_server.hpp>

namespace engine {

inline constexpr const char* live_names_id = "Engine.NameServer";

/// Every method may be called on every core at once: expose it with .shared = true.
class LiveNames {
 public:
  /// Must be outlived by what it stands beside.
  explicit LiveNames(NameServer& of) : names_(of) {}

  /// As NameServer::watch(). `quiet`: seconds until an item says that nothing has changed; unset: 10. Throws ValueError unless it is 0.01 to 3600.
  task<stream<name_change>> watch(std::optional<std::string> prefix, std::optional<double> quiet);
  /// How many changes have been told; greater than before any call that was answered before this one and changed something.
  std::int64_t revision() const { return names_.revision(); }

 private:
  NameServer& names_;
};
ENGINE_EXPOSE(LiveNames, watch, revision)
ENGINE_MARK(LiveNames, watch, .parameters = "prefix, quiet")

}  // namespace engine
