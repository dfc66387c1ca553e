#include <tests/support/encoded.hpp>

#include <charconv>

namespace engine::test {

std::string flat(const output& out) {
  std::string all;
  out.each_since({}, [&](std::span<const std::byte> run) { all.append(reinterpret_cast<const char*>(run.data()), run.size()); });
  return all;
}

bytes from_hex(std::string_view hex) {
  bytes data;
  for (std::size_t i = 0; i + 1 < hex.size();) {
    if (hex[i] == ' ') {
      ++i;
      continue;
    }
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    data.push_back(static_cast<std::byte>(byte));
    i += 2;
  }
  return data;
}

std::string to_hex(std::string_view data) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    if (!hex.empty()) hex += ' ';
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace engine::test
