// Calls that make plain data: sequences and sets, dicts, complex numbers, bytes, ranges, fractions.
#include <algorithm>
#include <array>

#include <codec/pickle_machine.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::pickle {

namespace {

constexpr std::string_view lookup_error = "builtins.LookupError", zero_division = "builtins.ZeroDivisionError";

}  // namespace

bool machine::make_sequence(what type, const arguments& a, cell& out) {
  const std::string name(python_name(static_cast<kind>(type)));
  if (a.size > 1) return fail(wire_class::type_error, name + " expected at most 1 argument, got " + std::to_string(a.size));
  if (a.size == 0) {
    out = indexed(type, tree_.make(type));
    return true;
  }
  if (!is_sequence(a[0])) return fail(wire_class::type_error, "'" + std::string(type_name(a[0])) + "' object is not iterable");
  const auto members = tree_.members(a[0]);
  if (type != what::list && !expand(members.size())) return false;  // they are looked at below, and may be the same ones each time
  const bool keys = type == what::set || type == what::frozenset;
  if (keys && !check_keys(members, 1)) return false;
  const auto made = tree_.make_alike(type, a[0]);
  if (type == what::tuple) tree_.containers[made].unhashable = first_unhashable(tree_.members(a[0]));
  out = indexed(type, made);
  return true;
}

bool machine::make_dict(const arguments& a, cell& out) {
  if (a.size > 0 && a[0].is(what::dict)) {
    out = indexed(what::dict, tree_.make_alike(what::dict, a[0]));
    return true;
  }
  if (a.size > 0 && !a[0].is(what::none)) return make_dict_of_pairs(a[0], out);
  out = indexed(what::dict, tree_.make(what::dict));
  return true;
}

/// OrderedDict([[key, item], …]), as Python 2 makes them.
bool machine::make_dict_of_pairs(const cell& pairs, cell& out) {
  if (!is_sequence(pairs)) return fail(wire_class::type_error, "'" + std::string(type_name(pairs)) + "' object is not iterable");
  const std::size_t count = tree_.members(pairs).size();
  if (!expand(2 * count) || !room_for(2 * count, 2 * count)) return false;
  const auto made = tree_.make(what::dict);
  for (std::size_t i = 0; i < count; ++i) {
    const cell pair = tree_.members(pairs)[i];
    if (!is_sequence(pair))
      return fail(wire_class::type_error, "cannot convert dictionary update sequence element #" + std::to_string(i) + " to a sequence");
    const auto both = tree_.members(pair);
    if (both.size() != 2)
      return fail(wire_class::value_error, "dictionary update sequence element #" + std::to_string(i) + " has length " +
                                               std::to_string(both.size()) + "; 2 is required");
    const std::array<cell, 2> members{both[0], both[1]};
    if (!check_keys(members, 2)) return false;
    tree_.extend(tree_.containers[made], members);
  }
  out = indexed(what::dict, made);
  return true;
}

bool machine::make_complex(const arguments& a, cell& out) {
  std::array<double, 2> parts{};
  if (a.size > 2) return refuse_call("complex", "takes at most 2 arguments");
  for (std::size_t i = 0; i < a.size; ++i) {
    if (a[i].is(what::real)) parts[i] = a[i].real;
    else if (is_whole(a[i])) parts[i] = to_integer(a[i]).to_double();
    else return refuse_call("complex", "needs numbers");
  }
  tree_.complexes.push_back({parts[0], parts[1]});
  out = indexed(what::complex, tree_.complexes.size() - 1);
  return true;
}

/// bytes(), bytes(b), bytearray(b), bytearray(text, 'latin-1'), _codecs.encode(text, 'latin1').
bool machine::make_bytes(class_id id, const arguments& a, cell& out) {
  const std::string_view name = id == class_id::bytes ? "bytes" : id == class_id::bytearray ? "bytearray" : "encode";
  if (a.size == 0 && id != class_id::encode) {
    out = text_of(what::bytes, {});
  } else if (a.size == 1 && a[0].is(what::bytes)) {
    out = a[0];
  } else if (a.size == 2 && a[0].is(what::string) && a[1].is(what::string)) {
    if (!a[1].is_text("latin1") && !a[1].is_text("latin-1")) return fail(lookup_error, "unknown encoding: " + std::string(a[1].view()));
    if (!encode_latin1(a[0].view(), out)) return false;
  } else {
    return refuse_call(name, "is allowed for bytes and for text in latin1 only");
  }
  out.note = static_cast<std::uint8_t>(id == class_id::bytearray ? origin::bytearray : origin::plain);
  return true;
}

