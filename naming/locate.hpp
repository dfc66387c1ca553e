// The name server as its callers see it: proxy<name_server> is typed, whoever runs it, Pyro4's pyro4-ns or engine-ns.
//
//   auto names = engine::locate_name_server();                      // configured address, this machine, else broadcast
//   names.enroll("example.greeting", uri, false, std::vector{"class:greeting"s});
//   engine::uri where = names.lookup("example.greeting");
//   for (auto& [name, at] : names.list("example.")) std::cout << name << ' ' << at << '\n';
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <engine/object/proxy.hpp>
#include <engine/object/resolve.hpp>

namespace engine {

/// Declared for proxies only; what each does and throws is said in naming/name_server.hpp.
class name_server {
 public:
  using tags = std::vector<std::string>;
  std::int64_t count();
  void ping();
  /// Throws naming_error "unknown name: x".
  uri lookup(std::string name);
  /// `safe`: naming_error "name already registered: x" instead of replacing what is there.
  void enroll(std::string name, uri where, std::optional<bool> safe, std::optional<tags> metadata);
  void set_metadata(std::string name, tags metadata);
  std::int64_t remove(std::optional<std::string> name, std::optional<std::string> prefix, std::optional<std::string> regex);
  /// At most one filter.
  std::map<std::string, uri> list(std::optional<std::string> prefix, std::optional<std::string> regex, std::optional<tags> metadata_all,
                                  std::optional<tags> metadata_any);
};
ENGINE_EXPOSE(name_server, count, ping, lookup, enroll, set_metadata, remove, list)
ENGINE_MARK(name_server, enroll, .wire_name = "register")

namespace detail {
/// The same connection.
inline proxy<> untyped(const proxy<name_server>& names) { return proxy_access::around<proxy<>>(proxy_access::of(names)); }
}  // namespace detail

/// What a name stands for, and its tags.
using tagged_uri = std::pair<uri, name_server::tags>;
/// lookup with return_metadata=True. Throws as lookup does.
inline tagged_uri lookup_with_tags(const proxy<name_server>& names, const std::string& name) {
  return detail::untyped(names)["lookup"](name, kw("return_metadata", true)).as<tagged_uri>();
}
/// list with return_metadata=True. Throws as list does; at most one filter.
inline std::map<std::string, tagged_uri> list_with_tags(const proxy<name_server>& names, const std::optional<std::string>& prefix = {},
                                                        const std::optional<std::string>& regex = {},
                                                        const std::optional<name_server::tags>& metadata_all = {},
                                                        const std::optional<name_server::tags>& metadata_any = {}) {
  return detail::untyped(names)["list"](prefix, regex, metadata_all, metadata_any, true).as<std::map<std::string, tagged_uri>>();
}

/// A proxy of a name server that is there. Throws naming_error "Failed to locate the nameserver", std::invalid_argument where a port that is none
/// would be asked by broadcast. Blocks: not on a core's own thread.
inline proxy<name_server> locate_name_server(const locate_options& where = {}) {
  return detail::proxy_access::around<proxy<name_server>>(detail::locate(where));
}

}  // namespace engine
