// What a name server of ours offers beside Pyro's: names that are watched, and names that end unless they are renewed. It is an object of its own, so that Pyro's programs see in Pyro.NameServer
// what they know. Callers in C++ use proxy<live_names> (naming/locate_live.hpp), those in Python Pyro4.Proxy("PYRO:Engine.NameServer@HOST:PORT").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
  /// Leases: as NameServer::enroll_leased(), lease() and renew().
  task<> enroll(detail::given_text name, detail::given_uri uri, double lease, std::optional<detail::given_truth> safe, detail::given_tags metadata);
  task<> lease(detail::given_text name, double seconds);
  task<std::map<std::string, std::optional<std::string>>> renew(std::map<std::string, std::string> uris) { return names_.renew(std::move(uris)); }
  /// How many changes have been told; greater than before any call that was answered before this one and changed something.
  std::int64_t revision() const { return names_.revision(); }
  /// As NameServer's: who is among them follows this one, and cannot be followed.
  std::vector<std::string> lineage() const { return names_.lineage(); }

 private:
  NameServer& names_;
};
ENGINE_EXPOSE(LiveNames, watch, enroll, lease, renew, revision, lineage)
ENGINE_MARK(LiveNames, watch, .parameters = "prefix, quiet")
ENGINE_MARK(LiveNames, enroll, .wire_name = "register", .parameters = "name, uri, lease, safe=False, metadata=None")
ENGINE_MARK(LiveNames, lease, .parameters = "name, seconds")
ENGINE_MARK(LiveNames, renew, .parameters = "uris")

}  // namespace engine
