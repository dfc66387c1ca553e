// The server's half of the handshake on bytes alone: every refusal of WIRE §3.3 word for word, and the shape of §3.2.
#include <engine/object/welcome.hpp>

#include <engine/io/log.hpp>

#include "dispatch_support.hpp"

namespace engine::test {
namespace {

class welcoming : public dispatching {
 protected:
  answer greet(std::string_view bytes) {
    frame_reader reader;
    reader.set_hmac_key(host.hmac_key);
    reader.feed(as_bytes(bytes));
    const auto request = reader.next();
    EXPECT_TRUE(request && *request);
    output out;
    accepted = welcome(**request, peer, host, dispatch.codecs(), validate, out);
    const auto all = frames_in(flat(out), host.hmac_key);
    if (all.size() != 1) throw std::runtime_error("not one answer");
    EXPECT_EQ(all[0].type == message::connect_ok, accepted);
    return all[0];
  }
  /// The reason of a refusal in the given serializer.
  std::string refusal(std::string_view bytes, std::uint16_t serializer, std::uint16_t sequence) {
    const answer a = greet(bytes);
    EXPECT_EQ(a.type, message::connect_fail);
    EXPECT_EQ(a.flags, 0);
    EXPECT_EQ(a.serializer, serializer);
    EXPECT_EQ(a.sequence, sequence);
    EXPECT_EQ(a.has("CORR"), serializer != 3);
    return a.body().as<std::string>();
  }
  static std::string connect(std::string_view body, std::uint16_t flags = flag::metadata, std::uint16_t serializer = 1) {
    return frame_of(body, {.type = message::connect, .flags = flags, .sequence = 3, .serializer = serializer});
  }

