// Local functions called later.
#include <engine/core/local_call.hpp>

#include <atomic>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace engine {
namespace {

using namespace std::chrono_literals;

TEST(local_calls, give_their_result_by_a_future) {
  local_call adding{[](int a, int b) { return a + b; }};
  future<int> sum = adding(1, 2);
  EXPECT_EQ(sum.get(), 3);
}

TEST(local_calls, run_on_a_thread_of_their_own_and_go_on_by_then) {
  std::thread::id there;
  local_call looking{[&] { there = std::this_thread::get_id(); }};
  future<std::string> text = looking().then([] { return std::string("done"); });
  EXPECT_EQ(text.get(), "done");
  EXPECT_NE(there, std::this_thread::get_id());
}

TEST(local_calls, pass_on_what_is_thrown) {
  local_call failing{[]() -> int { throw std::invalid_argument("no"); }};
  future<int> never = failing();
  EXPECT_THROW(never.get(), std::invalid_argument);
}

TEST(local_calls, are_delayed_and_cancelled_until_they_begin) {
  std::atomic<bool> called{false};
  local_call late{[&] { called = true; }};
  EXPECT_TRUE(late.delay(1h));
  future<void> never = late();
  EXPECT_TRUE(late.delay(2h));
  EXPECT_FALSE(never.ready());
  EXPECT_TRUE(late.cancel());
  try {
    never.get();
    FAIL() << "was called";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "future has been cancelled");
  }
  EXPECT_FALSE(called);
  EXPECT_FALSE(late.cancel());
  EXPECT_FALSE(late.delay(1s));
}

TEST(local_calls, are_called_once) {
  local_call once{[] {}};
  once().get();
  EXPECT_THROW(once().get(), std::runtime_error);
  local_call never{[] {}};
  EXPECT_TRUE(never.cancel());
  EXPECT_THROW(never().get(), std::runtime_error);
}

TEST(local_calls, leave_nothing_behind_when_nobody_wants_the_result) {
  const auto kept = std::make_shared<int>(1);
  {
    local_call holding{[kept] { return *kept; }};
    static_cast<void>(holding());
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (kept.use_count() > 1 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace engine
