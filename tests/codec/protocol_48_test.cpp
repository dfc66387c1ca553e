// The 24 bytes of protocol 48's header: every field at its place, the checksum of Pyro's own example, and each fault in Pyro's
// order and words.
#include <codec/protocol_48.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include <codec/endian.hpp>
#include <tests/codec/captures.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

namespace capture = test::capture;

using header_bytes = std::array<std::byte, protocol_48::header_size>;

header_bytes written(const protocol_48::header& h) {
  header_bytes bytes{};
  protocol_48::write(h, reinterpret_cast<char*>(bytes.data()));
  return bytes;
}

std::string hex(const header_bytes& bytes) { return test::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }

header_bytes header_of(std::string_view capture) {
  header_bytes bytes{};
  std::ranges::copy_n(test::from_hex(capture).begin(), bytes.size(), bytes.begin());
  return bytes;
}

/// Sets the checksum right again after a field was changed by hand.
void add_up(header_bytes& bytes) {
  std::uint32_t sum = 0x34e9 + load_big<std::uint32_t>(bytes.data() + 12);
  for (const int field : {4, 6, 8, 10, 16, 18}) sum += load_big<std::uint16_t>(bytes.data() + field);
  store_big(bytes.data() + 22, static_cast<std::uint16_t>(sum));
}

std::string refusal(const header_bytes& bytes) {
  const auto read = protocol_48::read(bytes);
  if (read) return "";
  EXPECT_EQ(read.error().type, wire_class::protocol_error);
  return read.error().text;
}

TEST(Protocol48, writes_the_checksum_of_pyros_example) {
  const auto bytes = written({.type = message::connect, .flags = 16, .serializer = 1, .data_length = 64, .annotations_length = 22});
  EXPECT_EQ(hex(bytes), "50 59 52 4f 00 30 00 01 00 10 00 00 00 00 00 40 00 01 00 16 00 00 35 81");
}

TEST(Protocol48, puts_every_field_at_its_place) {
  const auto bytes = written({.type = message::result, .flags = 0x0102, .sequence = 0x0304, .serializer = 0x0506,
                              .data_length = 0x0708090a, .annotations_length = 0x0b0c});
  EXPECT_EQ(hex(bytes).substr(0, 66), "50 59 52 4f 00 30 00 05 01 02 03 04 07 08 09 0a 05 06 0b 0c 00 00 ");
}

TEST(Protocol48, reads_what_it_wrote_at_the_edges_of_every_field) {
  for (const std::uint16_t edge : {0, 1, 0x7fff, 0x8000, 0xffff}) {
    for (const std::uint32_t length : {0u, 0xffffu, 0x10000u, 0x7fffffffu}) {
      const protocol_48::header h{.type = message::ping, .flags = edge, .sequence = static_cast<std::uint16_t>(~edge), .serializer = edge,
                                  .data_length = length, .annotations_length = edge};
      const auto read = protocol_48::read(written(h));
      ASSERT_TRUE(read) << read.error().text;
      EXPECT_EQ(read->type, message::ping);
      EXPECT_EQ(read->flags, h.flags);
      EXPECT_EQ(read->sequence, h.sequence);
      EXPECT_EQ(read->serializer, h.serializer);
      EXPECT_EQ(read->data_length, h.data_length);
      EXPECT_EQ(read->annotations_length, h.annotations_length);
    }
  }
}

TEST(Protocol48, writes_the_headers_pyro_wrote) {
  for (const auto dump : {capture::connect, capture::connect_ok, capture::connect_fail, capture::invoke, capture::result, capture::oneway,
                          capture::ping, capture::blob}) {
    const header_bytes theirs = header_of(dump);
    const auto read = protocol_48::read(theirs);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(hex(written(*read)), hex(theirs));
  }
}

TEST(Protocol48, refuses_what_does_not_begin_like_a_message) {
  for (const std::size_t at : {0u, 1u, 2u, 3u}) {
    header_bytes bytes = header_of(capture::connect);
    bytes[at] ^= std::byte{0x20};
    EXPECT_EQ(refusal(bytes), "invalid data or unsupported protocol version") << at;
  }
  header_bytes http{};
  std::ranges::copy(test::as_bytes("GET /pyro/ HTTP/1.1\r\nHos"), http.begin());
  EXPECT_EQ(refusal(http), "invalid data or unsupported protocol version");
  EXPECT_EQ(refusal(header_bytes{}), "invalid data or unsupported protocol version");
}

TEST(Protocol48, refuses_other_versions) {
  for (const std::uint16_t version : {0, 47, 49, 502, 0x3000}) {
    header_bytes bytes = header_of(capture::connect);
    store_big(bytes.data() + 4, version);
    add_up(bytes);
    EXPECT_EQ(refusal(bytes), "invalid data or unsupported protocol version") << version;
  }
}

TEST(Protocol48, refuses_any_changed_bit_the_checksum_covers) {
  for (std::size_t bit = 6 * 8; bit < 24 * 8; ++bit) {
    if (bit / 8 == 20 || bit / 8 == 21) continue;  // reserved
    if (bit / 8 == 12 || bit / 8 == 13) continue;  // multiples of 65536 do not change the sum
    header_bytes bytes = header_of(capture::invoke);
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    EXPECT_EQ(refusal(bytes), "header checksum mismatch") << "bit " << bit;
  }
}

// Pyro itself has no words for this; it comes after what Pyro does check.
TEST(Protocol48, refuses_a_negative_length_once_the_checksum_is_right) {
  header_bytes bytes = header_of(capture::invoke);
  store_big(bytes.data() + 12, std::uint32_t{0x80000000});
  add_up(bytes);
  EXPECT_EQ(refusal(bytes), "invalid data or unsupported protocol version");
  bytes[23] ^= std::byte{1};
  EXPECT_EQ(refusal(bytes), "header checksum mismatch");
}

TEST(Protocol48, ignores_the_reserved_bytes) {
  header_bytes bytes = header_of(capture::connect);
  store_big(bytes.data() + 20, std::uint16_t{0xffff});
  EXPECT_EQ(refusal(bytes), "");
}

TEST(Protocol48, takes_types_and_flags_it_does_not_know) {
  header_bytes bytes = header_of(capture::result);
  store_big(bytes.data() + 6, std::uint16_t{99});
  store_big(bytes.data() + 8, std::uint16_t{0xff80});
  add_up(bytes);
  const auto read = protocol_48::read(bytes);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(static_cast<int>(read->type), 99);
  EXPECT_EQ(read->flags, 0xff80);
}

TEST(Protocol48, repeats_a_header_with_another_number_and_length_as_if_it_were_written_anew) {
  for (const std::uint16_t flags : {0, 0x4, 0xffff}) {
    for (const std::uint16_t serializer : {1, 6, 0xffff}) {
      const protocol_48::repeated_header again({.type = message::invoke, .flags = flags, .sequence = 7, .serializer = serializer, .data_length = 99});
      for (const std::uint16_t sequence : {0, 1, 0x7fff, 0xffff}) {
        for (const std::uint32_t length : {0U, 1U, 0xffffU, 0x10000U, 0x7fffffffU}) {
          header_bytes bytes{};
          again.write_to(reinterpret_cast<char*>(bytes.data()), sequence, length);
          EXPECT_EQ(hex(bytes), hex(written({.type = message::invoke, .flags = flags, .sequence = sequence, .serializer = serializer, .data_length = length})));
        }
      }
    }
  }
}

}  // namespace
}  // namespace engine
