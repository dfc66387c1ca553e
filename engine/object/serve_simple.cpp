// See serve_simple.hpp.
#include <engine/object/serve_simple.hpp>

#include <iostream>

#include <fmt/format.h>

namespace engine {

std::ostream* serve_options::default_stream() { return &std::cout; }

std::string served::description() const {
  if (!at_) return fmt::format("<class '{}'>", what_);
  return fmt::format("<{} object at {}>", what_, at_);
}

void serve_simple(std::initializer_list<served> objects, serve_options how) {
  class daemon serving(std::move(how.daemon));
  const auto say = [&](const std::string& text) {
    if (how.verbose) *how.verbose << text << std::endl;
  };
  for (const served& each : objects) {
    const bool enrolled = how.use_name_server && !each.name_.empty();
    const uri where = enrolled ? each.by_name_(serving, enrolled_as{each.name_}) : each.by_id_(serving, how.use_name_server ? "" : each.name_);
    say("Object " + each.description() + ":\n    uri = " + where.to_string());
    if (enrolled) say("    name = " + each.name_);
  }
  if (how.ready) how.ready(serving);
  say("Pyro daemon running.");
  serving.run();
}

}  // namespace engine
