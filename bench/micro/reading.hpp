// How the documents are read: the small call is one, the others are single values.
#pragma once

#include <string_view>

#include <codec/reader.hpp>
#include <codec/short_text.hpp>

#include "documents.hpp"

namespace bench_micro {

/// As a server reads it: a call that ends plainly needs nothing more.
inline bool read(engine::reader& in, call& out) {
  std::string_view object, method;
  std::size_t count = 0;
  const bool begun = in.begin_call(object, method) && in.enter_sequence(count) && in.more();
  if (!begun || !engine::decode(in, out.argument)) return false;
  engine::detail::assign(out.object, object);
  engine::detail::assign(out.method, method);
  if (in.ends_plainly()) return true;
  if (in.more() || !in.begin_keywords()) return false;
  if (in.peek() == engine::kind::none) return in.read_none() && in.end_call();
  return in.enter_dict(count) && !in.more() && in.end_call();
}
inline bool read(engine::reader& in, lent& out) { return in.read_bytes(out.all) && in.finish(); }
template <class T> bool read(engine::reader& in, T& out) { return engine::decode(in, out) && in.finish(); }

}  // namespace bench_micro
