// Writing is driven by a table made at compile time, 12 bits at once to two characters. Reading is left to base64_blocks.cpp as far
// as the text is plain; from there on it goes character by character.
#include <codec/base64.hpp>

#include <array>
#include <cstdint>
#include <cstring>

#include <codec/base64_blocks.hpp>

namespace engine {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t foreign = 0xff;

constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return table;
}();

constexpr auto sextets = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(foreign);
  for (std::uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = i;
  return table;
}();

std::byte* put(std::byte* to, std::uint32_t bits) {
  to[0] = static_cast<std::byte>(bits >> 16);
  to[1] = static_cast<std::byte>(bits >> 8);
  to[2] = static_cast<std::byte>(bits);
  return to + 3;
}

// The rest of a text from its first character that needs care. `before` data characters came earlier.
std::expected<std::byte*, std::string> decode_carefully(std::string_view text, std::byte* to, std::size_t before) {
  std::uint32_t bits = 0;
  unsigned have = 0, padding = 0;
  std::size_t characters = before;
  for (const char c : text) {
    if (c == '=') {
      if (have >= 2 && have + ++padding >= 4) {
        bits <<= 6 * (4 - have);
        for (unsigned i = 0; i + 1 < have; ++i) *to++ = static_cast<std::byte>(bits >> (16 - 8 * i));
        return to;
      }
      continue;
    }
    const std::uint8_t sextet = sextets[static_cast<unsigned char>(c)];
    if (sextet == foreign) continue;
    padding = 0;
    ++characters;
    bits = bits << 6 | sextet;
    if (++have == 4) {
      to = put(to, bits);
      bits = have = 0;
    }
  }
  if (have == 0) return to;
  if (have > 1) return std::unexpected("Incorrect padding");
  return std::unexpected("Invalid base64-encoded string: number of data characters (" + std::to_string(characters) +
                         ") cannot be 1 more than a multiple of 4");
}

}  // namespace

char* base64_encode(std::span<const std::byte> data, char* to) {
  const auto* from = reinterpret_cast<const unsigned char*>(data.data());
  std::size_t left = data.size();
  for (; left >= 3; left -= 3, from += 3, to += 4) {
    const std::uint32_t bits = static_cast<std::uint32_t>(from[0]) << 16 | static_cast<std::uint32_t>(from[1]) << 8 | from[2];
    std::memcpy(to, pairs[bits >> 12].data(), 2);
    std::memcpy(to + 2, pairs[bits & 4095].data(), 2);
  }
  if (left == 0) return to;
  const std::uint32_t bits = static_cast<std::uint32_t>(from[0]) << 16 | (left == 2 ? static_cast<std::uint32_t>(from[1]) << 8 : 0);
  std::memcpy(to, pairs[bits >> 12].data(), 2);
  to[2] = left == 2 ? alphabet[bits >> 6 & 63] : '=';
  to[3] = '=';
  return to + 4;
}

std::expected<std::size_t, std::string> base64_decode(std::string_view text, std::byte* to) {
  // The vectors stop some way before the end; the last way then goes as far as there are whole groups.
  std::size_t done = detail::best_base64_blocks().decode(text, to);
  done += detail::base64_block_ways().back().decode(text.substr(done), to + done / 4 * 3);
  const auto end = decode_carefully(text.substr(done), to + done / 4 * 3, done);
  if (!end) return std::unexpected(end.error());
  return static_cast<std::size_t>(*end - to);
}

}  // namespace engine
