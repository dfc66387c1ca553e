// In vectors: both halves of a character look up sets of faults, and a fault in both sets is one; its upper half looks up what to add
// to get its six bits (`/` alone needs one more entry). Two multiplications push the bits of four characters together.
// The method is known from Muła and Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions" (2018).
#include <codec/base64_blocks.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace engine::detail {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t foreign = 0x01000000;

/// Four characters to 24 bits; one outside the alphabet sets a bit above them.
constexpr auto sextets = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (auto& column : table) column.fill(foreign);
  for (std::uint32_t i = 0; i < 64; ++i)
    for (unsigned place = 0; place < 4; ++place) table[place][static_cast<unsigned char>(alphabet[i])] = i << (18 - 6 * place);
  return table;
}();

std::size_t decode_portably(std::string_view text, std::byte* to) {
  std::size_t done = 0;
  for (; done + 4 <= text.size(); done += 4) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[done + i]); };
    const std::uint32_t bits = sextets[0][byte(0)] | sextets[1][byte(1)] | sextets[2][byte(2)] | sextets[3][byte(3)];
    if (bits & foreign) break;
    *to++ = static_cast<std::byte>(bits >> 16);
    *to++ = static_cast<std::byte>(bits >> 8);
    *to++ = static_cast<std::byte>(bits);
  }
  return done;
}

#if defined(__x86_64__)

// By the lower and the upper half of a character; a bit in both is a fault.
alignas(16) constexpr std::uint8_t low_faults[16] = {0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a};
alignas(16) constexpr std::uint8_t high_faults[16] = {0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
// By the upper half, less one for `/`.
alignas(16) constexpr std::int8_t shifts[16] = {0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0};
// Of each four bytes the three that hold something, in the order of the text.
alignas(16) constexpr std::int8_t kept[16] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1};

template <class T> __m128i table(const T (&bytes)[16]) { return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes)); }

// A block is stored with what lies behind its bytes, hence the characters that must follow for there to be room.
constexpr std::size_t ssse3_needs = 24, avx2_needs = 48;

[[gnu::target("ssse3")]] std::size_t decode_ssse3(std::string_view text, std::byte* to) {
  const __m128i half = _mm_set1_epi8(0x0f);
  std::size_t done = 0;
  for (; text.size() - done >= ssse3_needs; done += 16, to += 12) {
    const __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + done));
    const __m128i high = _mm_and_si128(_mm_srli_epi32(in, 4), half);
    const __m128i faults = _mm_and_si128(_mm_shuffle_epi8(table(low_faults), _mm_and_si128(in, half)), _mm_shuffle_epi8(table(high_faults), high));
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(faults, _mm_setzero_si128())) != 0xffff) break;
    const __m128i shift = _mm_shuffle_epi8(table(shifts), _mm_add_epi8(high, _mm_cmpeq_epi8(in, _mm_set1_epi8('/'))));
    const __m128i pairs = _mm_maddubs_epi16(_mm_add_epi8(in, shift), _mm_set1_epi32(0x01400140));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(fours, table(kept)));
  }
  return done;
}

[[gnu::target("avx2")]] std::size_t decode_avx2(std::string_view text, std::byte* to) {
  const __m256i half = _mm256_set1_epi8(0x0f);
  const __m256i low_table = _mm256_broadcastsi128_si256(table(low_faults)), high_table = _mm256_broadcastsi128_si256(table(high_faults));
  const __m256i shift_table = _mm256_broadcastsi128_si256(table(shifts)), kept_table = _mm256_broadcastsi128_si256(table(kept));
  const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
  std::size_t done = 0;
  for (; text.size() - done >= avx2_needs; done += 32, to += 24) {
    const __m256i in = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + done));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(in, 4), half);
    const __m256i low = _mm256_and_si256(in, half);
    if (!_mm256_testz_si256(_mm256_shuffle_epi8(low_table, low), _mm256_shuffle_epi8(high_table, high))) break;
    const __m256i shift = _mm256_shuffle_epi8(shift_table, _mm256_add_epi8(high, _mm256_cmpeq_epi8(in, _mm256_set1_epi8('/'))));
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_add_epi8(in, shift), _mm256_set1_epi32(0x01400140));
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(fours, kept_table), together);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
  }
  return done;
}

#endif

constexpr base64_blocks ways[] = {
#if defined(__x86_64__)
    {"avx2", [] { return __builtin_cpu_supports("avx2") != 0; }, decode_avx2},
    {"ssse3", [] { return __builtin_cpu_supports("ssse3") != 0; }, decode_ssse3},
#endif
    {"portable", [] { return true; }, decode_portably},
};

}  // namespace

std::span<const base64_blocks> base64_block_ways() { return ways; }

const base64_blocks& best_base64_blocks() {
  static const base64_blocks& best = *std::ranges::find_if(ways, [](const base64_blocks& way) { return way.usable(); });
  return best;
}

}  // namespace engine::detail
