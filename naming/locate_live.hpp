// What only a name server of ours offers, as its callers see it: names that are watched.
//
//   auto names = engine::locate_live_names();
//   for (const engine::name_change& each : names.watch("example.")) std::cout << each.what << ' ' << each.name << '\n';
//
// On a core: auto watching = engine::async(names).watch("example."), and its items by co_await next().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <engine/core/stream.hpp>
#include <naming/locate.hpp>
#include <naming/name_change.hpp>

namespace engine {

/// Declared for proxies only; what each does and throws is said in naming/live_names.hpp. Python's name server does not know the object:
/// daemon_error "unknown object".
class live_names {
 public:
  stream<name_change> watch(std::optional<std::string> prefix, std::optional<double> quiet);
  std::int64_t revision();
};
ENGINE_EXPOSE(live_names, watch, revision)

/// A proxy beside the name server that is found, with its key, settings and timeout; not connected. Throws and blocks as locate_name_server() does.
/// A stream of changes needs no limit of time, but where one is set (settings.comm_timeout, locate_options::timeout), `quiet` must be less.
proxy<live_names> locate_live_names(const locate_options& where = {});
/// The same at an address, without asking there: "host:port", "./u:socket".
proxy<live_names> live_names_at(const std::string& location, const locate_options& how = {});

}  // namespace engine
