// Strings as Python's scanner sees them: control characters are refused, surrogate escapes that pair up are one character, those
// that do not are kept in their three-byte form.
#include <codec/json_scan.hpp>

#include <algorithm>
#include <cstring>

#include <codec/utf8.hpp>

namespace engine::detail {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The character of a one-letter escape, 0 if there is none such.
char escaped_character(char c) {
  switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

/// Four hexadecimal digits with something behind them, which a string that ends always has.
bool good_code(const char* p, const char* end) {
  return end - p > 4 && std::all_of(p, p + 4, [](char c) { return hex_digit(c) >= 0; });
}

char32_t code_at(const char* p) {
  char32_t code = 0;
  for (int i = 0; i < 4; ++i) code = code << 4 | static_cast<char32_t>(hex_digit(p[i]));
  return code;
}

/// The character whose first code is at p, behind "\u"; moves p behind it.
char32_t next_point(const char*& p, const char* end) {
  const char32_t high = code_at(p);
  p += 4;
  if (high < 0xd800 || high > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u') return high;
  const char32_t low = code_at(p + 2);
  if (low < 0xdc00 || low > 0xdfff) return high;
  p += 6;
  return 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
}

}  // namespace

json_string scan_json_string(const char* quote, const char* end) {
  json_string found;
  const auto broken = [&](const char* text, const char* at) {
    found.fault = {text, at};
    return found;
  };
  constexpr const char* unterminated = "Unterminated string starting at";
  for (const char* p = quote + 1;;) {
    p = json_plain_end(p, end);
    if (p == end) return broken(unterminated, quote);
    if (*p == '"') {
      found.end = p + 1;
      return found;
    }
    if (*p != '\\') return broken("Invalid control character at", p);
    found.escaped = true;
    if (p + 1 == end) return broken(unterminated, quote);
    if (p[1] != 'u') {
      if (escaped_character(p[1]) == 0) return broken("Invalid \\escape", p);
      p += 2;
    } else {
      if (!good_code(p + 2, end)) return broken("Invalid \\uXXXX escape", p + 1);
      p += 6;
    }
  }
}

char* decode_json_string(std::string_view inside, char* to) {
  const char* p = inside.data();
  const char* const end = p + inside.size();
  for (;;) {
    const char* const plain_end = json_plain_end(p, end);
    const auto plain = static_cast<std::size_t>(plain_end - p);
    std::memcpy(to, p, plain);
    to += plain;
    if (plain_end == end) return to;
    p = plain_end + 2;
    if (p[-1] == 'u') to = put_utf8(next_point(p, end), to);
    else *to++ = escaped_character(p[-1]);
  }
}

}  // namespace engine::detail
