// Bad input over real sockets: each gets the answer or the closing of WIRE §3.3, §5.3, §5.4 and §14 and a log line; a well-behaved
// connection beside it never notices, and nothing leaks. For one core and two, over TCP, Unix sockets and shared memory.
#include <gtest/gtest.h>

#include <codec/compress.hpp>
#include <engine/io/log.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

struct setting {
  unsigned cores;
  bool unix_socket;
  bool shared = false;
};

class bad_input : public testing::TestWithParam<setting> {
 protected:
  bad_input() { start([](settings&) {}); }
  ~bad_input() override { everybody_is_gone(); }

  template <class Change> void start(Change change) {
    bystander_.reset();
    host_.reset();
    auto options = on_loopback(GetParam().cores);
    if (GetParam().unix_socket) {
      options.unix_only = true;
      options.unix_socket = abstract_name("bad");
    }
    change(*options.settings);
    if (GetParam().shared) options.settings->spin = 50us;
    descriptors_ = open_descriptors();
    host_ = std::make_unique<daemon>(options);
    host_->expose(other_, "other");  // lives on core 0, `thing` on the last one
    bystander_ = std::make_unique<proxy<thing>>(host_->expose(object, "thing"), quiet_proxy());
    EXPECT_EQ(bystander_->add(1, 2), 3);
  }
  raw_peer connect() {
    raw_peer p(*host_);
    p.shares_memory = GetParam().shared;
    return p;
  }
  raw_peer greeted(std::string_view id = "thing") {
    raw_peer p = connect();
    EXPECT_EQ(p.greet(id).type, message::connect_ok);
    return p;
  }
  void bystander_is_served() { EXPECT_EQ(bystander_->add(20, 2), 22); }
  void only_the_bystander_is_left() {
    bystander_is_served();
    EXPECT_TRUE(eventually([&] { return host_->connections() == 1; })) << host_->connections();
  }
  bool logged(const std::string& text) {
    return eventually([&] { return log.has(text); }, 5s);
  }
  void everybody_is_gone() {
    if (!host_) return;
    bystander_is_served();
    bystander_.reset();
    EXPECT_TRUE(eventually([&] { return host_->connections() == 0; })) << host_->connections();
    host_.reset();
    EXPECT_EQ(open_descriptors(), descriptors_);
  }
  /// What is refused before the handshake: a marshal text, and the end.
  void refused(std::string_view bytes, const std::string& reason, std::uint16_t sequence) {
    raw_peer p = connect();
    p.say(bytes);
    const auto a = p.hear();
    ASSERT_TRUE(a) << reason;
    EXPECT_EQ(a->type, message::connect_fail);
    EXPECT_EQ(a->serializer, 3);
    EXPECT_EQ(a->sequence, sequence);
    EXPECT_EQ(a->body(), value(reason));
    EXPECT_TRUE(p.closed_by_peer());
    p.vanish();  // else the daemon waits a second for us to say goodbye
    EXPECT_TRUE(logged("connection refused: " + reason)) << reason;
    only_the_bystander_is_left();
  }
  /// What ends a greeted connection without an answer.
  void ends(std::string_view bytes, const std::string& log_line) {
    raw_peer p = greeted();
    p.say(bytes);
    EXPECT_TRUE(p.closed_by_peer()) << log_line;
    p.vanish();
    EXPECT_TRUE(logged(log_line)) << log_line;
    only_the_bystander_is_left();
  }

  log_capture log;
  thing object, other_;
  std::unique_ptr<daemon> host_;
  std::unique_ptr<proxy<thing>> bystander_;
  std::size_t descriptors_ = 0;
};

std::string header_with(std::size_t at, std::string_view bytes, std::string frame = frame_of("('thing','add',(1,2),{})")) {
  return frame.replace(at, bytes.size(), bytes);
}

const std::string unsupported = "invalid data or unsupported protocol version";

