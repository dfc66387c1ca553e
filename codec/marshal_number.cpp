// Numbers in marshal: integers of 32 and 64 bits, longer ones in digits of base 2**15, floats in binary or (versions 0 and 1) as
// text. A long integer is looked through before there is memory for it.
#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include <codec/float_text.hpp>
#include <codec/marshal_reader.hpp>
#include <codec/utf8.hpp>

namespace engine {

namespace {

using namespace detail::marshal_format;

double load_real(const unsigned char* from) { return std::bit_cast<double>(load<std::uint64_t>(from)); }
std::uint16_t digit(const unsigned char* digits, std::size_t i) { return load<std::uint16_t>(digits + 2 * i); }

bool equal_caseless(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, [](char x, char y) { return (x | 0x20) == y; });
}

std::optional<double> parse_signed(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::optional<double> size;
  if (equal_caseless(text, "inf") || equal_caseless(text, "infinity")) size = std::numeric_limits<double>::infinity();
  else if (equal_caseless(text, "nan")) size = std::numeric_limits<double>::quiet_NaN();
  else size = parse_float(text);
  return size && negative ? -*size : size;
}

/// 15-bit digits to 32-bit digits.
std::vector<std::uint32_t> repacked(const unsigned char* digits, std::size_t count) {
  std::vector<std::uint32_t> magnitude;
  magnitude.reserve(count * digit_bits / 32 + 1);
  std::uint64_t pending = 0;
  unsigned bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pending |= static_cast<std::uint64_t>(digit(digits, i)) << bits;
    bits += digit_bits;
    if (bits < 32) continue;
    magnitude.push_back(static_cast<std::uint32_t>(pending));
    pending >>= 32;
    bits -= 32;
  }
  magnitude.push_back(static_cast<std::uint32_t>(pending));
  return magnitude;
}

}  // namespace

bool marshal_reader::read_any_integer(std::int64_t& out) {
  if (!ready()) return refuse("int");
  switch (code()) {
    case 'i':
      if (left() < 5) return truncated();
      out = static_cast<std::int32_t>(load<std::uint32_t>(at_ + 1));
      return took(5);
    case 'I':
      if (left() < 9) return truncated();
      out = static_cast<std::int64_t>(load<std::uint64_t>(at_ + 1));
      return took(9);
    case 'l': return read_wide_integer(out);
    default: return refuse("int");
  }
}

bool marshal_reader::long_is_small() const {
  if (left() < 5) return false;
  const auto size = static_cast<std::int32_t>(load<std::uint32_t>(at_ + 1));
  const std::size_t count = size < 0 ? 0u - static_cast<std::uint32_t>(size) : static_cast<std::uint32_t>(size);
  if (count != 5 || left() < 15) return count < 5;
  const unsigned char* const digits = at_ + 5;
  if (digit(digits, 4) < 8) return true;
  return size < 0 && digit(digits, 4) == 8 && std::all_of(digits, digits + 8, [](unsigned char c) { return c == 0; });
}

bool marshal_reader::long_digits(std::size_t& count, bool& negative) {
  if (left() < 5) return truncated();
  const auto word = load<std::uint32_t>(at_ + 1);
  negative = word > size_most;
  count = negative ? 0u - word : word;
  if (count > size_most) return fail(wire_class::value_error, "bad marshal data (long size out of range)");
  const unsigned char* const digits = at_ + 5;
  const std::size_t present = std::min(count, (left() - 5) / 2);
  for (std::size_t i = 0; i < present; ++i) {
    if (digit(digits, i) > 0x7fff) return fail(wire_class::value_error, "bad marshal data (digit out of range in long)");
  }
  if (present < count) return truncated();
  if (count == 0) return true;
  const std::uint16_t top = digit(digits, count - 1);
  if (top == 0) return fail(wire_class::value_error, "bad marshal data (unnormalized long data)");
  if (digit_bits * (count - 1) + static_cast<std::size_t>(std::bit_width(top)) <= bits_of_digits(limits_.digits)) return true;
  return fail(wire_class::value_error, "Exceeds the limit (" + std::to_string(limits_.digits) + " digits) for integer string conversion");
}

bool marshal_reader::read_wide_integer(std::int64_t& out) {
  std::size_t count = 0;
  bool negative = false;
  if (!long_digits(count, negative)) return false;
  if (!long_is_small()) {
    integer big;
    if (!read_big_integer(big)) return false;
    return fail(wire_class::overflow_error, "int " + big.to_string() + " does not fit int64");
  }
  std::uint64_t magnitude = 0;
  for (std::size_t i = count; i-- > 0;) magnitude = magnitude << digit_bits | digit(at_ + 5, i);
  out = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return took(5 + 2 * count);
}

bool marshal_reader::read_big_integer(integer& out) {
  if (!ready() || code() != 'l') {
    std::int64_t small = 0;
    if (!read_integer(small)) return false;
    out = small;
    return true;
  }
  std::size_t count = 0;
  bool negative = false;
  if (!long_digits(count, negative)) return false;
  out = integer::from_digits(repacked(at_ + 5, count), negative);
  return took(5 + 2 * count);
}

bool marshal_reader::read_real(double& out) {
  if (!is_plain('g', 9)) return read_any_real(out);
  out = load_real(at_ + 1);
  return took_singleton(9);
}

bool marshal_reader::read_any_real(double& out) {
  if (!ready()) return refuse("float");
  if (code() == 'g') {
    if (left() < 9) return truncated();
    out = load_real(at_ + 1);
    return took(9);
  }
  if (code() == 'f') {
    const unsigned char* p = at_ + 1;
    return text_number(p, out) && took(static_cast<std::size_t>(p - at_));
  }
  if (code() != 'i' && code() != 'I' && code() != 'l') return refuse("float");
  integer whole;
  if (!read_big_integer(whole)) return false;
  out = whole.to_double();
  return std::isfinite(out) ? true : fail(wire_class::overflow_error, "int too large to convert to float");
}

bool marshal_reader::read_complex(std::complex<double>& out) {
  if (!ready()) return refuse("complex");
  if (code() == 'y') {
    if (left() < 17) return truncated();
    out = {load_real(at_ + 1), load_real(at_ + 9)};
    return took(17);
  }
  if (code() != 'x') return refuse("complex");
  const unsigned char* p = at_ + 1;
  double real = 0, imaginary = 0;
  if (!text_number(p, real) || !text_number(p, imaginary)) return false;
  out = {real, imaginary};
  return took(static_cast<std::size_t>(p - at_));
}

bool marshal_reader::text_number(const unsigned char*& p, double& out) {
  if (p == end_) return missing();
  const std::size_t size = *p++;
  if (static_cast<std::size_t>(end_ - p) < size) return truncated();
  std::string_view text(reinterpret_cast<const char*>(p), size);
  p += size;
  text = text.substr(0, text.find('\0'));  // Python reads a C string
  const auto number = parse_signed(text);
  if (!number) return fail(wire_class::value_error, "could not convert string to float: '" + with_replacements(text.substr(0, 200)) + "'");
  out = *number;
  return true;
}

}  // namespace engine
