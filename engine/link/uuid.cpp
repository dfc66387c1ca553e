// See uuid.hpp.
#include <engine/link/uuid.hpp>

#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

namespace engine {

std::array<std::byte, 16> random_uuid() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::array<std::uint64_t, 2> words{random(), random()};
  std::array<std::byte, 16> bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  return bytes;
}

std::string hex_text(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

std::string uuid_text(std::span<const std::byte> bytes) {
  std::string text = hex_text(bytes);
  for (const std::size_t hyphen : {20, 16, 12, 8})  // from the end, so that the places stay
    if (text.size() > hyphen) text.insert(hyphen, 1, '-');
  return text;
}

}  // namespace engine