TEST_P(bad_input, garbage_in_place_of_a_handshake) {
  refused("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", unsupported, 0);
  refused(std::string(24, '\0'), unsupported, 0);
  refused(std::string(5000, '\xff'), unsupported, 0);
  refused(header_with(4, std::string_view("\x00\x2f", 2), connect_frame("thing")), unsupported, 0);
  refused(header_with(4, std::string_view("\x01\xf6", 2), connect_frame("thing")), unsupported, 0);
}

TEST_P(bad_input, a_wrong_checksum_in_the_handshake) {
  const std::string good = connect_frame("thing", {.type = message::connect, .flags = flag::metadata, .sequence = 7});
  raw_peer p = connect();
  p.say(header_with(22, "xx", good));
  const auto a = p.hear();
  ASSERT_TRUE(a);
  EXPECT_EQ(a->body(), value("header checksum mismatch"));
  EXPECT_TRUE(p.closed_by_peer());
  EXPECT_TRUE(logged("connection refused: header checksum mismatch"));
}

TEST_P(bad_input, another_message_in_place_of_a_handshake) {
  refused(call_frame("thing", "add", "(1,2)", 9), "invalid msg type 4 received", 9);
  refused(frame_of("ping", {.type = message::ping, .sequence = 0, .serializer = 42}), "invalid msg type 6 received", 0);
  refused(frame_of("x", {.type = message::connect, .sequence = 8, .serializer = 5}), "message used serializer that is not accepted: 5", 8);
}

TEST_P(bad_input, handshakes_that_say_the_wrong_thing_are_refused_in_their_serializer) {
  const std::pair<const char*, const char*> table[] = {{"{'handshake':'hello','object':'nobody'}", "unknown object"},
                                                       {"{'handshake':'hello'}", "'object'"},
                                                       {"{'object':'thing'}", "'handshake'"},
                                                       {"{", "'{' was never closed (<unknown>, line 1)"}};
  for (const auto& [body, reason] : table) {
    raw_peer p = connect();
    p.say(frame_of(body, {.type = message::connect, .flags = flag::metadata}));
    const auto a = p.hear();
    ASSERT_TRUE(a) << reason;
    EXPECT_EQ(a->type, message::connect_fail);
    EXPECT_EQ(a->serializer, 1);
    EXPECT_EQ(a->body(), value(reason));
    EXPECT_TRUE(p.closed_by_peer());
    EXPECT_TRUE(logged(reason));
  }
  only_the_bystander_is_left();
}

TEST_P(bad_input, a_handshake_that_announces_gigabytes_is_not_waited_for) {
  raw_peer p = connect();
  p.say(std::string_view("PYRO\x00\x30\x00\x01\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x01\x00\x00\x00\x00\x35\x1a", 24));
  EXPECT_TRUE(p.closed_by_peer());
  p.vanish();
  EXPECT_TRUE(logged("connection refused: max message size exceeded (2147483647 where max=65536)"));
  only_the_bystander_is_left();
}

TEST_P(bad_input, broken_headers_end_a_connection_without_an_answer) {
  ends(header_with(22, "xx"), "header checksum mismatch");
  ends(header_with(4, std::string_view("\x00\x2f", 2)), unsupported);
  ends(std::string(100, 'x'), unsupported);
  ends(connect_frame("thing"), "invalid msg type 1 received");
  ends(frame_of("x", {.serializer = 77}), "message used serializer that is not accepted: 77");
  ends(header_with(28, std::string_view("\xff\xff", 2), frame_of("('thing','add',(1,2),{})", {.annotations = {{"XYZZ", "abc"}}})), "malformed annotations");
  ends(frame_of("('thing','add',(1,2),{})", {.hmac_key = "unexpected"}), "hmac key config not symmetric");
}

