// Schoolbook arithmetic on 32-bit digits with 64-bit intermediates. Text goes nine decimal digits at a time, which keeps the
// quadratic conversion well below a millisecond at the 4300 digits the readers allow.
#include <codec/integer.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace engine {

namespace {

constexpr std::uint32_t chunk_base = 1'000'000'000;
constexpr std::size_t chunk_digits = 9;

void multiply_add(std::vector<std::uint32_t>& magnitude, std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (std::uint32_t& digit : magnitude) {
    carry += static_cast<std::uint64_t>(digit) * factor;
    digit = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) magnitude.push_back(static_cast<std::uint32_t>(carry));
}

/// Divides in place and returns the remainder; leading zero digits are dropped.
std::uint32_t divide(std::vector<std::uint32_t>& magnitude, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  for (std::size_t i = magnitude.size(); i-- > 0;) {
    rest = rest << 32 | magnitude[i];
    magnitude[i] = static_cast<std::uint32_t>(rest / divisor);
    rest %= divisor;
  }
  while (!magnitude.empty() && magnitude.back() == 0) magnitude.pop_back();
  return static_cast<std::uint32_t>(rest);
}

bool all_decimal(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<unsigned> digit_value(char c, unsigned base) {
  unsigned value = 99;
  if (c >= '0' && c <= '9') value = static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') value = static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') value = static_cast<unsigned>(c - 'A') + 10;
  return value < base ? std::optional(value) : std::nullopt;
}

std::uint64_t low_64(const std::vector<std::uint32_t>& magnitude) {
  std::uint64_t low = magnitude.empty() ? 0 : magnitude[0];
  if (magnitude.size() > 1) low |= static_cast<std::uint64_t>(magnitude[1]) << 32;
  return low;
}

}  // namespace

integer::integer(std::int64_t n) : negative_(n < 0) {
  const auto bits = static_cast<std::uint64_t>(n);
  const std::uint64_t size = n < 0 ? 0 - bits : bits;
  magnitude_ = {static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(size >> 32)};
  normalize();
}

integer integer::from_unsigned(std::uint64_t n) {
  return from_digits({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32)}, false);
}

integer integer::from_digits(std::vector<std::uint32_t> magnitude, bool negative) {
  integer made;
  made.magnitude_ = std::move(magnitude);
  made.negative_ = negative;
  made.normalize();
  return made;
}

std::optional<integer> integer::from_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!all_decimal(text)) return std::nullopt;
  std::vector<std::uint32_t> magnitude;
  magnitude.reserve(text.size() / chunk_digits + 1);
  std::size_t take = text.size() % chunk_digits == 0 ? chunk_digits : text.size() % chunk_digits;
  while (!text.empty()) {
    std::uint32_t chunk = 0;
    std::from_chars(text.data(), text.data() + take, chunk);
    multiply_add(magnitude, chunk_base, chunk);
    text.remove_prefix(take);
    take = chunk_digits;
  }
  return from_digits(std::move(magnitude), negative);
}

std::optional<integer> integer::from_power_of_two(std::string_view digits, unsigned bits_per_digit, bool negative) {
  if (digits.empty() || (bits_per_digit != 1 && bits_per_digit != 3 && bits_per_digit != 4)) return std::nullopt;
  std::vector<std::uint32_t> magnitude;
  magnitude.reserve(digits.size() * bits_per_digit / 32 + 1);
  std::uint64_t pending = 0;
  unsigned pending_bits = 0;
  for (std::size_t i = digits.size(); i-- > 0;) {
    const auto value = digit_value(digits[i], 1u << bits_per_digit);
    if (!value) return std::nullopt;
    pending |= static_cast<std::uint64_t>(*value) << pending_bits;
    pending_bits += bits_per_digit;
    if (pending_bits >= 32) {
      magnitude.push_back(static_cast<std::uint32_t>(pending));
      pending >>= 32;
      pending_bits -= 32;
    }
  }
  magnitude.push_back(static_cast<std::uint32_t>(pending));
  return from_digits(std::move(magnitude), negative);
}

std::size_t integer::bit_length() const {
  if (magnitude_.empty()) return 0;
  return 32 * (magnitude_.size() - 1) + static_cast<std::size_t>(std::bit_width(magnitude_.back()));
}

std::string integer::to_string() const {
  if (magnitude_.empty()) return "0";
  std::vector<std::uint32_t> rest = magnitude_;
  std::string text;  // least significant digit first, reversed at the end
  while (!rest.empty()) {
    std::uint32_t chunk = divide(rest, chunk_base);
    for (std::size_t i = 0; i < chunk_digits && (chunk != 0 || !rest.empty()); ++i) {
      text += static_cast<char>('0' + chunk % 10);
      chunk /= 10;
    }
  }
  if (negative_) text += '-';
  std::ranges::reverse(text);
  return text;
}

std::optional<std::int64_t> integer::to_int64() const {
  if (magnitude_.size() > 2) return std::nullopt;
  const std::uint64_t size = low_64(magnitude_);
  constexpr std::uint64_t top = std::uint64_t(1) << 63;
  if (negative_ ? size > top : size >= top) return std::nullopt;
  return static_cast<std::int64_t>(negative_ ? 0 - size : size);
}

std::optional<std::uint64_t> integer::to_uint64() const {
  if (magnitude_.size() > 2 || negative_) return std::nullopt;
  return low_64(magnitude_);
}

double integer::to_double() const {
  double size = 0;
  if (magnitude_.size() <= 2) {
    size = static_cast<double>(low_64(magnitude_));
  } else {
    // The leading 64 bits decide, with every bit below folded into the last of them so that ties are seen as what they are.
    const std::size_t n = magnitude_.size();
    const auto shift = static_cast<unsigned>(std::countl_zero(magnitude_[n - 1]));
    std::uint64_t lead = static_cast<std::uint64_t>(magnitude_[n - 1]) << 32 | magnitude_[n - 2];
    lead <<= shift;
    std::uint32_t next = magnitude_[n - 3];
    if (shift != 0) lead |= next >> (32 - shift);
    next = shift == 32 ? 0 : next << shift;
    const bool below = next != 0 || std::any_of(magnitude_.begin(), magnitude_.end() - 3, [](auto d) { return d != 0; });
    if (below) lead |= 1;
    const std::size_t exponent = (n - 2) * 32 - shift;
    size = exponent > 2000 ? std::numeric_limits<double>::infinity()
                           : std::ldexp(static_cast<double>(lead), static_cast<int>(exponent));
  }
  return negative_ ? -size : size;
}

std::strong_ordering integer::operator<=>(const integer& other) const {
  if (negative_ != other.negative_) return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  const integer& small = negative_ ? other : *this;
  const integer& large = negative_ ? *this : other;
  if (small.magnitude_.size() != large.magnitude_.size()) return small.magnitude_.size() <=> large.magnitude_.size();
  return std::lexicographical_compare_three_way(small.magnitude_.rbegin(), small.magnitude_.rend(),
                                                large.magnitude_.rbegin(), large.magnitude_.rend());
}

void integer::normalize() {
  while (!magnitude_.empty() && magnitude_.back() == 0) magnitude_.pop_back();
  if (magnitude_.empty()) negative_ = false;
}

}  // namespace engine
