// What the other ways to call cost in heap allocations once they are steady, exactly: batches, streams, methods that are coroutines, calls made
// on a core. The server tells what its core has allocated by a call that allocates nothing itself, so both sides are counted to the last one.
#include <tests/support/allocations.hpp>

#include <cstdint>
#include <ostream>

#include <gtest/gtest.h>

#include <engine/core/cores.hpp>
#include <engine/object/batch.hpp>
#include <engine/object/core_calls.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

using testing_support::allocations, testing_support::allocations_here;

/// co_await next_pass(): the core does everything else first.
struct next_pass {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    core::current()->post([waiting] { waiting.resume(); });
  }
  void await_resume() const {}
};

class meter {
 public:
  std::uint64_t allocated() { return allocations_here().calls; }
  int add(int a, int b) { return a + b; }
};
ENGINE_EXPOSE(meter, allocated, add)

class slow_meter {
 public:
  std::uint64_t allocated() { return allocations_here().calls; }
  int add(int a, int b) { return a + b; }
  task<int> add_later(int a, int b) { co_return a + b; }
  task<int> add_next_pass(int a, int b) {
    const next_pass others;
    co_await others;
    co_return a + b;
  }
  stream<int> count(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
  }
};
ENGINE_EXPOSE(slow_meter, allocated, add, add_later, add_next_pass, count)

/// Heap allocations of the caller and of the core that serves it.
struct cost {
  std::uint64_t here = 0, there = 0;
  bool operator==(const cost&) const = default;
  friend cost operator-(const cost& a, const cost& b) { return {a.here - b.here, a.there - b.there}; }
  friend void PrintTo(const cost& c, std::ostream* out) { *out << c.here << " here, " << c.there << " there"; }
};

/// As budgeted, to the last one. clang may leave the memory of a coroutine out.
testing::AssertionResult costs(const cost& spent, const cost& budget) {
#ifdef __clang__
  const bool kept = spent.here <= budget.here && spent.there <= budget.there;
#else
  const bool kept = spent.here == budget.here && spent.there == budget.there;
#endif
  if (kept) return testing::AssertionSuccess();
  return testing::AssertionFailure() << testing::PrintToString(spent) << ", and the budget is " << testing::PrintToString(budget);
}

constexpr std::uint64_t many = 100;

class steadily : public testing::Test {
 protected:
  /// What `what` allocates once it is steady: the same three times in a row. Oneway calls that happen to follow each other quickly start a
  /// thread, once for the process, so a number of rounds will not do.
  template <class T, class F> cost cost_of(const proxy<T>& of, F what) {
    cost last;
    for (int round = 0, same = 0; round < 30 && same < 3; ++round) {
      const cost now = cost_once(of, what);
      same = now == last ? same + 1 : 1;
      last = now;
    }
    return last;
  }
  template <class T, class F> cost cost_once(const proxy<T>& of, F& what) {
    const std::uint64_t there = proxy(of).allocated();
    const std::uint64_t here = allocations_here().calls;
    what();
    const std::uint64_t spent = allocations_here().calls - here;
    return {spent, proxy(of).allocated() - there};
  }

  meter plain;
  slow_meter slow;
  daemon host{on_loopback()};
  proxy<meter> client{host.expose(plain), quiet_proxy()};
  proxy<slow_meter> slow_client{host.expose(slow), quiet_proxy()};
};

TEST_F(steadily, looking_costs_nothing) {
  EXPECT_TRUE(costs(cost_of(client, [] {}), {}));
  EXPECT_TRUE(costs(cost_of(client, [] { ::operator delete(::operator new(1)); }), {.here = 1}));
}

/// What the places of so many results lie in.
constexpr std::uint64_t blocks_of(std::uint64_t results) {
  constexpr std::uint64_t most = detail::later_block_of<int>::most;
  return (results + most - 1) / most;
}

