// See dynamic_call.hpp.
#include <engine/object/dynamic_call.hpp>

namespace engine::detail {

written write_call_of_values(const line& on, std::string_view name, const value::list& arguments, const value::dict& keywords) {
  request made(on, name, arguments.size());
  for (const value& v : arguments) encode(made.arguments(), v);
  made.keywords(keywords.size());
  for (const auto& [key, item] : keywords) {
    encode(made.arguments(), key);
    encode(made.arguments(), item);
  }
  return made.finish();
}

written write_attribute_read(const line& on, std::string_view name) {
  on.talk.check(name, true);
  request made(on, "__getattr__", 1);
  made.arguments().string(name);
  made.no_keywords();
  return made.finish();
}

written write_attribute_assignment(const line& on, std::string_view name, const value& v) {
  on.talk.check(name, true);
  request made(on, "__setattr__", 2);
  made.arguments().string(name);
  encode(made.arguments(), v);
  made.no_keywords();
  return made.finish();
}

}  // namespace engine::detail
