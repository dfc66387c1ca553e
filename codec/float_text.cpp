// Python prints a float with the shortest digits, in positional form for exponents -4..15. std::to_chars finds the digits
// and writes either form.
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
  const double size = std::fabs(value);
  const bool positional = size == 0 || (size >= 1e-4 && size < 1e16);
  char* const end = std::to_chars(to, to + float_text_size - 3, size, positional ? std::chars_format::fixed : std::chars_format::scientific).ptr;
  const bool whole = positional && std::find(to, end, '.') == end;
  return whole ? put(end, ".0") : end;
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
