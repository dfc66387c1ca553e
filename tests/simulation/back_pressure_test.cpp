// Answers that are larger than what may wait for a peer, and peers that read late: memory stays bounded, and nothing is lost or
// stuck when the peer reads again.
#include <gtest/gtest.h>

#include "clerk_world.hpp"

namespace engine::simulation {
namespace {

using method = request::method;

constexpr std::size_t megabyte = 1 << 20;

// The end of the answer leaves in a send of its own, long after the queue has fallen below the limit.
TEST(BackPressure, goes_on_after_an_answer_beyond_the_soft_limit) {
  for (const std::size_t window : {1, 3}) {
    clerk_world w({.faults = {.send_buffer = 256 * 1024}, .buffer_size = 32 * 1024});
    caller c(w.stage, w.stage.machine(0), calls({call(method::produce, 1, 3 * megabyte), call(method::echo, 2, 5), call(method::echo, 3, 5)}, window));
    ASSERT_TRUE(w.stage.run_until_idle());
    EXPECT_TRUE(c.over());
    EXPECT_EQ(c.answered(), 3u);
    EXPECT_EQ(c.complaints(), std::vector<std::string>{});
  }
}

TEST(BackPressure, stops_reading_a_peer_that_does_not_read_until_it_does) {
  constexpr std::size_t size = 200'000;
  clerk_world w({.buffer_size = 32 * 1024});
  std::vector<request> asked;
  for (int i = 1; i <= 20; ++i) asked.push_back(call(method::produce, i, size));
  stranger s(w.stage, w.stage.machine(0), {.bytes = spoken(asked), .reads_from = 5s, .stays = 30s});
  ASSERT_TRUE(w.stage.run_for(4s));
  const std::size_t produced = w.book.produced[1];
  EXPECT_GE(produced, megabyte);
  EXPECT_LE(produced, megabyte + size + 128 * 1024) << "the limit, one answer, and what the network holds";
  ASSERT_TRUE(w.stage.run_until_idle());
  EXPECT_EQ(w.book.ran[1].size(), 20u);
  EXPECT_GT(s.received().size(), 20 * size);
  EXPECT_FALSE(s.shown_out());
}

}  // namespace
}  // namespace engine::simulation
