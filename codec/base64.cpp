// Both ways are driven by tables made at compile time: 12 bits at once to two characters, and four characters at once back
// to 24 bits, where a character outside the alphabet sets a bit above them.
#include <codec/base64.hpp>

#include <array>
#include <cstdint>
#include <cstring>

namespace engine {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t foreign = 0x01000000;

constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return table;
}();

constexpr auto sextets = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (auto& column : table) column.fill(foreign);
  for (std::uint32_t i = 0; i < 64; ++i)
    for (unsigned place = 0; place < 4; ++place)
      table[place][static_cast<unsigned char>(alphabet[i])] = i << (18 - 6 * place);
  return table;
}();

std::uint32_t quad(const char* text) {
  const auto byte = [text](int i) { return static_cast<unsigned char>(text[i]); };
  return sextets[0][byte(0)] | sextets[1][byte(1)] | sextets[2][byte(2)] | sextets[3][byte(3)];
}

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
    const std::uint32_t sextet = sextets[3][static_cast<unsigned char>(c)];
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
  std::byte* const start = to;
  std::size_t done = 0;
  for (; done + 4 <= text.size(); done += 4) {
    const std::uint32_t bits = quad(text.data() + done);
    if (bits & foreign) break;
    to = put(to, bits);
  }
  const auto end = decode_carefully(text.substr(done), to, done);
  if (!end) return std::unexpected(end.error());
  return static_cast<std::size_t>(*end - start);
}

}  // namespace engine
