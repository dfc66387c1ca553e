// See locate_live.hpp.
#include <naming/locate_live.hpp>

namespace engine {

proxy<live_names> locate_live_names(const locate_options& where) {
  const uri found = uri_of(locate_name_server(where));
  return live_names_at(found.to_string().substr(found.to_string().find('@') + 1), where);
}

proxy<live_names> live_names_at(const std::string& location, const locate_options& how) {
  proxy_options options{.hmac_key = how.hmac_key, .settings = how.settings};
  if (how.timeout.count() > 0) options.timeout = how.timeout;
  return proxy<live_names>("PYRO:Engine.NameServer@" + location, std::move(options));
}

}  // namespace engine
