// What frame_reader refuses, in Pyro's order and words: headers, sizes, annotations, signatures, compressed payloads; and what
// is strange but good.
#include <codec/frame_reader.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include <codec/compress.hpp>
#include <codec/digest.hpp>
#include <codec/endian.hpp>
#include <tests/codec/captures.hpp>
#include <tests/codec/frame_support.hpp>

namespace engine {
namespace {

namespace capture = test::capture;

using test::as_bytes;
using test::dump;
using test::frame_bytes;
using test::refusal;
using test::with_correlation;

/// A frame whose annotation area is `area`, good or not.
std::string with_area(std::string_view area, std::string_view payload = "") {
  std::string bytes(protocol_48::header_size, '\0');
  protocol_48::write({.type = message::invoke, .sequence = 5, .serializer = 1, .data_length = static_cast<std::uint32_t>(payload.size()),
                      .annotations_length = static_cast<std::uint16_t>(area.size())},
                     bytes.data());
  return bytes + std::string(area) + std::string(payload);
}

std::string compressed_frame(std::string_view data) { return frame_bytes({.flags = flag::compressed, .sequence = 6}, data); }
std::string packed(std::string_view text, int level = 6) { return test::text_of(compress(as_bytes(text), level)); }

TEST(FrameReaderFaults, words_a_bad_header_as_pyro_does) {
  std::string bytes = dump(capture::connect);
  bytes[0] = 'X';
  EXPECT_EQ(refusal(bytes), "ProtocolError: invalid data or unsupported protocol version");
  bytes = dump(capture::connect);
  bytes[5] = 47;
  EXPECT_EQ(refusal(bytes), "ProtocolError: invalid data or unsupported protocol version");
  bytes[5] = 48;
  bytes[23] ^= 1;
  EXPECT_EQ(refusal(bytes), "ProtocolError: header checksum mismatch");
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: here\r\n\r\n"), "ProtocolError: invalid data or unsupported protocol version");
}

TEST(FrameReaderFaults, judges_the_header_before_the_size_and_the_size_before_the_rest) {
  std::string bytes = with_area("bad", std::string(1000, 'x'));
  EXPECT_EQ(refusal(bytes, {.message_size = 100}), "MessageTooLargeError: max message size exceeded (1003 where max=100)");
  EXPECT_EQ(refusal(bytes.substr(0, 24), {.message_size = 100}), "MessageTooLargeError: max message size exceeded (1003 where max=100)");
  bytes[23] ^= 1;
  EXPECT_EQ(refusal(bytes, {.message_size = 100}), "ProtocolError: header checksum mismatch");
}

TEST(FrameReaderFaults, cannot_judge_less_than_a_header) {
  frame_reader reader;
  reader.feed(as_bytes("GET / HTTP/1.1\r\n\r\n12345"));
  const auto next = reader.next();
  ASSERT_TRUE(next) << next.error().text;
  EXPECT_FALSE(*next);
  reader.feed(as_bytes("6"));
  EXPECT_FALSE(reader.next());
}

TEST(FrameReaderFaults, refuses_a_bad_frame_behind_good_ones_wherever_it_is_cut) {
  std::string bad = dump(capture::ping);
  bad[23] ^= 1;
  const std::string bytes = dump(capture::invoke) + bad;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    frame_reader reader;
    std::string fault;
    reader.feed(as_bytes(bytes).first(cut));
    std::size_t frames = test::drain(reader, &fault).size();
    if (fault.empty()) {
      reader.feed(as_bytes(bytes).subspan(cut));
      frames += test::drain(reader, &fault).size();
    }
    EXPECT_EQ(frames, 1u) << cut;
    EXPECT_EQ(fault, "ProtocolError: header checksum mismatch") << cut;
  }
}

TEST(FrameReaderFaults, counts_annotations_and_data_against_the_message_size) {
  const std::string bytes = frame_bytes({.sequence = 3}, std::string(78, 'x'), with_correlation);
  EXPECT_EQ(refusal(bytes, {.message_size = 100}), "");
  EXPECT_EQ(refusal(bytes, {.message_size = 99}), "MessageTooLargeError: max message size exceeded (100 where max=99)");
}

TEST(FrameReaderFaults, keeps_the_header_of_what_it_refused) {
  frame_reader reader({.message_size = 10});
  EXPECT_FALSE(reader.refused());
  const std::string bytes = dump(capture::oneway);
  reader.feed(as_bytes(bytes));
  ASSERT_FALSE(reader.next());
  ASSERT_TRUE(reader.refused());
  EXPECT_EQ(reader.refused()->type, message::invoke);
  EXPECT_EQ(reader.refused()->flags, flag::oneway);
  EXPECT_EQ(reader.refused()->sequence, 3);
  EXPECT_EQ(reader.refused()->serializer, 1);
  frame_reader other;
  other.feed(as_bytes("not a header, certainly not a header"));
  ASSERT_FALSE(other.next());
  EXPECT_FALSE(other.refused());
}

TEST(FrameReaderFaults, refuses_annotations_that_do_not_add_up) {
  constexpr std::string_view text = "ProtocolError: malformed annotations";
  for (std::size_t trailing = 1; trailing < 6; ++trailing)
    EXPECT_EQ(refusal(with_area(dump("58595a5a 0001 61") + std::string(trailing, 'X'), "data")), text) << trailing;
  EXPECT_EQ(refusal(with_area(dump("58595a5a 0002 61"), "data")), text);
  EXPECT_EQ(refusal(with_area(dump("58595a5a ffff 61"), "data")), text);
  EXPECT_EQ(refusal(with_area(dump("c3a9c3a9 0001 61"), "data")), text);
  EXPECT_EQ(refusal(with_area(dump("58595a5a 0001 61"), "data")), "");
  EXPECT_EQ(refusal(with_area(dump("00010203 0000"), "data")), "");
}

TEST(FrameReaderFaults, lets_the_last_of_equal_annotations_win) {
  const std::string bytes = with_area(dump("58595a5a 0001 31 58595a5a 0001 32"));
  frame_reader reader;
  reader.feed(as_bytes(bytes));
  const auto next = reader.next();
  ASSERT_TRUE(next && *next);
  EXPECT_EQ(test::text_of(*(*next)->annotations.find("XYZZ")), "2");
}

// ---- signatures

const std::string signed_frame = frame_bytes({.type = message::invoke, .sequence = 2, .serializer = 1, .hmac = true},
                                             "# serpent utf-8 python3.2\n('thing','one',(1,),{})", with_correlation, {.hmac_key = "secr3t"});

TEST(FrameReaderFaults, takes_the_signature_pyro_made) {
  const std::string area = "CORR" + dump("0010") + test::correlation + "HMAC" + dump("0014 78c265e4e7078eb30d28cd94369633deb54f5bfa");
  const std::string bytes = with_area(area, "# serpent utf-8 python3.2\n('thing','one',(1,),{})");
  EXPECT_EQ(refusal(bytes, {}, "secr3t"), "");
  EXPECT_EQ(refusal(bytes, {}, "secret"), "SecurityError: message hmac mismatch");
}

TEST(FrameReaderFaults, finds_any_change_of_what_is_signed) {
  for (std::size_t at = 24; at < signed_frame.size(); ++at) {
    std::string bytes = signed_frame;
    bytes[at] ^= 1;
    const std::string text = refusal(bytes, {}, "secr3t");
    const bool corr_key = at < 28, lengths = at == 28 || at == 29 || at == 50 || at == 51, hmac_key = at >= 46 && at < 50;
    if (corr_key) EXPECT_EQ(text, "") << at;  // keys are not signed, only their order
    else if (hmac_key) EXPECT_EQ(text, "SecurityError: hmac key config not symmetric") << at;
    else if (lengths) EXPECT_NE(text, "") << at;
    else EXPECT_EQ(text, "SecurityError: message hmac mismatch") << at;
  }
}

TEST(FrameReaderFaults, wants_a_signature_exactly_when_it_has_a_key) {
  EXPECT_EQ(refusal(signed_frame), "SecurityError: hmac key config not symmetric");
  EXPECT_EQ(refusal(dump(capture::invoke), {}, "secr3t"), "SecurityError: hmac key config not symmetric");
  EXPECT_EQ(refusal(dump(capture::ping), {}, "secr3t"), "SecurityError: hmac key config not symmetric");
  EXPECT_EQ(refusal(dump(capture::ping)), "");
}

TEST(FrameReaderFaults, uses_a_new_key_from_the_next_frame_on) {
  const std::string bytes = dump(capture::ping) + signed_frame;
  frame_reader reader;
  reader.feed(as_bytes(bytes));
  ASSERT_TRUE(reader.next().has_value());
  reader.set_hmac_key("secr3t");
  const auto next = reader.next();
  ASSERT_TRUE(next) << next.error().text;
  EXPECT_EQ((*next)->sequence, 2);
}

TEST(FrameReaderFaults, checks_the_signature_before_it_inflates) {
  const std::string bytes = frame_bytes({.flags = flag::compressed, .hmac = true}, "not zlib", {}, {.hmac_key = "k"});
  EXPECT_EQ(refusal(bytes, {}, "other"), "SecurityError: message hmac mismatch");
  EXPECT_EQ(refusal(bytes, {}, "k").substr(0, 11), "ValueError:");
}

TEST(FrameReaderFaults, checks_signatures_of_large_and_of_joined_frames) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{300000}}) {
    std::string bytes = frame_bytes({.hmac = true}, std::string(size, 'x'), {}, {.hmac_key = "k"});
    for (const bool good : {true, false}) {
      if (!good) bytes.back() ^= 1;
      frame_reader reader;
      reader.set_hmac_key("k");
      reader.feed(as_bytes(bytes).first(100));
      ASSERT_FALSE(*reader.next());
      reader.feed(as_bytes(bytes).subspan(100));
      const auto next = reader.next();
      EXPECT_EQ(next ? "" : test::words(next.error()), good ? "" : "SecurityError: message hmac mismatch");
    }
  }
}