bool machine::encode_latin1(std::string_view utf8, cell& out) {
  if (!expand(utf8.size())) return false;
  char* const begin = tree_.texts.room(utf8.size());
  char* to = begin;
  const char* from = utf8.data();
  while (from != utf8.data() + utf8.size()) {
    const char32_t point = next_utf8(from);
    if (point > 0xff) return refuse_latin1(utf8, static_cast<std::size_t>(to - begin));
    *to++ = static_cast<char>(point);
  }
  const auto size = static_cast<std::size_t>(to - begin);
  tree_.texts.keep(size);
  out = text_of(what::bytes, {begin, size});
  return true;
}

/// UnicodeEncodeError as Python words it: one character is shown, several are counted.
bool machine::refuse_latin1(std::string_view utf8, std::size_t position) {
  const char* from = utf8.data();
  for (std::size_t i = 0; i < position; ++i) next_utf8(from);
  const char32_t first = next_utf8(from);
  std::size_t count = 1;
  while (from != utf8.data() + utf8.size() && next_utf8(from) > 0xff) ++count;
  std::string text = "'latin-1' codec can't encode character";
  if (count > 1) {
    text += "s in position " + std::to_string(position) + "-" + std::to_string(position + count - 1);
  } else {
    const std::size_t digits = first > 0xffff ? 8 : 4;
    text += digits == 8 ? " '\\U" : " '\\u";
    for (std::size_t i = digits; i-- > 0;) text += "0123456789abcdef"[first >> 4 * i & 15];
    text += "' in position " + std::to_string(position);
  }
  return fail(wire_class::unicode_encode_error, text + ": ordinal not in range(256)");
}

bool machine::make_range(const arguments& a, cell& out) {
  std::array<std::int64_t, 3> n{0, 0, 1};
  const bool one = a.size == 1;
  if (a.size < 1 || a.size > 3 || !integers(a, 0, a.size, one ? std::span(n).subspan(1, 1) : std::span(n).first(a.size)))
    return refuse_call("range", "needs one to three ints");
  const auto [start, stop, step] = n;
  if (step == 0) return fail(wire_class::value_error, "range() arg 3 must not be zero");
  // Unsigned, where the distance of any two fits.
  const bool empty = step > 0 ? start >= stop : start <= stop;
  const std::uint64_t distance = step > 0 ? std::uint64_t(stop) - std::uint64_t(start) : std::uint64_t(start) - std::uint64_t(stop);
  const std::uint64_t stride = step > 0 ? std::uint64_t(step) : 0 - std::uint64_t(step);
  const std::uint64_t count = empty ? 0 : (distance - 1) / stride + 1;
  if (!expand(count) || !room_for(count)) return false;
  std::vector<cell> members(count);
  for (std::uint64_t i = 0; i < count; ++i) members[i] = number(static_cast<std::int64_t>(std::uint64_t(start) + i * std::uint64_t(step)));
  out = indexed(what::list, tree_.make(what::list, members));
  return true;
}

bool machine::make_fraction(const arguments& a, cell& out) {
  if (a.size == 1 && a[0].is(what::string)) return out = a[0], true;
  if (a.size == 0 || a.size > 2 || !is_whole(a[0]) || !is_whole(a[a.size - 1])) return refuse_call("Fraction", "needs two ints or a text");
  const integer below = a.size == 2 ? to_integer(a[1]) : integer(1);
  if (below == integer(0)) return fail(zero_division, "Fraction(" + to_integer(a[0]).to_string() + ", 0)");
  std::string made = to_integer(a[0]).to_string();
  if (below != integer(1)) made += "/" + below.to_string();
  if (!expand(made.size())) return false;
  out = text(tree_.keep(made));
  return true;
}

}  // namespace engine::detail::pickle
