// How a connection ends, in the three worlds: deadlines, silence, bytes that are refused, close() and finish() in every state, and
// peers that vanish in every state.
#include "link_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using cause = connection_end::cause;

class ConnectionEnding : public link_test {
 protected:
  bool finishes(const served& s) {
    return until([&] { return s.finished; });
  }
};
INSTANTIATE_TEST_SUITE_P(Link, ConnectionEnding, all_worlds, world_name);

// ---- time

TEST_P(ConnectionEnding, a_silent_peer_is_gone_at_the_deadline) {
  auto [peer, s] = meet();
  s.link->set_deadline(server->io().now() + 30ms);
  peer.read();
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_EQ(s.link->end().why, cause::deadline);
  EXPECT_EQ(peer.end(), 0) << "an orderly end";
  peer.close();
  EXPECT_TRUE(finishes(s));
}

TEST_P(ConnectionEnding, half_a_handshake_does_not_move_the_deadline) {
  auto [peer, s] = meet();
  s.link->set_deadline(server->io().now() + 30ms);
  peer.say(request(1, "never whole").substr(0, 20));
  ASSERT_TRUE(until([&] { return s.link->ended(); }));
  EXPECT_EQ(s.link->end().why, cause::deadline);
  peer.close();
  EXPECT_TRUE(finishes(s));
}

TEST_P(ConnectionEnding, a_deadline_taken_away_does_nothing) {
  auto [peer, s] = meet();
  s.link->set_deadline(server->io().now() + 20ms);
  s.link->set_deadline(std::nullopt);
  rest(60ms);
  EXPECT_FALSE(s.link->ended());
}

TEST_P(ConnectionEnding, an_idle_peer_is_closed_after_a_while) {
  auto [peer, s] = meet({.idle = 40ms});
  peer.read();
  const time_point start = server->io().now();
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_GE(server->io().now() - start, 35ms);
  EXPECT_EQ(s.link->end().why, cause::idle);
}

TEST_P(ConnectionEnding, a_busy_peer_is_not_idle) {
  if (!simulated()) GTEST_SKIP() << "exact times need the simulated clock";
  auto [peer, s] = meet({.idle = 100ms});
  peer.read();
  for (std::uint16_t i = 0; i < 10; ++i) {
    peer.say(request(i, "still here"));
    rest(70ms);
    ASSERT_FALSE(s.link->ended());
  }
  ASSERT_TRUE(until([&] { return s.link->ended(); }));
  EXPECT_EQ(s.link->end().why, cause::idle);
}

TEST_P(ConnectionEnding, limits_may_change_while_it_waits) {
  auto [peer, s] = meet();
  s.link->set_limits({.idle = 20ms});
  ASSERT_TRUE(until([&] { return s.link->ended(); }));
  EXPECT_EQ(s.link->end().why, cause::idle);
}

// ---- bytes that are refused

TEST_P(ConnectionEnding, a_message_too_large_is_refused_by_its_header) {
  auto [peer, s] = meet({.frames = {.message_size = 1000}});
  peer.read();
  peer.say(request(1, std::string(1000, 'o')));
  ASSERT_TRUE(until([&] { return peer.answers().size() == 1; }));
  peer.say(request(2, std::string(1001, 'o')).substr(0, 24));
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_EQ(s.link->end().why, cause::refused_bytes);
  EXPECT_EQ(s.link->end().error.text, "max message size exceeded (1001 where max=1000)");
  EXPECT_LE(s.link->memory(), 4096u);
}

task<> refuse(served& s) {
  auto next = s.link->next_frame();
  const frame* f = co_await next;
  EXPECT_EQ(f, nullptr);
  write_frame(s.link->outgoing(), message::connect_fail, 0, "no");
  task<> done = s.link->finish();
  co_await done;
  s.finished = true;
}

