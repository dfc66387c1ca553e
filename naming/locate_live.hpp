// What only a name server of ours offers, as its callers see it: names that are watched, and names with a lease.
//
//   auto names = engine::locate_live_names();
//   for (const engine::name_change& each : names.watch("example.")) std::cout << each.what << ' ' << each.name << '\n';
//
// On a core: auto watching = engine::async(names).watch("example."), and its items by co_await next().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <engine/core/stream.hpp>
#include <naming/locate.hpp>
#include <naming/name_change.hpp>

namespace engine {

/// Declared for proxies only; what each does and throws is said in naming/live_names.hpp. Python's name server does not know the object:
/// daemon_error "unknown object".
class live_names {
 public:
  stream<name_change> watch(std::optional<std::string> prefix, std::optional<double> quiet);
  /// As name_server::enroll(), for `lease` seconds unless it is renewed.
  void enroll(std::string name, uri where, double lease, std::optional<bool> safe, std::optional<std::vector<std::string>> metadata);
  void lease(std::string name, double seconds);
  /// Names and what they are to stand for still; those that were not renewed, and what they stand for now.
  std::map<std::string, std::optional<std::string>> renew(std::map<std::string, std::string> uris);
  std::int64_t revision();
  std::vector<std::string> lineage();
};
ENGINE_EXPOSE(live_names, watch, enroll, lease, renew, revision, lineage)
ENGINE_MARK(live_names, enroll, .wire_name = "register")

/// A proxy beside the name server that is found, with its key, settings and timeout; not connected. Throws and blocks as locate_name_server() does.
/// A stream of changes needs no limit of time, but where one is set (settings.comm_timeout, locate_options::timeout), `quiet` must be less.
proxy<live_names> locate_live_names(const locate_options& where = {});
/// The same at an address, without asking there: "host:port", "./u:socket".
proxy<live_names> live_names_at(const std::string& location, const locate_options& how = {});

}  // namespace engine
