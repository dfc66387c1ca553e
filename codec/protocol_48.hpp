// Pyro4's header (WIRE §2): the one place that knows its offsets and checksum. Pure functions over 24 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <span>
#include <string_view>

#include <codec/decode_error.hpp>
#include <codec/endian.hpp>
#include <codec/frame.hpp>

namespace engine::protocol_48 {

inline constexpr std::size_t header_size = 24;
inline constexpr std::uint16_t version = 48;
inline constexpr std::uint16_t ping_serializer = 42;
inline constexpr std::size_t annotations_max = 65535;

struct header {
  message type = message::invoke;
  std::uint16_t flags = 0;
  std::uint16_t sequence = 0;
  std::uint16_t serializer = 0;
  std::uint32_t data_length = 0;         ///< 0..0x7fffffff
  std::uint16_t annotations_length = 0;
};

inline constexpr std::uint32_t tag = 0x5059524f;  ///< "PYRO"

inline std::uint16_t checksum(const header& h) {
  constexpr std::uint32_t magic = 0x34e9;
  return static_cast<std::uint16_t>(static_cast<std::uint32_t>(h.type) + version + h.data_length + h.annotations_length + h.serializer +
                                    h.flags + h.sequence + magic);
}

/// The fields of 24 bytes, whatever they are: three words. Whether tag, version and checksum are right.
inline bool read_fields(const std::byte* from, header& h) {
  const auto first = load_big<std::uint64_t>(from), second = load_big<std::uint64_t>(from + 8), third = load_big<std::uint64_t>(from + 16);
  h.type = static_cast<message>(static_cast<std::uint16_t>(first));
  h.flags = static_cast<std::uint16_t>(second >> 48);
  h.sequence = static_cast<std::uint16_t>(second >> 32);
  h.data_length = static_cast<std::uint32_t>(second);
  h.serializer = static_cast<std::uint16_t>(third >> 48);
  h.annotations_length = static_cast<std::uint16_t>(third >> 32);
  return first >> 16 == (std::uint64_t{tag} << 16 | version) && static_cast<std::uint16_t>(third) == checksum(h);
}

/// Writes the 24 bytes with their checksum at `to`: three words, each made of the fields that lie in it.
inline void write(const header& h, char* to) {
  const auto word = [](std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) { return a << 48 | b << 32 | c << 16 | d; };
  store_big(to, word(tag >> 16, tag & 0xffff, version, static_cast<std::uint16_t>(h.type)));
  store_big(to + 8, std::uint64_t{h.flags} << 48 | std::uint64_t{h.sequence} << 32 | h.data_length);
  store_big(to + 16, word(h.serializer, h.annotations_length, 0, checksum(h)));
}

/// Headers that differ by number and length only.
class repeated_header {
 public:
  repeated_header() = default;
  /// Of `h` all but its number and length.
  explicit repeated_header(header h) {
    h.sequence = 0;
    h.data_length = 0;
    write(h, bytes_.data());
    flags_ = std::uint64_t{h.flags} << 48;
    last_ = load_big<std::uint64_t>(bytes_.data() + 16) & ~std::uint64_t{0xffff};
    checksum_ = checksum(h);
  }
  /// As write().
  void write_to(char* to, std::uint16_t sequence, std::uint32_t data_length) const {
    std::memcpy(to, bytes_.data(), 8);
    store_big(to + 8, flags_ | std::uint64_t{sequence} << 32 | data_length);
    store_big(to + 16, last_ | static_cast<std::uint16_t>(checksum_ + sequence + data_length));
  }

 private:
  std::array<char, header_size> bytes_{};
  std::uint64_t flags_ = 0, last_ = 0;  // what stands before the number, and before the checksum
  std::uint32_t checksum_ = 0;
};

/// Reads and checks 24 bytes. Errors, as Pyro words them: ProtocolError "invalid data or unsupported protocol version",
/// "header checksum mismatch", and for a negative length "invalid data or unsupported protocol version".
std::expected<header, decode_error> read(std::span<const std::byte, header_size>);

}  // namespace engine::protocol_48