// ---- compressed payloads

TEST(FrameReaderFaults, inflates_any_level_whatever_our_own_setting) {
  const std::string text(3000, 't');
  for (int level = 0; level <= 9; ++level) EXPECT_EQ(test::read_frame(compressed_frame(packed(text, level)))->payload, text) << level;
  EXPECT_EQ(test::read_frame(compressed_frame(packed("")))->payload, "");
}

TEST(FrameReaderFaults, leaves_annotations_as_they_are) {
  const auto bytes = frame_bytes({.flags = flag::compressed}, packed("payload"), with_correlation);
  const auto read = test::read_frame(bytes);
  EXPECT_EQ(read->annotations, with_correlation);
  EXPECT_EQ(read->payload, "payload");
}

TEST(FrameReaderFaults, words_a_broken_stream_as_python_does) {
  const std::string good = packed(std::string(1000, 'a') + "end");
  std::string sum = good;
  sum.back() ^= 1;
  EXPECT_EQ(refusal(compressed_frame("not zlib at all")), "ValueError: Error -3 while decompressing data: incorrect header check");
  EXPECT_EQ(refusal(compressed_frame(good.substr(0, good.size() - 5))),
            "ValueError: Error -5 while decompressing data: incomplete or truncated stream");
  EXPECT_EQ(refusal(compressed_frame(sum)), "ValueError: Error -3 while decompressing data: incorrect data check");
  EXPECT_EQ(refusal(compressed_frame("")), "ValueError: Error -5 while decompressing data: incomplete or truncated stream");
}

