// The handshake deadline and the communication timeout, in simulated time: silent peers are ended, slow ones are not.
#include <gtest/gtest.h>

#include "clerk_world.hpp"

namespace engine::simulation {
namespace {

using method = request::method;

world_options with_timeout(double seconds) {
  world_options options;
  options.settings.comm_timeout = seconds;
  return options;
}

TEST(Deadlines, end_a_peer_that_does_not_say_who_it_is) {
  const std::string greeting = spoken({});
  for (const std::string& said : {std::string(), greeting.substr(0, 10), greeting.substr(0, greeting.size() - 1)}) {
    clerk_world w;
    stranger s(w.stage, w.stage.machine(0), {.bytes = said});
    ASSERT_TRUE(w.stage.run_until_idle());
    EXPECT_TRUE(s.shown_out());
    EXPECT_GE(s.lasted(), 10s);
    EXPECT_LE(s.lasted(), 12s);
    EXPECT_EQ(w.stage.server().connections(), 0u);
  }
}

TEST(Deadlines, welcome_a_greeting_that_comes_in_pieces_but_in_time) {
  const std::string greeting = spoken({});
  clerk_world w;
  stranger s(w.stage, w.stage.machine(0), {.bytes = greeting.substr(0, 30), .last_bytes = greeting.substr(30), .reads_from = 9s, .stays = 60s});
  ASSERT_TRUE(w.stage.run_until_idle());
  EXPECT_FALSE(s.shown_out());
  EXPECT_FALSE(s.received().empty());
}

TEST(Deadlines, end_a_peer_that_asks_nothing_within_the_communication_timeout) {
  clerk_world w(with_timeout(3));
  stranger s(w.stage, w.stage.machine(0), {.bytes = spoken({call(method::echo, 1)})});
  ASSERT_TRUE(w.stage.run_until_idle());
  EXPECT_TRUE(s.shown_out());
  EXPECT_EQ(w.book.ran[1].size(), 1u);
  EXPECT_GE(s.lasted(), 3s);
  EXPECT_LE(s.lasted(), 5s);
}

TEST(Deadlines, end_a_peer_that_takes_no_answer_within_the_communication_timeout) {
  clerk_world w(with_timeout(3));
  std::vector<request> asked;
  for (int i = 1; i <= 20; ++i) asked.push_back(call(method::produce, i, 200'000));
  stranger s(w.stage, w.stage.machine(0), {.bytes = spoken(asked), .reads_from = -1s});
  ASSERT_TRUE(w.stage.run_for(2s));
  EXPECT_EQ(w.stage.server().connections(), 1u);
  ASSERT_TRUE(w.stage.run_for(4s));
  EXPECT_EQ(w.stage.server().connections(), 0u);
}

TEST(Deadlines, let_a_peer_be_that_asks_often_enough) {
  clerk_world w(with_timeout(3));
  caller::plan p = echoes(10);
  p.pause = 2s;
  caller c(w.stage, w.stage.machine(0), p);
  ASSERT_TRUE(w.stage.run_until_idle());
  EXPECT_EQ(c.answered(), 10u);
  EXPECT_FALSE(c.lost());
}

TEST(Deadlines, let_a_peer_be_that_takes_long_to_read_its_answer) {
  for (const std::size_t size : {std::size_t{900'000}, std::size_t{3'000'000}}) {
    world_options options = with_timeout(1);
    options.faults = {.latency_min = 100ms, .latency_max = 100ms, .send_buffer = 32 * 1024};
    clerk_world w(options);
    caller c(w.stage, w.stage.machine(0), calls({call(method::produce, 1, size), call(method::echo, 2, 5)}));
    ASSERT_TRUE(w.stage.run_until_idle());
    EXPECT_EQ(c.answered(), 2u);
    EXPECT_FALSE(c.lost());
  }
}

}  // namespace
}  // namespace engine::simulation
