// Work that holds a core too long is named; work that does not is not.
#include <engine/core/stall_watch.hpp>

#include <gtest/gtest.h>

#include <string>

namespace engine {
namespace {

using namespace std::chrono_literals;

TEST(StallWatch, names_what_held_the_core_and_for_how_long) {
  stall_watch watch(10ms);
  std::string what;
  std::chrono::milliseconds held{};
  watch.on_stall([&](std::string_view w, std::chrono::milliseconds d) {
    what = w;
    held = d;
  });
  const time_point begin{};
  watch.begin(begin);
  watch.name("Warehouse.take", begin);
  watch.end(begin + 25ms);
  EXPECT_EQ(what, "Warehouse.take");
  EXPECT_EQ(held, 25ms);
  EXPECT_EQ(watch.stalls(), 1u);
}

TEST(StallWatch, blames_the_one_of_several_that_was_slow) {
  stall_watch watch(10ms);
  std::string blamed;
  watch.on_stall([&](std::string_view w, std::chrono::milliseconds) { blamed += w; });
  const time_point begin{};
  watch.begin(begin);
  watch.name("quick", begin);
  watch.name("slow", begin + 5ms);
  watch.name("last", begin + 30ms);
  watch.end(begin + 32ms);
  EXPECT_EQ(blamed, "slow");
}

TEST(StallWatch, stays_silent_within_the_limit_and_when_off) {
  stall_watch watch(10ms), off(0ms);
  const auto fail = [](std::string_view, std::chrono::milliseconds) { FAIL(); };
  watch.on_stall(fail);
  off.on_stall(fail);
  const time_point begin{};
  watch.begin(begin);
  watch.end(begin + 10ms);
  off.begin(begin);
  off.end(begin + 1h);
  EXPECT_FALSE(off.on());
}

}  // namespace
}  // namespace engine
