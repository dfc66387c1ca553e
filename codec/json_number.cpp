// Numbers as Python's scanner sees them: it takes the longest beginning that is a number and leaves the rest to be a fault. Most
// floats on the wire have few digits, and are exact as one multiplication or division of doubles.
#include <codec/json_scan.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <codec/float_text.hpp>

namespace engine::detail {

namespace {

constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::ptrdiff_t largest_exact_power = 22;
constexpr std::uint64_t largest_exact_mantissa = std::uint64_t(1) << 53;
constexpr std::ptrdiff_t safe_digits = 19;  // as many always fit 64 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* digits(const char* p, const char* end, std::uint64_t& value) {
  for (; p != end && is_digit(*p); ++p) value = value * 10 + static_cast<std::uint64_t>(*p - '0');
  return p;
}

json_number named(const char* begin, const char* end) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::string_view text(begin, end);
  const auto is = [&](std::string_view name, double value) {
    return json_number{begin, begin + name.size(), kind::real, 0, value};
  };
  if (text.starts_with("NaN")) return is("NaN", std::numeric_limits<double>::quiet_NaN());
  if (text.starts_with("Infinity")) return is("Infinity", infinity);
  if (text.starts_with("-Infinity")) return is("-Infinity", -infinity);
  return {};
}

/// Behind an exponent at p, whose value is added to `exponent`; p itself when there is none.
const char* scan_exponent(const char* p, const char* end, std::ptrdiff_t& exponent) {
  if (p == end || (*p != 'e' && *p != 'E')) return p;
  const char* q = p + 1;
  const bool negative = q != end && *q == '-';
  if (q != end && (*q == '-' || *q == '+')) ++q;
  if (q == end || !is_digit(*q)) return p;
  std::ptrdiff_t value = 0;
  for (; q != end && is_digit(*q); ++q) value = std::min<std::ptrdiff_t>(value * 10 + (*q - '0'), 1'000'000);
  exponent += negative ? -value : value;
  return q;
}

double real_value(std::string_view unsigned_text, bool exact, std::uint64_t mantissa, std::ptrdiff_t exponent) {
  const std::ptrdiff_t power = exponent < 0 ? -exponent : exponent;
  if (!exact || mantissa > largest_exact_mantissa || power > largest_exact_power) return *parse_float(unsigned_text);
  const double value = static_cast<double>(mantissa);
  return exponent < 0 ? value / powers_of_ten[power] : value * powers_of_ten[power];
}

}  // namespace

json_number scan_json_number(const char* p, const char* end) {
  const bool negative = p != end && *p == '-';
  const char* const first = p + negative;
  if (first == end || !is_digit(*first)) return named(p, end);
  std::uint64_t mantissa = 0;
  const char* q = *first == '0' ? first + 1 : digits(first, end, mantissa);
  const char* const whole_end = q;
  std::ptrdiff_t exponent = 0, fraction = 0;
  if (end - q > 1 && *q == '.' && is_digit(q[1])) {
    const char* const point = q;
    q = digits(q + 1, end, mantissa);
    fraction = q - point - 1;
    exponent = -fraction;
  }
  q = scan_exponent(q, end, exponent);
  const std::ptrdiff_t count = whole_end - first + fraction;
  if (q != whole_end) {
    const double value = real_value({first, q}, count <= safe_digits, mantissa, exponent);
    return {p, q, kind::real, 0, negative ? -value : value};
  }
  constexpr auto most = std::uint64_t(std::numeric_limits<std::int64_t>::max());
  if (count > safe_digits || mantissa > most + negative) return {p, q, kind::big_integer, 0, 0};
  return {p, q, kind::integer, static_cast<std::int64_t>(negative ? 0 - mantissa : mantissa), 0};
}

}  // namespace engine::detail
