// When a spinning thread yields: seldom alone, always where that lets somebody else run.
#include <engine/core/yield_rhythm.hpp>

#include <gtest/gtest.h>

namespace engine {
namespace {

using namespace std::chrono_literals;

unsigned looks_until_due(yield_rhythm& rhythm) {
  unsigned looks = 1;
  while (!rhythm.due()) ++looks;
  return looks;
}

TEST(YieldRhythm, tries_at_once_and_then_seldom_while_nobody_else_runs) {
  yield_rhythm rhythm;
  EXPECT_EQ(looks_until_due(rhythm), 1u);
  rhythm.took(200ns);
  EXPECT_EQ(looks_until_due(rhythm), yield_rhythm::seldom);
  rhythm.took(200ns);
  EXPECT_EQ(looks_until_due(rhythm), yield_rhythm::seldom);
}

TEST(YieldRhythm, yields_after_each_look_on_a_shared_processor) {
  yield_rhythm rhythm;
  EXPECT_EQ(looks_until_due(rhythm), 1u);
  for (int i = 0; i < 3; ++i) {
    rhythm.took(5us);
    EXPECT_EQ(looks_until_due(rhythm), 1u);
  }
  rhythm.took(300ns);
  EXPECT_EQ(looks_until_due(rhythm), yield_rhythm::seldom) << "alone again";
}

}  // namespace
}  // namespace engine