TEST_P(ConnectionEnding, garbage_is_refused_and_can_be_answered) {
  const auto [peer, d] = join();
  served& s = serving.emplace_back();
  s.link = std::make_unique<connection>(*server, d, connection_limits{});
  spawn(refuse(s));
  peer->read();
  peer->say("GET / HTTP/1.1\r\nHost: somewhere else entirely\r\n\r\n" + std::string(50'000, 'g'));
  ASSERT_TRUE(until([&] { return peer->ended(); }));
  EXPECT_EQ(s.link->end().why, cause::refused_bytes);
  EXPECT_EQ(peer->answers(), (std::vector<answer>{{0, "no"}})) << "unread bytes must not take the answer with them";
  EXPECT_EQ(peer->end(), 0);
  peer->close();
  EXPECT_TRUE(finishes(s));
}

// ---- finish()

TEST_P(ConnectionEnding, finish_delivers_every_answer_before_the_end) {
  const std::string large(2'000'000, 'l');
  auto [peer, s] = meet({}, [&](served& of, const frame& f) {
    write_frame(of.link->outgoing(), message::result, f.sequence, large);
    of.link->close();
  });
  narrow(peer.get());
  peer.say(request(1, "and then") + request(2, "too late"));
  ASSERT_TRUE(until([&] { return s.link->queued() > 0; }));
  peer.read();
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_EQ(peer.end(), 0);
  EXPECT_EQ(peer.heard().size(), large.size() + 24);
  peer.close();
  EXPECT_TRUE(finishes(s));
}

TEST_P(ConnectionEnding, a_peer_that_stops_talking_still_hears_its_answers) {
  auto [peer, s] = meet();
  std::string requests;
  for (std::uint16_t i = 0; i < 100; ++i) requests += request(i, std::string(5'000, 'h'));
  peer.say(requests);
  ASSERT_TRUE(until([&] { return peer.said_all(); }));
  peer.shutdown();
  peer.read();
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_EQ(peer.answers().size(), 100u);
  EXPECT_EQ(s.link->end().why, cause::peer_closed);
  EXPECT_TRUE(finishes(s)) << "without waiting for anything more";
}

TEST_P(ConnectionEnding, finish_does_not_wait_for_ever_for_a_peer_that_does_not_read) {
  auto [peer, s] = meet({}, [](served& of, const frame& f) {
    write_frame(of.link->outgoing(), message::result, f.sequence, std::string(30'000'000, 'n'));
    of.link->close();
  });
  peer.say(request(1, "x"));
  EXPECT_TRUE(finishes(s));
  EXPECT_EQ(s.link->end().why, cause::closed_here);
}

TEST_P(ConnectionEnding, finish_does_not_wait_for_ever_for_a_peer_that_does_not_close) {
  auto [peer, s] = meet({}, [](served& of, const frame&) { of.link->close(); });
  peer.say(request(1, "x"));
  EXPECT_TRUE(finishes(s));
}

// ---- close() in any state

TEST_P(ConnectionEnding, close_while_waiting_for_a_frame) {
  auto [peer, s] = meet();
  rest(5ms);
  s.link->close();
  s.link->close();  // once more does no harm
  peer.read();
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  peer.close();
  ASSERT_TRUE(finishes(s));
  EXPECT_EQ(s.link->end().why, cause::closed_here);
}

TEST_P(ConnectionEnding, close_while_the_peer_goes_on_talking_is_still_an_orderly_end) {
  auto [peer, s] = meet();
  peer.say(request(1, "answered"));
  ASSERT_TRUE(until([&] { return s.payloads.size() == 1; }));
  s.link->close();
  peer.say(request(2, "too late"));
  peer.read();
  ASSERT_TRUE(until([&] { return peer.ended(); }));
  EXPECT_EQ(peer.end(), 0) << "a reset could have taken the answer along";
  EXPECT_EQ(peer.answers().size(), 1u);
  peer.close();
  EXPECT_TRUE(finishes(s));
}

TEST_P(ConnectionEnding, close_in_the_middle_of_a_frame) {
  for (const std::size_t sent : {10u, 100u, 20'000u}) {  // of the header, of a small body, of a large one
    auto [peer, s] = meet();
    peer.say(request(1, std::string(sent == 100 ? 500 : 1'000'000, 'm')).substr(0, sent));
    ASSERT_TRUE(until([&] { return peer.said_all(); }));
    rest(5ms);
    s.link->close();
    peer.close();
    ASSERT_TRUE(finishes(s)) << sent;
  }
}

TEST_P(ConnectionEnding, close_while_the_peer_does_not_read) {
  auto [peer, s] = meet({.output_soft = 32 * 1024});
  narrow(peer.get());
  narrow(arrived.back());
  for (std::uint16_t i = 0; i < 100; ++i) peer.say(request(i, std::string(100'000, 'c')));
  ASSERT_TRUE(until([&] { return s.link->queued() > 32u * 1024; }));
  s.link->close();
  ASSERT_TRUE(until([&] { return s.link->ended(); }));
  peer.close();
  EXPECT_TRUE(finishes(s));
}

// ---- peers that vanish

TEST_P(ConnectionEnding, a_peer_vanishes_before_it_says_anything) {
  auto [peer, s] = meet();
  rest(5ms);
  vanish(peer);
  ASSERT_TRUE(finishes(s));
  EXPECT_EQ(s.link->end().why, cause::reset);
  EXPECT_EQ(s.link->end().code, ECONNRESET);
}

TEST_P(ConnectionEnding, a_peer_vanishes_in_the_middle_of_a_frame) {
  for (const std::size_t sent : {10u, 100u, 20'000u}) {
    auto [peer, s] = meet();
    peer.say(request(1, std::string(sent == 100 ? 500 : 1'000'000, 'm')).substr(0, sent));
    ASSERT_TRUE(until([&] { return peer.said_all(); }));
    rest(5ms);
    vanish(peer);
    ASSERT_TRUE(finishes(s)) << sent;
    EXPECT_EQ(s.link->end().why, cause::reset);
    EXPECT_TRUE(s.payloads.empty());
  }
}

TEST_P(ConnectionEnding, a_peer_vanishes_with_answers_on_their_way) {
  auto [peer, s] = meet({.output_soft = 32 * 1024});
  narrow(peer.get());
  narrow(arrived.back());
  for (std::uint16_t i = 0; i < 100; ++i) peer.say(request(i, std::string(100'000, 'v')));
  ASSERT_TRUE(until([&] { return s.link->queued() > 32u * 1024; }));
  vanish(peer);
  ASSERT_TRUE(finishes(s));
  // Whoever asks first, the send or the receive, is told of the reset; the other one sees an end.
  EXPECT_TRUE(s.link->end().why == cause::reset || s.link->end().why == cause::peer_closed);
  EXPECT_EQ(s.link->queued(), 0u) << "nothing is kept for nobody";
}

TEST_P(ConnectionEnding, a_peer_vanishes_during_the_goodbye) {
  auto [peer, s] = meet({}, [](served& of, const frame&) { of.link->close(); });
  peer.say(request(1, "x"));
  ASSERT_TRUE(until([&] { return s.link->ended(); }));
  rest(5ms);
  vanish(peer);
  EXPECT_TRUE(finishes(s));
}

TEST_P(ConnectionEnding, others_never_notice) {
  auto [peer, s] = meet();
  peer.read();
  for (int round = 0; round < 5; ++round) {
    auto [other, gone] = meet();
    other.say(request(1, std::string(50'000, 'o')).substr(0, 40'000));
    rest(2ms);
    vanish(other);
    peer.say(request(static_cast<std::uint16_t>(round), "fine"));
    ASSERT_TRUE(until([&] { return peer.answers().size() == static_cast<std::size_t>(round) + 1 && gone.finished; }));
  }
}

TEST(ConnectionEnd, is_told_in_words) {
  EXPECT_EQ((connection_end{.why = cause::reset, .code = ECONNRESET}.to_string()), "connection lost: Connection reset by peer");
  EXPECT_EQ((connection_end{.why = cause::idle}.to_string()), "no request within the communication timeout");
  EXPECT_EQ(connection_end{}.to_string(), "closed by this side");
}

}  // namespace
}  // namespace engine
