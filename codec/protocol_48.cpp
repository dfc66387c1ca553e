// See protocol_48.hpp.
#include <codec/protocol_48.hpp>

#include <cstring>

#include <codec/endian.hpp>

namespace engine::protocol_48 {

namespace {

constexpr std::string_view tag = "PYRO";
constexpr std::uint32_t checksum_magic = 0x34e9;

std::uint16_t checksum(const header& h) {
  return static_cast<std::uint16_t>(static_cast<std::uint32_t>(h.type) + version + h.data_length + h.annotations_length + h.serializer +
                                    h.flags + h.sequence + checksum_magic);
}

std::unexpected<decode_error> refuse(const char* text, std::size_t offset) {
  return std::unexpected(decode_error{wire_class::protocol_error, text, offset});
}

}  // namespace

void write(const header& h, char* to) {
  std::memcpy(to, tag.data(), tag.size());
  store_big(to + 4, version);
  store_big(to + 6, static_cast<std::uint16_t>(h.type));
  store_big(to + 8, h.flags);
  store_big(to + 10, h.sequence);
  store_big(to + 12, h.data_length);
  store_big(to + 16, h.serializer);
  store_big(to + 18, h.annotations_length);
  store_big(to + 20, std::uint16_t{0});
  store_big(to + 22, checksum(h));
}

std::expected<header, decode_error> read(std::span<const std::byte, header_size> bytes) {
  const std::byte* from = bytes.data();
  if (std::memcmp(from, tag.data(), tag.size()) != 0 || load_big<std::uint16_t>(from + 4) != version)
    return refuse("invalid data or unsupported protocol version", 0);
  const header h{.type = static_cast<message>(load_big<std::uint16_t>(from + 6)),
                 .flags = load_big<std::uint16_t>(from + 8),
                 .sequence = load_big<std::uint16_t>(from + 10),
                 .serializer = load_big<std::uint16_t>(from + 16),
                 .data_length = load_big<std::uint32_t>(from + 12),
                 .annotations_length = load_big<std::uint16_t>(from + 18)};
  if (load_big<std::uint16_t>(from + 22) != checksum(h)) return refuse("header checksum mismatch", 22);
  if (h.data_length > 0x7fffffffu) return refuse("invalid data or unsupported protocol version", 12);
  return h;
}

}  // namespace engine::protocol_48
