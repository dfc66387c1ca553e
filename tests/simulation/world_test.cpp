// The simulation by itself, before it is asked anything hard: calls are answered in order, objects are called on their cores,
// a server that stops leaves nothing behind.
#include <gtest/gtest.h>

#include "clerk_world.hpp"

namespace engine::simulation {
namespace {

TEST(SimulatedWorld, answers_a_hundred_calls_in_order) {
  for (const std::size_t window : {1, 7, 100}) {
    clerk_world w;
    caller c(w.stage, w.stage.machine(0), echoes(100, window));
    ASSERT_TRUE(w.stage.run_until_idle());
    EXPECT_TRUE(c.over());
    EXPECT_FALSE(c.lost());
    EXPECT_EQ(c.answered(), 100u);
    EXPECT_EQ(c.complaints(), std::vector<std::string>{});
    EXPECT_EQ(w.book.ran[1].size(), 100u);
    EXPECT_EQ(w.stage.server().connections(), 0u);
    EXPECT_FALSE(w.stage.server().idle()) << "it still listens";
    w.stage.stop();
    ASSERT_TRUE(w.stage.run_until_idle());
    EXPECT_TRUE(w.stage.at_rest());
  }
}

TEST(SimulatedWorld, calls_an_object_on_its_own_core) {
  clerk_world w({.server_cores = 3}, 2);
  caller named(w.stage, w.stage.machine(0), echoes(20, 5));
  caller::plan p = echoes(20, 5, 2);
  p.how.object = {};
  caller nameless(w.stage, w.stage.machine(0), p);
  ASSERT_TRUE(w.stage.run_until_idle());
  EXPECT_EQ(named.answered() + nameless.answered(), 40u);
  EXPECT_EQ(w.book.misplaced, 0u);
}

TEST(SimulatedWorld, fails_what_is_under_way_when_the_server_stops) {
  clerk_world w;
  caller::plan p = echoes(100);
  p.pause = 10ms;
  caller c(w.stage, w.stage.machine(0), p);
  ASSERT_TRUE(w.stage.run_for(500ms));
  EXPECT_FALSE(c.over());
  w.stage.stop();
  ASSERT_TRUE(w.stage.run_until_idle());
  EXPECT_TRUE(c.over());
  EXPECT_TRUE(c.lost());
  EXPECT_GT(c.answered(), 10u);
  EXPECT_EQ(c.answered() + c.failed(), 100u);
  EXPECT_TRUE(w.stage.server().idle());
}

}  // namespace
}  // namespace engine::simulation
