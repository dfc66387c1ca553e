// Python prints a float with the shortest digits, in positional form for exponents -4..15. std::to_chars finds the digits;
// only the form is ours.
#include <codec/float_text.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace engine {
namespace {

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* zeros(char* to, int count) {
  std::memset(to, '0', static_cast<std::size_t>(count));
  return to + count;
}

// `digits` without point, whose first one counts 10**exponent, as a positional number.
char* positional(char* to, std::string_view digits, int exponent) {
  if (exponent < 0) return put(zeros(put(to, "0."), -exponent - 1), digits);
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return put(zeros(put(to, digits), static_cast<int>(whole - digits.size())), ".0");
  to = put(to, digits.substr(0, whole));
  *to++ = '.';
  return put(to, digits.substr(whole));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// For a literal outside the range of a double: whether it is too large (else it is too small).
bool is_huge(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  // Literals of a length near the exponents' would be needed to outweigh an exponent: only a few digits of it count.
  long exponent = 0;
  if (e != text.npos) {
    const bool negative = text[e + 1] == '-';
    for (const char c : text.substr(e + 1))
      if (is_digit(c)) exponent = std::min(exponent * 10 + (c - '0'), 1L << 50);
    if (negative) exponent = -exponent;
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = mantissa.find_first_not_of("0.");
  if (first == mantissa.npos) return false;
  return exponent + static_cast<long>(point) - static_cast<long>(first) > 0;
}

}  // namespace

char* write_float(double value, char* to) {
  if (std::isnan(value)) return put(to, "nan");
  if (std::signbit(value)) *to++ = '-';
  if (std::isinf(value)) return put(to, "inf");
  char text[float_text_size];
  const char* end = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const char* e = std::find(static_cast<const char*>(text), end, 'e');
  int exponent = 0;
  std::from_chars(e + 1 + (e[1] == '+'), end, exponent);
  if (exponent < -4 || exponent >= 16) return put(to, {text, end});
  std::size_t count = 1;
  if (e - text > 1) {  // close the gap of the point
    count = static_cast<std::size_t>(e - text) - 1;
    std::memmove(text + 1, text + 2, count - 1);
  }
  return positional(to, {text, count}, exponent);
}

std::optional<double> parse_float(std::string_view text) {
  if (text.empty() || !(is_digit(text[0]) || text[0] == '.')) return std::nullopt;
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (fault == std::errc::result_out_of_range) return is_huge(text) ? std::numeric_limits<double>::infinity() : 0.0;
  return value;
}

}  // namespace engine
