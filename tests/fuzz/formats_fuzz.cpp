// Any bytes, read by the format the first byte chooses: what was read, and can be written by another format, can be read there again,
// comes back the same from then on, and comes back the same at once if it is made of what all formats carry.
#include <algorithm>
#include <cmath>

#include <codec/utf8.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/support/encoded.hpp>

using namespace engine;
using fuzz::require;

namespace {

// Json and msgpack have no lone surrogates, of which there may be some in what the others read.
bool is_plain_text(const value& v) { return v.kind() == kind::string && !find_utf8_fault(v.get<std::string>()); }

// Numbers, texts, lists, and dicts whose keys are text. Not nan, which serpent wraps in a class dictionary.
bool carried_by_all(const value& v) {
  switch (v.kind()) {
    case kind::none: case kind::boolean: case kind::integer: return true;
    case kind::big_integer: return v.get<integer>().bit_length() < bits_of_digits(decode_limits{}.digits);
    case kind::string: return is_plain_text(v);
    case kind::real: return !std::isnan(v.get<double>());
    case kind::list: return std::ranges::all_of(v, carried_by_all);
    case kind::dict:
      return std::ranges::all_of(v.entries(), [](const value_entry& e) {
        return is_plain_text(e.key) && carried_by_all(e.item);
      });
    default: return false;
  }
}

// Serpent spells a complex number as a sum, which forgets signs of zero one at a time, as in Python.
bool has_complex(const value& v) {
  if (v.kind() == kind::complex) return true;
  if (v.kind() == kind::dict)
    return std::ranges::any_of(v.entries(), [](const value_entry& e) { return has_complex(e.key) || has_complex(e.item); });
  const bool sequence = v.kind() == kind::list || v.kind() == kind::tuple || v.kind() == kind::set || v.kind() == kind::frozenset;
  return sequence && std::ranges::any_of(v, has_complex);
}

// pickle makes objects of class dictionaries, and is strict about what they may be made of.
bool has_class(const value& v) {
  if (v.kind() == kind::dict)
    return std::ranges::any_of(v.entries(), [](const value_entry& e) { return e.key == value("__class__") || has_class(e.key) || has_class(e.item); });
  const bool sequence = v.kind() == kind::list || v.kind() == kind::tuple || v.kind() == kind::set || v.kind() == kind::frozenset;
  return sequence && std::ranges::any_of(v, has_class);
}

void pass_through(const serializer& format, const value& v) {
  if (format.make_writer == pickle().make_writer && has_class(v)) return;
  const auto written = test::encoded(format, v);
  require(written || !carried_by_all(v), "what all formats carry can be written by each");
  if (!written) return;  // not every format has every kind
  const auto read = test::decoded<value>(format, test::as_bytes(*written));
  require(read.has_value(), "what was written can be read");
  if (carried_by_all(v)) require(same(*read, v), "what all formats carry is the same behind each");
  const auto again = test::encoded(format, *read);
  require(again.has_value(), "what was read from our own writing can be written");
  const auto last = test::decoded<value>(format, test::as_bytes(*again));
  require(last && (same(*last, *read) || has_complex(v)), "what came through a format once comes through it unchanged");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::choices chosen(fuzz::as_bytes(data, size));
  const auto formats = serializers();
  const serializer& from = *formats[chosen.byte() % formats.size()];
  if (const auto v = test::decoded<value>(from, chosen.rest()))
    for (const serializer* format : formats) pass_through(*format, *v);
  return 0;
}
