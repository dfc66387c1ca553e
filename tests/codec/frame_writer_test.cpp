// What leaves us: Pyro's captured messages again, byte for byte, written by frame_writer and the serializers' writers; then
// annotations, limits, the HMAC of the reference and compression.
#include <codec/frame_writer.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <codec/digest.hpp>
#include <codec/serializer.hpp>
#include <tests/codec/captures.hpp>
#include <tests/codec/frame_support.hpp>

namespace engine {
namespace {

namespace capture = test::capture;

using test::correlation;
using test::frame_bytes;
using test::try_frame;
using test::with_correlation;

/// A frame whose payload `write` writes with a serializer, as everything above the codec does it.
template <class Write> std::string written(const frame_options& options, Write write, const serializer& format = serpent()) {
  output out;
  const annotation corr{"CORR", test::as_bytes(correlation)};
  frame_writer frame(out, options, std::span(&corr, 1));
  const auto to = format.make_writer();
  to->start(out);
  write(*to);
  EXPECT_TRUE(to->ok()) << to->error().text;
  EXPECT_TRUE(frame.finish());
  return test::flat(out);
}

std::string hex_of(std::string_view capture) { return test::to_hex(test::dump(capture)); }

void write_connect(writer& to) {
  to.begin(kind::dict, 2);
  for (const std::string_view text : {"handshake", "hello", "object", "thing"}) to.string(text);
  to.end();
}

void write_names(writer& to, std::string_view key, const std::vector<std::string_view>& names) {
  to.string(key);
  to.begin(kind::list, names.size());
  for (const auto name : names) to.string(name);
  to.end();
}

void write_call(writer& to) {
  to.begin_call("thing", "add", 1);
  to.signed_integer(1);
  to.begin_keywords(1);
  to.string("b");
  to.signed_integer(2);
  to.end_call();
}

TEST(FrameWriter, writes_pyros_connect) {
  const auto bytes = written({.type = message::connect, .flags = flag::metadata, .serializer = 1}, write_connect);
  EXPECT_EQ(test::to_hex(bytes), hex_of(capture::connect));
}

TEST(FrameWriter, writes_pyros_connect_ok) {
  const auto bytes = written({.type = message::connect_ok, .flags = flag::metadata, .serializer = 1}, [](writer& to) {
    to.begin(kind::dict, 2);
    for (const std::string_view text : {"handshake", "hello", "meta"}) to.string(text);
    to.begin(kind::dict, 3);
    write_names(to, "methods", {"gen", "err", "__len__", "div", "fire", "none", "add", "echo", "one", "prox"});
    write_names(to, "oneway", {"fire"});
    write_names(to, "attrs", {"value"});
    to.end();
    to.end();
  });
  EXPECT_EQ(test::to_hex(bytes), hex_of(capture::connect_ok));
}

TEST(FrameWriter, writes_pyros_connect_fail) {
  const std::string marshal = test::dump("fa 2c") + "invalid data or unsupported protocol version";
  const auto bytes = frame_bytes({.type = message::connect_fail, .serializer = 3}, marshal);
  EXPECT_EQ(test::to_hex(bytes), hex_of(capture::connect_fail));
}

TEST(FrameWriter, writes_pyros_call_and_result) {
  const auto call = written({.type = message::invoke, .sequence = 1, .serializer = 1}, write_call);
  EXPECT_EQ(test::to_hex(call), hex_of(capture::invoke));
  const auto result = written({.type = message::result, .sequence = 1, .serializer = 1}, [](writer& to) { to.signed_integer(3); });
  EXPECT_EQ(test::to_hex(result), hex_of(capture::result));
}

TEST(FrameWriter, writes_pyros_oneway_call) {
  const auto bytes = written({.type = message::invoke, .flags = flag::oneway, .sequence = 3, .serializer = 1}, [](writer& to) {
    to.begin_call("thing", "fire", 1);
    to.string("x");
    to.begin_keywords(0);
    to.end_call();
  });
  EXPECT_EQ(test::to_hex(bytes), hex_of(capture::oneway));
}

TEST(FrameWriter, writes_pyros_ping) {
  EXPECT_EQ(test::to_hex(frame_bytes({.type = message::ping, .serializer = 42}, "ping")), hex_of(capture::ping));
}

TEST(FrameWriter, writes_the_same_messages_in_msgpack) {
  const auto payload_of = [](auto write) {
    return test::to_hex(test::read_frame(written({.type = message::invoke, .serializer = 6}, write, msgpack())).value().payload);
  };
  EXPECT_EQ(payload_of(write_connect), capture::msgpack_connect);
  EXPECT_EQ(payload_of(write_call), capture::msgpack_invoke);
  EXPECT_EQ(payload_of([](writer& to) { to.signed_integer(3); }), capture::msgpack_result);
}

TEST(FrameWriter, counts_borrowed_blocks_in_the_length) {
  const std::string mine = "abc", theirs(1000, 't');
  output out;
  out.append("before");
  frame_writer frame(out, {.type = message::result, .sequence = 9, .serializer = 6});
  out.append(mine);
  out.borrow(test::as_bytes(theirs));
  out.append('z');
  ASSERT_TRUE(frame.finish());
  EXPECT_EQ(test::flat(out), "before" + frame_bytes({.sequence = 9, .serializer = 6}, mine + theirs + "z"));
}

TEST(FrameWriter, takes_annotations_up_to_their_limit_and_no_further) {
  const test::annotation_list full = {{"AAAA", std::string(65535 - 12, 'a')}, {"BBBB", ""}};
  const auto read = test::read_frame(frame_bytes({}, "", full));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->annotations, full);
  const auto refused = try_frame({}, "", {{"AAAA", std::string(65535 - 12, 'a')}, {"BBBB", "b"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, wire_class::protocol_error);
}

TEST(FrameWriter, refuses_keys_that_are_not_four_ascii_characters) {
  for (const std::string key : {"", "ABC", "ABCDE"}) {
    const auto refused = try_frame({}, "", {{key, "x"}});
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(test::words(refused.error()), "ProtocolError: annotation key must be of length 4");
  }
  const auto refused = try_frame({}, "", {{"\xc3\xa9\xc3\xa9", "x"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(test::words(refused.error()), "ProtocolError: annotation key must be ASCII");
}

TEST(FrameWriter, leaves_the_output_as_it_was_when_it_refuses) {
  const std::string block(500, 'b');
  output out;
  out.append("kept");
  {
    frame_writer frame(out, {});
    out.append("payload");
    out.borrow(test::as_bytes(block));
    const auto refused = frame.finish({.message_size = 506});
    ASSERT_FALSE(refused);
    EXPECT_EQ(test::words(refused.error()), "MessageTooLargeError: max message size exceeded (507 where max=506)");
  }
  EXPECT_EQ(test::flat(out), "kept");
  frame_writer cancelled(out, {});
  out.borrow(test::as_bytes(block));
  cancelled.cancel();
  EXPECT_EQ(test::flat(out), "kept");
}

TEST(FrameWriter, counts_annotations_and_data_against_the_message_size) {
  EXPECT_TRUE(try_frame({}, std::string(78, 'x'), with_correlation, {.message_size = 100}));
  const auto refused = try_frame({}, std::string(79, 'x'), with_correlation, {.message_size = 100});
  ASSERT_FALSE(refused);
  EXPECT_EQ(test::words(refused.error()), "MessageTooLargeError: max message size exceeded (101 where max=100)");
}

TEST(FrameWriter, refuses_a_payload_of_more_than_2_gib) {
  // The same bytes over and over: nobody holds 2 GiB for this.
  const std::string piece(std::size_t{1} << 24, 'x');
  output out;
  frame_writer frame(out, {});
  for (int i = 0; i < 128; ++i) out.borrow(test::as_bytes(piece));
  const auto refused = frame.finish();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().type, wire_class::protocol_error);
  EXPECT_TRUE(out.empty());
}

TEST(FrameWriter, signs_as_pyro_does) {
  const std::string payload = "# serpent utf-8 python3.2\n('thing','one',(1,),{})";
  const auto bytes = frame_bytes({.type = message::invoke, .serializer = 1, .hmac = true}, payload, with_correlation, {.hmac_key = "secr3t"});
  const auto read = test::read_frame(bytes, {}, "secr3t");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->payload, payload);
  EXPECT_EQ(read->annotations, (test::annotation_list{{"CORR", correlation}, {"HMAC", test::dump("78c265e4e7078eb30d28cd94369633deb54f5bfa")}}));
}

TEST(FrameWriter, signs_what_leaves_and_not_what_came_in) {
  const std::string payload(5000, 'p');
  const auto bytes = frame_bytes({.hmac = true}, payload, {{"ZZZZ", "1"}, {"AAAA", "2"}}, {.compress = true, .hmac_key = "k"});
  EXPECT_LT(bytes.size(), 200u);
  const auto read = test::read_frame(bytes, {}, "k");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->payload, payload);
  const auto signed_bytes = bytes.substr(24 + 7 + 7 + 26);
  hmac_sha1 mac("k");
  mac.update(test::as_bytes(signed_bytes + "21"));
  EXPECT_EQ(read->annotations.back().second, test::text_of(mac.finish()));
}

// Python keeps annotations in a dict: it would not find a value that was replaced.
TEST(FrameWriter, signs_the_last_of_equal_keys) {
  const auto bytes = frame_bytes({.hmac = true}, "data", {{"AAAA", "old"}, {"AAAA", "new"}}, {.hmac_key = "k"});
  hmac_sha1 mac("k");
  mac.update(test::as_bytes("datanew"));
  EXPECT_EQ(test::read_frame(bytes, {}, "k").value().annotations.back().second, test::text_of(mac.finish()));
}

TEST(FrameWriter, compresses_from_200_bytes_on) {
  const auto flags_of = [](const std::string& payload) {
    const auto bytes = frame_bytes({.flags = flag::batch}, payload, {}, {.compress = true});
    const auto read = test::read_frame(bytes);
    EXPECT_EQ(read->payload, payload);
    return read->flags;
  };
  EXPECT_EQ(flags_of(std::string(199, 'x')), flag::batch);
  EXPECT_EQ(flags_of(std::string(200, 'x')), flag::batch | flag::compressed);
}

TEST(FrameWriter, compresses_only_when_asked_and_only_when_it_helps) {
  EXPECT_EQ(test::read_frame(frame_bytes({}, std::string(9999, 'x')))->flags, 0);
  std::string noise;
  for (std::uint32_t i = 1, x = 1; i <= 4096; ++i) noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  const auto bytes = frame_bytes({}, noise, {}, {.compress = true});
  EXPECT_EQ(bytes, frame_bytes({}, noise));
}

TEST(FrameWriter, compresses_borrowed_blocks_and_lets_their_owners_go) {
  const auto owner = std::make_shared<std::string>(3000, 'o');
  output out;
  frame_writer frame(out, {});
  out.append("own");
  out.borrow(test::as_bytes(*owner), owner);
  ASSERT_TRUE(frame.finish({.compress = true}));
  EXPECT_EQ(owner.use_count(), 1);
  EXPECT_EQ(test::read_frame(test::flat(out))->payload, "own" + *owner);
}

TEST(FrameWriter, measures_the_message_after_compression) {
  EXPECT_TRUE(try_frame({}, std::string(5000, 'x'), {}, {.message_size = 300, .compress = true}));
  EXPECT_FALSE(try_frame({}, std::string(5000, 'x'), {}, {.message_size = 300}));
}

}  // namespace
}  // namespace engine
