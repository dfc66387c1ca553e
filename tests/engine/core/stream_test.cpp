// Streams by themselves: who runs when, how they end, and that nothing of them stays behind.
#include <engine/core/stream.hpp>

#include <deque>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <engine/core/task.hpp>

namespace engine {
namespace {

/// Counts itself.
struct counted {
  explicit counted(int& n) : n_(n) { ++n_; }
  ~counted() { --n_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  int& n_;
};

/// Suspends whoever awaits it until somebody lets it go.
struct pause {
  std::coroutine_handle<> waiting{};
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) { waiting = h; }
  void await_resume() const {}
  void go() { std::exchange(waiting, nullptr).resume(); }
};

stream<int> numbers(int last, int& alive, int& made) {
  const counted here(alive);
  for (int i = 1; i <= last; ++i) {
    ++made;
    co_yield i;
  }
}
stream<int> failing() {
  co_yield 1;
  throw std::runtime_error("broken");
}
stream<int> pausing(pause& p, int& alive) {
  const counted here(alive);
  co_yield 1;
  co_await p;
  co_yield 2;
}
stream<std::unique_ptr<int>> movable() {
  co_yield std::make_unique<int>(5);
}

task<> collect(stream<int>& items, std::vector<int>& into) {
  while (auto item = co_await items.next()) into.push_back(*item);
}

stream<double> as_many_as(int count) {
  for (int i = 0; i < count; ++i) co_yield 0.5;
}

TEST(streams, begins_with_its_first_item_though_a_parameter_converts_to_one) {
  double sum = 0;
  for (const double each : as_many_as(4)) sum += each;
  EXPECT_EQ(sum, 2);
}

TEST(streams, run_only_while_somebody_asks) {
  int alive = 0, made = 0;
  auto items = numbers(3, alive, made);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(items.get(), 1);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(items.get(), 2);
  EXPECT_EQ(items.get(), 3);
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(items.get(), std::nullopt);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(items.get(), std::nullopt);
}

TEST(streams, are_ranges) {
  int alive = 0, made = 0;
  std::vector<int> got;
  for (const int i : numbers(4, alive, made)) got.push_back(i);
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3, 4}));
  got.clear();
  auto items = numbers(10, alive, made);
  for (const int i : items | std::views::filter([](int n) { return n % 2 == 0; })) got.push_back(i);
  EXPECT_EQ(got, (std::vector<int>{2, 4, 6, 8, 10}));
}

TEST(streams, end_their_producer_when_they_are_dropped) {
  int alive = 0, made = 0;
  {
    auto items = numbers(3, alive, made);
    items.get();
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(streams, pass_on_what_the_producer_throws_once) {
  auto items = failing();
  EXPECT_EQ(items.get(), 1);
  EXPECT_THROW(items.get(), std::runtime_error);
  EXPECT_EQ(items.get(), std::nullopt);
}

TEST(streams, may_be_empty_hold_what_only_moves_and_be_made_of_ranges) {
  EXPECT_EQ(stream<int>().get(), std::nullopt);
  EXPECT_EQ(*movable().get().value(), 5);
  const std::deque<int> kept{3, 4};
  auto items = stream_of(kept.begin(), kept.end());
  EXPECT_EQ(items.get(), 3);
  EXPECT_EQ(items.get(), 4);
  EXPECT_EQ(items.get(), std::nullopt);
  int sum = 0;
  for (const int i : stream_of(std::vector<int>{1, 2, 3})) sum += i;
  EXPECT_EQ(sum, 6);
}

TEST(streams, are_awaited_item_by_item) {
  int alive = 0, made = 0;
  auto items = numbers(100'000, alive, made);  // far more than the stack would hold if each item nested
  std::vector<int> got;
  task<> collecting = collect(items, got);
  EXPECT_TRUE(collecting.start());
  EXPECT_EQ(got.size(), 100'000u);
  EXPECT_EQ(got.back(), 100'000);
}

TEST(streams, wait_for_what_their_producer_waits_for) {
  pause p;
  int alive = 0;
  auto items = pausing(p, alive);
  std::vector<int> got;
  task<> collecting = collect(items, got);
  EXPECT_FALSE(collecting.start());
  EXPECT_EQ(got, std::vector<int>{1});
  p.go();
  EXPECT_EQ(got, (std::vector<int>{1, 2}));
  EXPECT_TRUE(collecting.done());
}

TEST(streams, cannot_wait_on_a_plain_thread_for_what_comes_on_a_core) {
  pause p;
  int alive = 0;
  auto items = pausing(p, alive);
  EXPECT_EQ(items.get(), 1);
  EXPECT_THROW(items.get(), std::logic_error);
  p.go();
  EXPECT_EQ(items.get(), 2);
}

TEST(streams, dropped_while_the_producer_waits_end_it_when_it_comes_to_its_next_item) {
  pause p;
  int alive = 0;
  {
    auto items = pausing(p, alive);
    items.get();
    EXPECT_FALSE(items.source().pull());
  }
  EXPECT_EQ(alive, 1);
  p.go();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace engine
