// See call_arguments.hpp.
#include <engine/object/call_arguments.hpp>

#include <string_view>
#include <utility>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>

namespace engine {

call_arguments arguments_in(const frame& request) {
  call_arguments found;
  const serializer* const format = find_serializer_48(request.serializer);
  if (!format || request.has(flag::batch) || request.has(flag::keep_serialized)) return found;
  const auto in = format->make_reader();
  in->start(request.payload);
  std::string_view object, method, key;
  std::size_t hint = 0;
  if (!in->begin_call(object, method) || !in->enter_sequence(hint)) return found;
  for (value v; in->more() && decode(*in, v); v = value()) found.positional.push_back(std::move(v));
  if (!in->ok() || !in->open_keywords() || in->peek() != kind::dict || !in->enter_dict(hint)) return found;
  while (in->more() && in->read_string(key)) {
    std::string name(key);
    value v;
    if (!decode(*in, v)) break;
    found.keywords.set(std::move(name), std::move(v));
  }
  return found;
}

std::string shown(const call_arguments& all, std::size_t most) {
  std::string text;
  const auto add = [&](const std::string& one) {
    if (!text.empty()) text += ", ";
    text += one;
  };
  for (const value& each : all.positional) add(to_repr(each));
  for (const auto& [name, each] : all.keywords) add(name.as<std::string>() + "=" + to_repr(each));
  if (text.size() > most) text.replace(most, std::string::npos, "…");
  return "(" + text + ")";
}

}  // namespace engine