TEST(FrameReaderFaults, stops_a_bomb_at_the_message_size) {
  const std::string bomb = compressed_frame(packed(std::string(std::size_t{8} << 20, '\0'), 9));
  ASSERT_LT(bomb.size(), 10000u);
  frame_reader reader({.message_size = 10000});
  reader.feed(as_bytes(bomb));
  const auto next = reader.next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().type, wire_class::message_too_large);
  EXPECT_LE(reader.memory(), 20000u);
  EXPECT_EQ(reader.refused()->sequence, 6);
  EXPECT_NE(refusal(bomb, {.inflated_size = (8 << 20) - 1}), "");
  EXPECT_EQ(refusal(bomb, {.inflated_size = 8 << 20}), "");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they need more address space than this test leaves
[[noreturn]] void read_with_little_memory() {
  std::string header(protocol_48::header_size, '\0');
  protocol_48::write({.type = message::invoke, .sequence = 5, .serializer = 1, .data_length = 0x7fffffff}, header.data());
  const rlimit little{.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
  ::setrlimit(RLIMIT_AS, &little);
  frame_reader reader;
  reader.feed(as_bytes(header));
  const auto next = reader.next();
  std::_Exit(!next && next.error().type == wire_class::memory_error ? 0 : 1);
}

TEST(FrameReaderFaultsDeathTest, survives_a_system_that_refuses_the_memory_of_a_large_body) {
  EXPECT_EXIT(read_with_little_memory(), ::testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
}  // namespace engine
