// The words of JSON's texts, for reader and writer: blanks, strings and numbers, each by exactly the grammar of Python's json.
// Nothing here allocates or reads outside the range it was given.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <codec/reader.hpp>

namespace engine::detail {

inline const char* json_blanks(const char* p, const char* end) {
  while (p != end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
  return p;
}

/// The first place in [p, end) at which a string is not itself: a quote, a backslash or a control character.
inline const char* json_plain_end(const char* p, const char* end) {
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    const __m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, quotes)))) return p + std::countr_zero(mask);
  }
#endif
  while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
}

/// What Python says of broken text, and the byte it says it of.
struct json_fault { const char* text = nullptr; const char* at = nullptr; };

/// The string whose opening quote is at `quote`; without a fault `end` is behind the closing one.
struct json_string { const char* end = nullptr; bool escaped = false; json_fault fault{}; };
json_string scan_json_string(const char* quote, const char* end);
/// Writes what is between the quotes of a scanned string, its escapes resolved, to `to`; never longer than it was. Returns the end.
char* decode_json_string(std::string_view inside, char* to);

/// A number at the beginning of a text: how far it goes and what it is. kind::error: there is none.
struct json_number {
  const char* begin = nullptr;
  const char* end = nullptr;
  kind form = kind::error;   ///< integer, big_integer or real
  std::int64_t whole = 0;    ///< of an integer
  double real = 0;           ///< of a real
};
json_number scan_json_number(const char* p, const char* end);

}  // namespace engine::detail
