// memchr for a handful of characters at once: text formats spend their time looking for the next quote, escape or bracket.
#pragma once

#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace engine::detail {

/// The first place in [p, end) that holds one of `wanted`, else `end`. Reads nothing outside the range.
template <class... Char> inline const char* find_any(const char* p, const char* end, Char... wanted) {
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i hits = _mm_setzero_si128();
    ((hits = _mm_or_si128(hits, _mm_cmpeq_epi8(block, _mm_set1_epi8(wanted)))), ...);
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits))) return p + std::countr_zero(mask);
  }
#endif
  while (p != end && ((*p != wanted) && ...)) ++p;
  return p;
}

}  // namespace engine::detail