  handshake_validator validate{};
  bool accepted = false;
};

TEST_F(welcoming, with_metadata_the_answer_says_what_the_object_offers) {
  const answer a = greet(connect_frame("thing"));
  EXPECT_EQ(a.flags, flag::metadata);
  EXPECT_EQ(a.serializer, 1);
  EXPECT_EQ(a.annotations.at("CORR").size(), 16u);
  EXPECT_FALSE(a.has(own_annotation));
  const value body = a.body();
  ASSERT_EQ(body.entries().size(), 2u);
  EXPECT_EQ(body.entries()[0].key, value("handshake"));
  EXPECT_EQ(body["handshake"], value("hello"));
  const auto meta = body["meta"].entries();
  ASSERT_EQ(meta.size(), 3u);
  EXPECT_EQ(meta[0].key, value("methods"));
  EXPECT_EQ(meta[1].key, value("oneway"));
  EXPECT_EQ(meta[2].key, value("attrs"));
  for (const auto& [key, names] : meta) EXPECT_EQ(names.kind(), kind::list);
  EXPECT_EQ(meta[1].item, value(value::list{"fire"}));
  EXPECT_EQ(meta[2].item, value(value::list{"fixed", "label", "mood", "serial", "temperature"}));
  const auto methods = meta[0].item.as<std::set<std::string>>();
  EXPECT_TRUE(methods.contains("__len__"));
  EXPECT_TRUE(methods.contains("fire"));
  EXPECT_FALSE(methods.contains("_hidden"));
  EXPECT_FALSE(methods.contains("label"));
  EXPECT_EQ(peer.object_id, "thing");
}

TEST_F(welcoming, without_metadata_the_answer_is_the_handshakes_alone) {
  const answer a = greet(connect("{'handshake':'hello'}", 0));
  EXPECT_EQ(a.flags, 0);
  EXPECT_EQ(a.body(), value("hello"));
  EXPECT_EQ(a.sequence, 3);
  EXPECT_EQ(peer.object_id, "");
}

TEST_F(welcoming, the_callers_correlation_id_comes_back) {
  const answer a = greet(frame_of("{'handshake':'hello'}", {.type = message::connect, .annotations = {{"CORR", "0123456789abcdef"}}}));
  EXPECT_EQ(a.annotations.at("CORR"), "0123456789abcdef");
}

TEST_F(welcoming, our_own_programs_know_each_other) {
  const answer a = greet(frame_of("{'handshake':'hello','object':'thing'}",
                                  {.type = message::connect, .flags = flag::metadata, .annotations = {{std::string(own_annotation), "1"}}}));
  EXPECT_TRUE(a.has(own_annotation));
  EXPECT_TRUE(peer.own_peer);
}

TEST_F(welcoming, refusals_are_pyros_word_for_word) {
  const log_capture log;
  EXPECT_EQ(refusal(frame_of("x", {.type = message::invoke, .sequence = 3}), 3, 3), "invalid msg type 4 received");
  EXPECT_EQ(refusal(frame_of("ping", {.type = message::ping, .sequence = 0, .serializer = 42}), 3, 0), "invalid msg type 6 received");
  EXPECT_EQ(refusal(connect("x", 0, 5), 3, 3), "message used serializer that is not accepted: 5");
  EXPECT_EQ(refusal(connect("x", 0, 6), 3, 3), "message used serializer that is not accepted: 6");
  EXPECT_EQ(refusal(connect("{", 0), 1, 3), "'{' was never closed (<unknown>, line 1)");
  EXPECT_EQ(refusal(connect("{'object':'thing'}"), 1, 3), "'handshake'");
  EXPECT_EQ(refusal(connect("{'handshake':'hello'}"), 1, 3), "'object'");
  EXPECT_EQ(refusal(connect("{'handshake':'hello','object':'nobody'}"), 1, 3), "unknown object");
  EXPECT_EQ(refusal(connect("{'handshake':'hello','object':17}"), 1, 3), "unknown object");
  EXPECT_NE(refusal(connect("17"), 1, 3), "");
  for (const char* reason : {"invalid msg type 4 received", "unknown object", "'handshake'"})
    EXPECT_TRUE(log.has(std::string("tester: connection refused: ") + reason)) << reason;
}

TEST_F(welcoming, the_validator_answers_or_refuses) {
  validate = [](const std::string& who, const value& handshake) -> value {
    EXPECT_EQ(who, "tester");
    if (handshake == value("secret")) return value::list{1, 2};
    if (handshake == value("number")) throw 17;
    throw std::runtime_error("no entry");
  };
  EXPECT_EQ(greet(connect("{'handshake':'secret'}", 0)).body(), value(value::list{1, 2}));
  EXPECT_EQ(greet(connect("{'handshake':'secret','object':'thing'}")).body()["handshake"], value(value::list{1, 2}));
  EXPECT_EQ(refusal(connect("{'handshake':'hello'}", 0), 1, 3), "no entry");
  EXPECT_EQ(refusal(connect("{'handshake':'number'}", 0), 1, 3), "an exception that is no std::exception");
}

TEST_F(welcoming, an_answer_that_cannot_be_written_refuses) {
  validate = [](const std::string&, const value&) -> value { return value_without_text(); };
  EXPECT_NE(refusal(connect("{'handshake':'hello'}", 0), 1, 3), "");
}

TEST_F(welcoming, with_a_key_answers_and_refusals_are_signed) {
  host.hmac_key = "secr3t";
  const message_options signed_one{.type = message::connect, .hmac_key = "secr3t"};
  EXPECT_TRUE(greet(frame_of("{'handshake':'hello'}", signed_one)).has("HMAC"));
  EXPECT_TRUE(greet(frame_of("{}", signed_one)).has("HMAC"));
}

TEST_F(welcoming, bytes_that_are_no_message_are_refused_in_marshal_with_what_was_read) {
  output out;
  refuse("invalid data or unsupported protocol version", nullptr, host, out);
  // WIRE §3.4's capture.
  EXPECT_EQ(to_hex(flat(out)),
            "50 59 52 4f 00 30 00 03 00 00 00 00 00 00 00 2e 00 03 00 00 00 00 35 4d fa 2c 69 6e 76 61 6c 69 64 20 64 61 74 61 20 6f 72 20 75 6e "
            "73 75 70 70 6f 72 74 65 64 20 70 72 6f 74 6f 63 6f 6c 20 76 65 72 73 69 6f 6e");
  output other;
  const frame echo{.sequence = 77};
  refuse("x", &echo, host, other);
  EXPECT_EQ(frames_in(flat(other)).at(0).sequence, 77);
}

TEST_F(welcoming, long_or_foreign_reasons_are_long_marshal_strings) {
  const auto body = [this](std::string_view reason) {
    output out;
    refuse(reason, nullptr, host, out);
    return frames_in(flat(out)).at(0).payload;
  };
  EXPECT_EQ(to_hex(body("é")), "f5 02 00 00 00 c3 a9");
  EXPECT_TRUE(to_hex(body(std::string(300, 'x'))).starts_with("f5 2c 01 00 00 78 78"));
}

}  // namespace
}  // namespace engine::test
