// See protocol_48.hpp.
#include <codec/protocol_48.hpp>

namespace engine::protocol_48 {

namespace {

std::unexpected<decode_error> refuse(const char* text, std::size_t offset) {
  return std::unexpected(decode_error{wire_class::protocol_error, text, offset});
}

}  // namespace

std::expected<header, decode_error> read(std::span<const std::byte, header_size> bytes) {
  const std::byte* from = bytes.data();
  header h;
  if (!read_fields(from, h)) {
    if (load_big<std::uint32_t>(from) == tag && load_big<std::uint16_t>(from + 4) == version) return refuse("header checksum mismatch", 22);
    return refuse("invalid data or unsupported protocol version", 0);
  }
  if (h.data_length > 0x7fffffffu) return refuse("invalid data or unsupported protocol version", 12);
  return h;
}

}  // namespace engine::protocol_48
