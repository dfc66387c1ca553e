// Python's array.array out of pickles: numbers become a list, characters a text. Newer protocols send the machine's own bytes
// with a number for their format (arraymodule.c).
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include <codec/endian.hpp>
#include <codec/pickle_machine.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::pickle {

namespace {

// The formats from these on are UTF-16 and UTF-32; formats: how many there are.
constexpr int utf16_little = 18, utf32_little = 20, formats = 22;

struct format {
  std::size_t size = 1;
  bool is_signed = false, is_real = false, big = false;
};

bool is_code(const cell& c) {
  return c.is(what::string) && c.size == 1 && std::string_view("bBuhHiIlLqQfd").find(*c.text) != std::string_view::npos;
}

/// Formats 0 and 1 are single bytes; from 2 on, every second one is big-endian.
format format_of(int number) {
  if (number < 2) return {.size = 1, .is_signed = number == 1};
  if (number >= utf16_little) return {.size = number < utf32_little ? 2u : 4u, .big = number % 2 != 0};
  if (number >= 14) return {.size = number < 16 ? 4u : 8u, .is_real = true, .big = number % 2 != 0};
  return {.size = std::size_t(2) << (number - 2) / 4, .is_signed = (number - 2) % 4 >= 2, .big = number % 2 != 0};
}

std::uint64_t load(const format& f, const char* from) {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < f.size; ++i) n = n << 8 | static_cast<unsigned char>(from[f.big ? i : f.size - 1 - i]);
  return n;
}

/// Nothing for a number beyond std::int64_t.
std::optional<cell> element(const format& f, const char* from) {
  std::uint64_t bits = load(f, from);
  if (f.is_real && f.size == 4) return real(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  if (f.is_real) return real(std::bit_cast<double>(bits));
  if (!f.is_signed && bits > INT64_MAX) return std::nullopt;
  if (f.is_signed && f.size < 8 && bits >> (8 * f.size - 1) != 0) bits |= ~std::uint64_t{0} << 8 * f.size;
  return number(static_cast<std::int64_t>(bits));
}

}  // namespace

/// array(code, list): protocols 0 to 2.
bool machine::make_array(const arguments& a, cell& out) {
  if (a.size != 2 || !a[0].is(what::string) || !a[1].is(what::list)) return refuse_call("array", "needs a type code and a list");
  if (a[0].size != 1) return fail(wire_class::type_error, "array() argument 1 must be a unicode character, not str");
  if (!is_code(a[0])) return fail(wire_class::value_error, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)");
  if (*a[0].text == 'u') return join(a[1], out);
  const auto members = tree_.members(a[1]);
  if (!expand(members.size())) return false;  // they are looked at, and may be the same ones each time
  if (!check_numbers(members)) return false;
  out = indexed(what::list, tree_.make_alike(what::list, a[1]), origin::array);
  return true;
}

bool machine::check_numbers(std::span<const cell> members) {
  for (const cell& member : members)
    if (!member.is(what::real) && !member.is(what::integer) && !member.is(what::big_integer))
      return fail(wire_class::type_error, "must be real number, not " + std::string(type_name(member)));
  return true;
}

bool machine::join(const cell& texts, cell& out) {
  std::size_t size = 0;
  for (const cell& part : tree_.members(texts)) {
    if (!part.is(what::string)) return fail(wire_class::type_error, "array item must be a unicode character, not " + std::string(type_name(part)));
    if (!expand(part.size)) return false;
    size += part.size;
  }
  char* const begin = tree_.texts.room(size);
  char* to = begin;
  for (const cell& part : tree_.members(texts)) to = std::copy_n(part.text, part.size, to);
  tree_.texts.keep(size);
  out = text({begin, size});
  return true;
}

/// _array_reconstructor(array, code, format, bytes).
bool machine::make_array_of_bytes(const arguments& a, cell& out) {
  if (a.size != 4 || !a[0].is(what::class_) || !a[1].is(what::string) || !a[2].is(what::integer) || !a[3].is(what::bytes))
    return refuse_call("_array_reconstructor", "needs a class, a type code, a format and bytes");
  if (!is_code(a[1])) return fail(wire_class::value_error, "second argument must be a valid type code");
  if (a[2].integer < 0 || a[2].integer >= formats)
    return fail(wire_class::value_error, "third argument must be a valid machine format code.");
  const int number = static_cast<int>(a[2].integer);
  const std::string_view raw = a[3].view();
  const format f = format_of(number);
  if (raw.size() % f.size != 0) return fail(wire_class::value_error, "bytes length not a multiple of item size");
  if (number >= utf16_little) return make_array_text(number, raw, out);
  const std::size_t count = raw.size() / f.size;
  if (!expand(count) || !room_for(count)) return false;
  const auto made = tree_.make(what::list);
  std::vector<cell> members(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* from = raw.data() + i * f.size;
    if (const auto fitting = element(f, from)) {
      members[i] = *fitting;
    } else {
      // As a big integer is sent: least byte first, and a zero for the sign.
      if (!expand(9)) return false;
      std::array<char, 9> bytes{};
      for (std::size_t b = 0; b < 8; ++b) bytes[b] = static_cast<char>(load(f, from) >> 8 * b);
      members[i] = text_of(what::big_integer, tree_.keep({bytes.data(), bytes.size()}));
    }
  }
  tree_.extend(tree_.containers[made], members);
  out = indexed(what::list, made, origin::array);
  return true;
}

bool machine::make_array_text(int machine_format, std::string_view raw, cell& out) {
  const format f = format_of(machine_format);
  const std::size_t most = raw.size() / f.size * 4;
  if (!expand(most)) return false;
  char* const begin = tree_.texts.room(most);
  char* to = begin;
  for (std::size_t i = 0; i < raw.size(); i += f.size) {
    std::uint64_t point = load(f, raw.data() + i);
    if (f.size == 2 && point >= 0xd800 && point < 0xdc00 && i + 4 <= raw.size()) {
      const std::uint64_t low = load(f, raw.data() + i + 2);
      if (low >= 0xdc00 && low < 0xe000) point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00), i += 2;
    }
    if (point > 0x10ffff) return fail(wire_class::value_error, "character is not in range [U+0000; U+10ffff]");
    to = put_utf8(static_cast<char32_t>(point), to);
  }
  const auto size = static_cast<std::size_t>(to - begin);
  tree_.texts.keep(size);
  out = text({begin, size});
  return true;
}

}  // namespace engine::detail::pickle
