// See proxy_words.hpp.
#include <engine/object/proxy_words.hpp>

#include <algorithm>
#include <ostream>

namespace engine::detail {

written write_invocation(const line& on, const invocation& what) {
  request made(on, what.object.empty() ? on.talk.object() : what.object, what.method, what.arguments.size());
  for (const value& v : what.arguments) encode(made.arguments(), v);
  made.keywords(what.keywords.size());
  for (const auto& [key, item] : what.keywords) {
    encode(made.arguments(), key);
    encode(made.arguments(), item);
  }
  return made.finish();
}

std::string description_of(remote& r) {
  const auto now = r.connection();
  const auto here = now ? std::optional(now->local) : std::nullopt;
  const char* family = !here ? "not connected" : here->is_unix() ? "connected Unix" : here->family() == AF_INET6 ? "connected IPv6" : "connected IPv4";
  return "<proxy, " + std::string(family) + "; for " + r.where().to_string() + ">";
}

std::ostream& print(std::ostream& out, remote& r) { return out << description_of(r); }

offered_members members_of(remote& r, bool again) {
  offered_members all;
  for (const auto& [name, what] : r.offered(again)) {
    if (what.method) all.methods.push_back(name);
    if (what.oneway) all.oneway.push_back(name);
    if (what.attribute) all.attributes.push_back(name);
  }
  for (auto* names : {&all.methods, &all.oneway, &all.attributes}) std::ranges::sort(*names);
  return all;
}

}  // namespace engine::detail
