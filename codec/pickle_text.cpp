// The textual forms of pickle protocols 0 and 1: numbers as lines, text with escapes. What they mean exactly is what the C
// functions mean by which CPython reads them.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <optional>

#include <codec/float_text.hpp>
#include <codec/pickle_machine.hpp>
#include <codec/utf8.hpp>
#include <codec/value.hpp>

namespace engine::detail::pickle {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Up to `most` hexadecimal digits at `i`, which moves behind them. False when there are fewer.
bool hex_digits(std::string_view s, std::size_t& i, std::size_t most, std::uint32_t& out) {
  out = 0;
  for (std::size_t n = 0; n < most; ++n, ++i) {
    const int digit = i < s.size() ? hex_digit(s[i]) : -1;
    if (digit < 0) return false;
    out = out << 4 | static_cast<std::uint32_t>(digit);
  }
  return true;
}

std::string_view stripped(std::string_view s) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  const auto first = s.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{} : s.substr(first, s.find_last_not_of(blanks) - first + 1);
}

bool begins_a_float(std::string_view s) {
  if (s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
  if (s.starts_with('.')) s.remove_prefix(1);
  return !s.empty() && s[0] >= '0' && s[0] <= '9';
}

/// What PyOS_string_to_double takes: no blanks, no underscores.
bool python_float(std::string_view s, double& out, bool& infinite_allowed) {
  const bool negative = s.starts_with('-');
  if (negative || s.starts_with('+')) s.remove_prefix(1);
  std::string lower(s);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  infinite_allowed = true;
  if (lower == "inf" || lower == "infinity") {
    out = INFINITY;
  } else if (lower == "nan") {
    out = NAN;
  } else {
    infinite_allowed = false;
    const auto parsed = parse_float(s);
    if (!parsed) return false;
    out = *parsed;
  }
  if (negative) out = -out;
  return true;
}

/// A decimal literal of Python's, where a zero ahead of others would mean another base.
std::optional<integer> decimal_literal(std::string_view s) {
  const auto first = s.find_first_not_of("+-");
  if (first < s.size() && s[first] == '0' && s.find_first_not_of('0', first) != std::string_view::npos) return std::nullopt;
  return integer::from_decimal(s);
}

}  // namespace

bool machine::check_digits(std::size_t digits) {
  if (digits <= digits_) return true;
  return fail(wire_class::value_error, "Exceeds the limit (" + std::to_string(digits_) + " digits) for integer string conversion: value has " +
                                           std::to_string(digits) + " digits; use sys.set_int_max_str_digits() to increase the limit");
}

bool machine::load_int_text() {
  std::string_view line;
  if (!read_line(line)) return false;
  if (line.size() < 2) return truncated();
  const std::string copy(line);
  char* end = nullptr;
  errno = 0;
  const long n = std::strtol(copy.c_str(), &end, 0);
  if (errno == 0 && (*end == '\n' || *end == '\0')) return push(copy.size() == 3 && (n == 0 || n == 1) ? boolean(n == 1) : number(n));
  const std::string_view digits = stripped(line);
  const std::size_t sign = digits.starts_with('-') || digits.starts_with('+') ? 1 : 0;
  if (digits.size() - sign > digits_) return check_digits(digits.size() - sign);
  if (!decimal_literal(digits)) return fail(wire_class::value_error, "could not convert string to int");
  return push(text_of(what::big_integer, digits, origin::decimal_text));
}

bool machine::invalid_literal(std::string_view line, int base) {
  if (const auto fault = find_utf8_fault(line)) return fail(wire_class::unicode_decode_error, utf8_fault_text(line, *fault));
  return fail(wire_class::value_error, "invalid literal for int() with base " + std::to_string(base) + ": " + to_repr(value(line.substr(0, 200))));
}

bool machine::load_long_text() {
  std::string_view line;
  if (!read_line(line)) return false;
  if (line.size() < 2) return truncated();
  if (line.ends_with("L\n")) line.remove_suffix(2);
  line = line.substr(0, line.find('\0'));
  const std::string_view digits = stripped(line);
  const std::size_t sign = digits.starts_with('-') || digits.starts_with('+') ? 1 : 0;
  const bool decimal = digits.find_first_not_of("0123456789", sign) == std::string_view::npos;
  if (decimal && !check_digits(digits.size() - sign)) return false;
  const auto n = decimal ? decimal_literal(digits) : std::nullopt;
  if (!n) return invalid_literal(line, digits.find('0') == sign ? 0 : 10);
  if (const auto small = n->to_int64()) return push(number(*small));
  return push(text_of(what::big_integer, digits, origin::decimal_text));
}

