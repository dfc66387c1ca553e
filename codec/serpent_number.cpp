// Number literals: the automaton of CPython's tokenizer (underscores, prefixes, the rule of leading zeros), then the value.
#include <codec/serpent_lexer.hpp>

#include <algorithm>
#include <bit>
#include <charconv>

#include <codec/float_text.hpp>
#include <codec/integer.hpp>

namespace engine::detail {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// The length of an integer in bits, spelled in digits of so many bits each.
std::size_t bits_in(std::string_view digits, unsigned bits_per_digit) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return 0;
  const auto first = static_cast<unsigned>(digit_of(digits[0]));
  return bits_per_digit * (digits.size() - 1) + static_cast<std::size_t>(std::bit_width(first));
}

}  // namespace

std::string_view without_underscores(std::string_view text, arena& scratch) {
  if (text.find('_') == text.npos) return text;
  char* const to = scratch.room(text.size());
  std::size_t size = 0;
  for (const char c : text)
    if (c != '_') to[size++] = c;
  scratch.keep(size);
  return {to, size};
}

// Behind digits joined by single underscores; a digit is at p.
const char* serpent_lexer::decimal_tail(const char* p) {
  while (true) {
    while (is_digit(at(p))) ++p;
    if (at(p) != '_') return p;
    if (!is_digit(at(++p))) return refuse_syntax("invalid decimal literal", p - 1);
  }
}

// A letter directly behind a number is an error, except those that begin a keyword Python knows there.
bool serpent_lexer::number_ends(const char* p, const char* what) {
  const char c = at(p);
  if (!is_name_start(c) && !is_digit(c) && static_cast<unsigned char>(c) < 0x80) return true;
  const std::string_view rest(p, static_cast<std::size_t>(end_ - p));
  for (const std::string_view keyword : {"and", "else", "for", "if", "in", "is", "or", "not"})
    if (rest.starts_with(keyword)) return true;
  refuse_syntax("invalid " + std::string(what) + " literal", p);
  return false;
}

const char* serpent_lexer::power_of_two(const char* p, serpent_number& out, arena& scratch, unsigned bits) {
  const char* const kind_name = bits == 4 ? "hexadecimal" : bits == 3 ? "octal" : "binary";
  const int base = 1 << bits;
  const char* const first = p += 2;
  do {
    if (at(p) == '_') ++p;
    const bool wrong = digit_of(at(p)) >= base;
    while (digit_of(at(p)) < base) ++p;
    if (bits != 4 && is_digit(at(p)))
      return refuse_syntax("invalid digit '" + std::string(1, *p) + "' in " + kind_name + " literal", p);
    if (wrong) return refuse_syntax("invalid " + std::string(kind_name) + " literal", p);
  } while (at(p) == '_');
  if (!number_ends(p, kind_name)) return nullptr;
  out.bits = bits;
  return integer_value(first, p, out, scratch) ? p : nullptr;
}

bool serpent_lexer::integer_value(const char* first, const char* last, serpent_number& out, arena& scratch) {
  out.digits = without_underscores({first, last}, scratch);
  const int base = out.bits ? 1 << out.bits : 10;
  const auto [end, fault] = std::from_chars(out.digits.data(), out.digits.data() + out.digits.size(), out.magnitude, base);
  out.what = fault == std::errc() ? kind::integer : kind::big_integer;
  if (out.bits) {
    if (bits_in(out.digits, out.bits) <= bits_of_digits(digits_limit_)) return true;
    refuse_syntax("Exceeds the limit (" + std::to_string(digits_limit_) + " digits) for integers", first);
    return false;
  }
  if (out.digits.size() <= digits_limit_) return true;
  refuse_syntax("Exceeds the limit (" + std::to_string(digits_limit_) + " digits) for integer string conversion: value has " +
                    std::to_string(out.digits.size()) +
                    " digits; use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer "
                    "literals to avoid decimal conversion limits.", first);
  return false;
}

const char* serpent_lexer::decimal(const char* p, serpent_number& out, arena& scratch) {
  const char* const first = p;
  bool real = false;
  if (is_digit(at(p)) && (p = decimal_tail(p)) == nullptr) return nullptr;
  const char* const whole = p;
  if (at(p) == '.') {
    real = true;
    if (is_digit(at(++p)) && (p = decimal_tail(p)) == nullptr) return nullptr;
  }
  if (at(p) == 'e' || at(p) == 'E') {
    const char* q = p + 1;
    const bool sign = at(q) == '+' || at(q) == '-';
    if (sign) ++q;
    if (is_digit(at(q))) {
      real = true;
      if ((p = decimal_tail(q)) == nullptr) return nullptr;
    } else if (sign) {
      return refuse_syntax("invalid decimal literal", p);
    }
  }
  const bool imaginary = at(p) == 'j' || at(p) == 'J';
  if (!number_ends(p + imaginary, imaginary ? "imaginary" : "decimal")) return nullptr;
  if (!real && !imaginary) {
    const std::string_view digits(first, whole);
    if (*first == '0' && digits.find_first_not_of("0_") != digits.npos)
      return refuse_syntax("leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers", first);
    return integer_value(first, p, out, scratch) ? p : nullptr;
  }
  out.what = imaginary ? kind::complex : kind::real;
  out.value = *parse_float(without_underscores({first, p}, scratch));  // the automaton let nothing else pass
  return p + imaginary;
}

// What std::from_chars takes and Python does not, or the other way round, does not end at a delimiter; but for integers, which
// are not asked for here.
const char* serpent_lexer::short_real(const char* p, double& out) const {
  const char* whole = p;
  while (is_digit(at(whole))) ++whole;
  if (whole == p || (at(whole) != '.' && at(whole) != 'e')) return nullptr;
  const auto [end, fault] = std::from_chars(p, end_, out);
  return fault == std::errc() && delimits(at(end)) ? end : nullptr;
}

const char* serpent_lexer::number(const char* p, serpent_number& out, arena& scratch) {
  out.bits = 0;
  if (at(p) == '0') {
    switch (at(p + 1)) {
      case 'x': case 'X': return power_of_two(p, out, scratch, 4);
      case 'o': case 'O': return power_of_two(p, out, scratch, 3);
      case 'b': case 'B': return power_of_two(p, out, scratch, 1);
      default: break;
    }
  }
  return decimal(p, out, scratch);
}

}  // namespace engine::detail
