// See detailed_traceback.hpp.
#include <engine/object/detailed_traceback.hpp>

#include <string_view>

#include <engine/object/call_arguments.hpp>

namespace engine::detail {

namespace {

constexpr std::size_t most_payload = 64 * 1024, most_text = 1024;

std::string line_of(std::string_view name, const value& v) {
  std::string text = to_repr(v);
  if (text.size() > most_text) text.replace(most_text, std::string::npos, "…");
  return "    " + std::string(name) + " = " + text + "\n";
}

std::string name_of(const call_signature& called, std::size_t i) {
  return i < called.parameters.size() ? called.parameters[i] : "argument " + std::to_string(i + 1);
}

/// The arguments as far as they can be read.
std::vector<std::string> arguments_of(const call_signature& called, const frame& request) {
  std::vector<std::string> lines;
  if (request.payload.size() > most_payload) return lines;
  const call_arguments all = arguments_in(request);
  for (const value& each : all.positional) lines.push_back(line_of(name_of(called, lines.size()), each));
  for (const auto& [name, each] : all.keywords) lines.push_back(line_of(name.as<std::string>(), each));
  return lines;
}

}  // namespace

std::vector<std::string> detailed_traceback(const wire_exception& e, const call_signature* called, const frame& request) {
  const std::string rule = std::string(52, '-') + "\n";
  const std::string what = " EXCEPTION <class '" + (e.type.starts_with("builtins.") ? e.type.substr(9) : e.type) + "'>: " + e.text() + "\n";
  std::vector<std::string> lines{rule, what, " Extended stacktrace follows (most recent call last)\n", rule};
  lines.push_back("File \"<C++>\", in " + (called ? called->name : std::string("dispatch")) + "\n");
  if (called) {
    const auto arguments = arguments_of(*called, request);
    if (!arguments.empty()) lines.push_back("Local values:\n");
    lines.insert(lines.end(), arguments.begin(), arguments.end());
  }
  // Where it was thrown, or what a third program told of it.
  if (!e.traceback.empty()) lines.push_back(rule);
  lines.insert(lines.end(), e.traceback.begin(), e.traceback.end());
  lines.insert(lines.end(), {rule, what, rule});
  return lines;
}

}  // namespace engine::detail