bool machine::load_float_text() {
  std::string_view line;
  if (!read_line(line)) return false;
  if (line.size() < 2) return truncated();
  double x = 0;
  bool infinite_allowed = false;
  if (!python_float(line.substr(0, line.size() - 1), x, infinite_allowed)) {
    const std::string said = with_replacements(line.substr(0, std::min<std::size_t>(200, line.find('\0'))));
    return fail(wire_class::value_error, begins_a_float(line) ? "could not convert string to float" : "could not convert string to float: '" + said + "'");
  }
  if (std::isinf(x) && !infinite_allowed)
    return fail(wire_class::overflow_error, "value too large to convert to float: '" + with_replacements(line.substr(0, 200)) + "'");
  return push(real(x));
}

/// Python 2's str in quotes, with the escapes of its repr().
bool machine::load_string_text() {
  std::string_view line;
  if (!read_line(line)) return false;
  std::string_view s = line.substr(0, line.size() - 1);
  if (s.size() < 2 || s.front() != s.back() || (s.front() != '\'' && s.front() != '"'))
    return fail(wire_class::unpickling_error, "the STRING opcode argument must be quoted");
  s = s.substr(1, s.size() - 2);
  if (s.find('\\') == std::string_view::npos) return push_ascii(s);
  char* const begin = tree_.texts.room(s.size());
  char* to = begin;
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] != '\\') {
      *to++ = s[i++];
      continue;
    }
    const std::size_t start = i++;
    if (i == s.size()) return fail(wire_class::value_error, "Trailing \\ in string");
    const char c = s[i++];
    constexpr std::string_view letters = "abfnrtv\\'\"", meanings = "\a\b\f\n\r\t\v\\'\"";
    if (const auto known = letters.find(c); known != std::string_view::npos) {
      *to++ = meanings[known];
    } else if (c == 'x') {
      std::uint32_t code = 0;
      if (!hex_digits(s, i, 2, code)) return fail(wire_class::value_error, "invalid \\x escape at position " + std::to_string(start));
      *to++ = static_cast<char>(code);
    } else if (c >= '0' && c <= '7') {
      int code = c - '0';
      for (int n = 0; n < 2 && i < s.size() && s[i] >= '0' && s[i] <= '7'; ++n) code = code * 8 + s[i++] - '0';
      *to++ = static_cast<char>(code);
    } else {
      *to++ = '\\';
      *to++ = c;
    }
  }
  const std::string_view decoded(begin, static_cast<std::size_t>(to - begin));
  tree_.texts.keep(decoded.size());
  return push_ascii(decoded);
}

/// raw-unicode-escape: Latin-1, with \u and \U.
bool machine::load_unicode_text() {
  std::string_view line;
  if (!read_line(line)) return false;
  const std::string_view s = line.substr(0, line.size() - 1);
  char* const begin = tree_.texts.room(2 * s.size());
  char* to = begin;
  for (std::size_t i = 0; i < s.size();) {
    const std::size_t start = i;
    const char c = s[i++];
    const char next = c == '\\' && i < s.size() ? s[i] : '\0';
    if (c != '\\' || (next != 'u' && next != 'U')) {
      to = put_utf8(static_cast<unsigned char>(c), to);
      if (c == '\\' && i < s.size()) to = put_utf8(static_cast<unsigned char>(s[i++]), to);
      continue;
    }
    ++i;
    std::uint32_t point = 0;
    const bool whole = hex_digits(s, i, next == 'u' ? 4 : 8, point);
    if (!whole || point > 0x10ffff) {
      const std::string why = whole ? "\\Uxxxxxxxx out of range" : next == 'u' ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape";
      return fail(wire_class::unicode_decode_error, "'rawunicodeescape' codec can't decode bytes in position " + std::to_string(start) + "-" +
                                                        std::to_string(i - 1) + ": " + why);
    }
    to = put_utf8(point, to);
  }
  const std::string_view decoded(begin, static_cast<std::size_t>(to - begin));
  tree_.texts.keep(decoded.size());
  return push(text(decoded));
}

// ---- the memo, by decimal numbers

bool machine::read_index(std::string_view& line) {
  if (!read_line(line)) return false;
  if (line.size() < 2) return truncated();
  line = line.substr(0, line.find('\0'));
  return true;
}

bool machine::index_of(std::string_view line, std::int64_t& out) {
  const std::string_view digits = stripped(line);
  const auto n = digits.size() <= 20 ? integer::from_decimal(digits) : std::nullopt;
  const auto small = n ? n->to_int64() : std::nullopt;
  if (!small) return invalid_literal(line);
  out = *small;
  return true;
}

bool machine::load_put_text() {
  std::string_view line;
  std::int64_t index = 0;
  if (!read_index(line) || !top_is_there() || !index_of(line, index)) return false;
  if (index < 0) return fail(wire_class::value_error, "negative PUT argument");
  return load_put(static_cast<std::uint64_t>(index));
}

bool machine::load_get_text() {
  std::string_view line;
  std::int64_t index = 0;
  return read_index(line) && index_of(line, index) && load_get(static_cast<std::uint64_t>(index));
}

}  // namespace engine::detail::pickle
