// What the targets of the serializers share.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include <tests/fuzz/fuzz.hpp>
#include <tests/support/encoded.hpp>

namespace engine::fuzz {

inline bool skips(const serializer& format, std::span<const std::byte> payload, const decode_limits& limits = {}) {
  const auto in = format.make_reader();
  in->start(payload, limits);
  return in->skip() && in->finish();
}

/// Reads a call by types, whatever fits: rewinding from one alternative to the next must not lose the place.
inline void read_call(const serializer& format, std::span<const std::byte> payload, const decode_limits& limits = {}) {
  using argument = std::variant<int, std::string, std::map<std::string, double>, std::vector<value>>;
  const auto in = format.make_reader();
  in->start(payload, limits);
  std::string_view object, method;
  std::vector<argument> arguments;
  value keywords;
  if (!in->begin_call(object, method) || !decode(*in, arguments) || !in->begin_keywords()) return;
  if (!decode(*in, keywords)) return;
  static_cast<void>(in->end_call());
}

}  // namespace engine::fuzz
