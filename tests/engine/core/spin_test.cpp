// Spinning limits itself: it stops when it does not pay and comes back when it would.
#include <engine/core/spin.hpp>

#include <gtest/gtest.h>

namespace engine {
namespace {

using namespace std::chrono_literals;

TEST(AdaptiveSpin, of_zero_never_spins) {
  adaptive_spin spin(0ns);
  EXPECT_EQ(spin.allowance(), 0ns);
  spin.hit();
  EXPECT_EQ(spin.allowance(), 0ns);
}

TEST(AdaptiveSpin, rests_after_repeated_misses) {
  adaptive_spin spin(50us);
  for (unsigned i = 0; i + 1 < adaptive_spin::misses_max; ++i) {
    EXPECT_EQ(spin.allowance(), 50us);
    spin.miss();
  }
  EXPECT_EQ(spin.allowance(), 50us);
  spin.miss();
  EXPECT_EQ(spin.allowance(), 0ns);
}

TEST(AdaptiveSpin, tries_once_after_each_rest) {
  adaptive_spin spin(50us);
  for (unsigned i = 0; i < adaptive_spin::misses_max; ++i) spin.miss();
  for (unsigned i = 0; i < adaptive_spin::rest; ++i) {
    EXPECT_EQ(spin.allowance(), 0ns);
    spin.miss();
  }
  EXPECT_EQ(spin.allowance(), 50us);
  spin.miss();
  EXPECT_EQ(spin.allowance(), 0ns) << "one miss is enough to rest again";
}

TEST(AdaptiveSpin, a_hit_forgets_the_misses) {
  adaptive_spin spin(50us);
  for (unsigned i = 0; i + 1 < adaptive_spin::misses_max; ++i) spin.miss();
  spin.hit();
  for (unsigned i = 0; i + 1 < adaptive_spin::misses_max; ++i) spin.miss();
  EXPECT_EQ(spin.allowance(), 50us);
}

TEST(AdaptiveSpin, ends_its_rest_when_something_comes_soon) {
  adaptive_spin spin(50us);
  for (unsigned i = 0; i < adaptive_spin::misses_max; ++i) spin.miss();
  spin.soon();
  spin.miss();
  EXPECT_EQ(spin.allowance(), 50us);
}

}  // namespace
}  // namespace engine