// For the caller places for the results, which are recycled; for the server nothing at all.
TEST_F(steadily, a_batch_costs_neither_its_caller_nor_the_server_anything) {
  for (const std::uint64_t calls : {std::uint64_t{1}, many}) {
    batch all{client};
    EXPECT_TRUE(costs(cost_of(client, [&] {
      for (std::uint64_t i = 0; i < calls; ++i) all.add(static_cast<int>(i), 1);
      all.send();
    }), {.here = allocations(0, blocks_of(calls)), .there = 0}));
    EXPECT_TRUE(costs(cost_of(client, [&] {
      for (std::uint64_t i = 0; i < calls; ++i) all.add(static_cast<int>(i), 1);
      all.send_oneway();
    }), {.here = allocations(0, blocks_of(calls)), .there = 0}));
  }
}

// Where a class has methods that may suspend, a batch is a coroutine, which costs once; its calls cost nothing, since the bodies of those that may
// suspend and the coroutines around them are recycled.
TEST_F(steadily, a_batch_of_a_class_with_coroutines_costs_the_server_once) {
  for (const std::uint64_t calls : {std::uint64_t{1}, many}) {
    batch all{slow_client};
    EXPECT_TRUE(costs(cost_of(slow_client, [&] {
      for (std::uint64_t i = 0; i < calls; ++i) all.add(static_cast<int>(i), 1);
      all.send();
    }), {.here = allocations(0, blocks_of(calls)), .there = allocations(9, 14)}));
    EXPECT_TRUE(costs(cost_of(slow_client, [&] {
      for (std::uint64_t i = 0; i < calls; ++i) all.add_later(static_cast<int>(i), 1);
      all.send();
    }), {.here = allocations(0, blocks_of(calls)), .there = allocations(9, 14 + 4 * calls)}));
  }
}

TEST_F(steadily, a_method_that_is_a_coroutine_costs_three_and_its_caller_nothing) {
  EXPECT_TRUE(costs(cost_of(slow_client, [&] {
    for (std::uint64_t i = 0; i < many; ++i) slow_client.add_later(static_cast<int>(i), 1);
  }), {.here = 0, .there = allocations(3, 11) * many}));
  // … and one that is resumed by its core what that takes: a place in its mailbox.
  EXPECT_TRUE(costs(cost_of(slow_client, [&] {
    for (std::uint64_t i = 0; i < many; ++i) slow_client.add_next_pass(static_cast<int>(i), 1);
  }), {.here = 0, .there = allocations(4, 12) * many}));
}

// A window holds 1024 items once a stream has run for a while: six allocations of the server for all of them, and none of the consumer.
TEST_F(steadily, items_of_a_stream_cost_nothing_and_each_window_of_them_six) {
  const auto read = [&](int items) {
    return cost_of(slow_client, [&] {
      int expected = 0;
      for (const int item : slow_client.count(items)) EXPECT_EQ(item, expected++);
      EXPECT_EQ(expected, items);
    });
  };
  EXPECT_TRUE(costs(read(80 * 1024) - read(16 * 1024), {.here = 0, .there = allocations(6, 15) * 64}));
}

// The future that is awaited on a core is recycled as well.
task<> call_repeatedly(proxy<meter> to, promise<std::uint64_t> told) {
  std::uint64_t before = 0;
  for (int i = 0; i < 2 * static_cast<int>(many); ++i) {
    if (i == static_cast<int>(many)) before = allocations_here().calls;
    auto calling = async(to).add(i, 1);
    const int sum = co_await calling;
    EXPECT_EQ(sum, i + 1);
  }
  told.succeed(allocations_here().calls - before);
}

TEST_F(steadily, a_call_made_on_a_core_costs_nothing) {
  cores_options options;
  options.each.spin = 0us;
  cores mine(options);
  promise<std::uint64_t> told;
  future<std::uint64_t> spent = told.get_future();
  mine.run_on(0, [&](core&) { spawn(call_repeatedly(client, std::move(told))); });
  EXPECT_TRUE(costs({.here = spent.get()}, {.here = allocations(0, 2 * many)}));
}

}  // namespace
}  // namespace engine::test
