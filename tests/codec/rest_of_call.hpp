// What follows the opening of a call, read as servers read it: the arguments that are wanted, and then its end, by the short way where
// the call ends plainly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <codec/serializer.hpp>
#include <codec/value.hpp>
#include <tests/support/encoded.hpp>

namespace engine::test {

/// The arguments of a call, then "plain" if it ends plainly there, else its keywords.
inline std::string rest_of_call(reader& in, std::size_t wanted) {
  std::size_t hint = 0;
  std::string said;
  if (!in.enter_sequence(hint)) return in.error().text;
  for (; wanted > 0 && in.more(); --wanted) {
    std::int64_t n = 0;
    if (!in.read_integer(n)) return in.error().text;
    said += std::to_string(n) + " ";
  }
  if (in.ends_plainly()) return said + (in.finish() ? "plain" : "more");
  value keywords;
  const bool whole = !in.more() && in.open_keywords() && decode(in, keywords) && in.close_call();
  return said + (whole ? to_repr(keywords) : in.ok() ? "more arguments" : in.error().text);
}

/// The same of a whole call, in hex.
inline std::string read_call(const serializer& format, std::string_view hex, std::size_t wanted) {
  const bytes payload = from_hex(hex);
  const auto in = format.make_reader();
  std::string_view object, method;
  in->start(payload);
  return in->begin_call(object, method) ? rest_of_call(*in, wanted) : in->error().text;
}

}  // namespace engine::test