TEST_P(bad_input, a_body_that_does_not_parse_is_answered_and_the_connection_goes_on) {
  raw_peer p = greeted();
  for (const char* body : {"('thing','add',(1,2", "", "\x80\xff", "('thing',", "17", "('thing','add',(1,2),{},5)", "('thing','add',5,{})"}) {
    p.say(frame_of(body));
    const auto a = p.hear();
    ASSERT_TRUE(a) << body;
    EXPECT_EQ(a->flags, flag::exception) << body;
  }
  p.say(call_frame("thing", "echo", "(" + std::string(100'000, '[') + ",)"));
  EXPECT_EQ(p.hear()->flags, flag::exception);
  p.say(frame_of("not zlib", {.flags = flag::compressed}));
  EXPECT_TRUE(p.closed_by_peer());
  raw_peer again = greeted();
  again.say(call_frame("thing", "add", "(1,2)"));
  EXPECT_EQ(again.hear()->body(), value(3));
  bystander_is_served();
}

TEST_P(bad_input, hostile_msgpack_lengths_are_answered_without_the_memory) {
  const std::string hostile[] = {
      std::string("\x94\xa5thing\xa4" "echo\x91\xdd\x7f\xff\xff\xff", 19),   // an array of two thousand million
      std::string("\x94\xa5thing\xa4" "echo\x91\xc6\x7f\xff\xff\xff", 19),   // two gigabytes of bytes
      std::string("\x94\xa5thing\xa4" "echo\x91\xdf\x7f\xff\xff\xff", 19),   // a map
      "\x94\xa5thing\xa4" "echo\x91" + std::string(100'000, '\x91'),         // nesting
  };
  raw_peer p = connect();
  p.say(frame_of("{'handshake':'hello'}", {.type = message::connect, .annotations = {{"ENGN", "1"}}}));
  ASSERT_EQ(p.hear()->type, message::connect_ok);
  for (const std::string& body : hostile) {
    p.say(frame_of(body, {.serializer = 6}));
    const auto a = p.hear();
    ASSERT_TRUE(a);
    EXPECT_EQ(a->flags, flag::exception);
  }
  bystander_is_served();
}

TEST_P(bad_input, a_known_serializer_that_is_not_accepted_is_answered_and_closed) {
  raw_peer p(*host_);  // none of ours, which may use it
  EXPECT_EQ(p.greet("thing").type, message::connect_ok);
  p.say(frame_of("x", {.serializer = 6}));
  const auto a = p.hear();
  ASSERT_TRUE(a);
  EXPECT_EQ(a->serializer, 6);
  EXPECT_EQ(a->exception().text(), "message used serializer that is not accepted: 6");
  EXPECT_TRUE(p.closed_by_peer());
  p.vanish();
  only_the_bystander_is_left();
}

TEST_P(bad_input, frames_cut_anywhere_are_joined) {
  raw_peer p = greeted();
  const std::string all = call_frame("thing", "add", "(1,2)", 1) + call_frame("thing", "add", "(3,4)", 2);
  for (const char byte : all) p.say({&byte, 1});
  EXPECT_EQ(p.hear()->body(), value(3));
  EXPECT_EQ(p.hear()->body(), value(7));
}

TEST_P(bad_input, two_gigabytes_announced_cost_nothing_until_they_come) {
  raw_peer p = greeted();
  p.say(std::string_view("PYRO\x00\x30\x00\x04\x00\x00\x00\x01\x7f\xff\xff\xff\x00\x01\x00\x00\x00\x00\x35\x1e", 24));
  p.say("some of it");
  bystander_is_served();
  p.vanish();
  only_the_bystander_is_left();
}

TEST_P(bad_input, messages_above_the_maximum_end_the_connection) {
  start([](settings& s) { s.max_message_size = 1000; });
  ends(call_frame("thing", "text", "('" + std::string(2000, 'x') + "',)"), "max message size exceeded (");
  ends(call_frame("thing", "blob", "(5000,)"), "the answer cannot be sent: max message size exceeded (");
  raw_peer p = connect();
  p.say(connect_frame(std::string(2000, 'x')));
  EXPECT_TRUE(p.closed_by_peer());
  p.vanish();
  EXPECT_TRUE(logged("connection refused: max message size exceeded ("));
  only_the_bystander_is_left();
}

TEST_P(bad_input, a_daemon_and_a_proxy_may_have_bounds_of_their_own) {
  start([](settings& s) { s.decoding = {.depth = 4, .digits = 25, .elements = 12, .inflated = 4000}; });
  raw_peer p = greeted();
  const auto said = [&](const std::string& argument) {
    p.say(call_frame("thing", "echo", "(" + argument + ",)"));
    const auto a = p.hear();
    return a->flags == flag::exception ? a->exception().text() : to_repr(a->body());
  };
  EXPECT_EQ(said("[[1]]"), "[[1]]");
  EXPECT_EQ(said("[[[1]]]").substr(0, 27), "too many nested parentheses");
  EXPECT_EQ(said(std::string(25, '9')), std::string(25, '9'));
  EXPECT_EQ(said(std::string(26, '9')).substr(0, 37), "Exceeds the limit (25 digits) for int");
  EXPECT_EQ(said("[1,2,3,4,5,6,7,8,9]"), "more than 12 values in one message");
  p.vanish();
  const auto packed = compress(as_bytes("('thing','echo',('" + std::string(5000, 'x') + "',),{})"));
  ends(frame_of({reinterpret_cast<const char*>(packed.data()), packed.size()}, {.flags = flag::compressed}), "(more than 4000 after decompression)");
  proxy_options ours = quiet_proxy();
  ours.settings->decoding.elements = 3;
  proxy<thing> strict(host_->uri_for("thing"), ours);
  EXPECT_EQ(failure_text([&] { strict.echo(value::list{1, 2, 3}); }), "Pyro4.errors.SerializeError: more than 3 values in one message");
  bystander_is_served();
}

TEST_P(bad_input, handshakes_with_a_wrong_or_missing_digest_are_refused) {
  bystander_.reset();
  host_.reset();
  auto options = on_loopback(GetParam().cores);
  options.hmac_key = "secr3t";
  host_ = std::make_unique<daemon>(options);
  host_->expose(object, "thing");
  proxy_options ours = quiet_proxy();
  ours.hmac_key = "secr3t";
  bystander_ = std::make_unique<proxy<thing>>(host_->uri_for("thing"), ours);
  const auto reason = [&](const std::string& key) {
    proxy_options theirs = quiet_proxy();
    theirs.hmac_key = key;
    proxy<thing> p(host_->uri_for("thing"), theirs);
    try {
      p.add(1, 2);
      return std::string("accepted");
    } catch (const error& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(reason("secr3t"), "accepted");
  EXPECT_NE(reason("wrong"), "accepted");
  EXPECT_NE(reason(""), "accepted");
  raw_peer p = connect();
  p.say(connect_frame("thing"));
  EXPECT_FALSE(p.closed_by_peer());
  EXPECT_TRUE(logged("connection refused: hmac key config not symmetric"));
  EXPECT_TRUE(logged("connection refused: message hmac mismatch"));
  p.vanish();
  EXPECT_EQ(bystander_->add(1, 2), 3);
  bystander_.reset();
  EXPECT_TRUE(eventually([&] { return host_->connections() == 0; }));
  host_.reset();
}

std::string name_of(const testing::TestParamInfo<setting>& of) {
  return std::string(of.param.unix_socket ? "unix" : "tcp") + "_" + std::to_string(of.param.cores) + (of.param.shared ? "_shared" : "");
}
INSTANTIATE_TEST_SUITE_P(, bad_input, testing::Values(setting{1, false}, setting{2, false}, setting{1, true}, setting{2, true}, setting{1, true, true}, setting{2, true, true}),
                         name_of);

}  // namespace
}  // namespace engine::test
