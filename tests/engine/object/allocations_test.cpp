// What a steady call costs in heap allocations, counted on both sides. Budgets are stated here and held; those of system calls in call_budgets.hpp.
#include <tests/support/allocations.hpp>

#include <gtest/gtest.h>

#include "served_on.hpp"
#include "thing.hpp"


namespace engine::test {
namespace {

using testing_support::allocations_everywhere;
using testing_support::allocations_here;

constexpr int warm_up = 200, calls = 1000;

class steady : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < warm_up; ++i) ASSERT_EQ(client.add(i, 1), i + 1);
  }
  /// What the core's own thread has allocated.
  std::uint64_t allocated_on_the_core() {
    std::uint64_t n = 0;
    server.on_core([&](core&) { n = allocations_here().calls; });
    return n;
  }

  thing object;
  served<thing> server{object};
  proxy<thing> client{server.uri(), quiet_proxy()};
};

TEST_F(steady, the_counter_counts) {
  const auto before = allocations_here();
  void* const one = ::operator new(sizeof(int));  // called by name, or a compiler may leave it out
  EXPECT_EQ(allocations_here().calls, before.calls + 1);
  EXPECT_GE(allocations_here().live_bytes, before.live_bytes + static_cast<std::int64_t>(sizeof(int)));
  ::operator delete(one);
}

TEST_F(steady, a_small_typed_call_allocates_nothing_on_either_side) {
  const auto core_before = allocated_on_the_core();
  const auto core_alone = allocated_on_the_core() - core_before;  // what looking costs
  const auto server_before = allocated_on_the_core();
  const auto before = allocations_here().calls;
  for (int i = 0; i < calls; ++i) ASSERT_EQ(client.add(i, 1), i + 1);
  EXPECT_EQ(allocations_here().calls - before, 0u);
  EXPECT_LE(allocated_on_the_core() - server_before, core_alone + 8) << "looking does not always cost the same, a call would cost a thousand";
}

TEST_F(steady, text_arguments_and_attributes_allocate_only_what_the_method_makes) {
  const std::string_view word = "short";  // its std::string needs no heap
  client.text(word);
  client.label();
  const auto server_before = allocated_on_the_core();
  const auto before = allocations_here().calls;
  for (int i = 0; i < calls; ++i) {
    ASSERT_EQ(client.text(word), word);
    ASSERT_EQ(client.label(), "none");
  }
  EXPECT_EQ(allocations_here().calls - before, 0u);
  EXPECT_LE(allocated_on_the_core() - server_before, 8u);
}

TEST_F(steady, an_asynchronous_call_allocates_nothing_where_futures_are_recycled) {
  std::vector<future<int>> all;
  all.reserve(calls);
  const auto burst = [&](int size) {
    all.clear();
    for (int i = 0; i < size; ++i) all.push_back(async(client).add(i, 1));
    for (int i = 0; i < size; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i + 1);
  };
  for (int i = 0; i < 20; ++i) burst(8);  // those that follow each other start a thread, once for the process
  burst(calls);                           // buffers grow to their size
  const auto server_before = allocated_on_the_core();
  const auto before = allocations_here().calls;
  burst(calls);
  EXPECT_LE(allocations_here().calls - before, testing_support::allocations(0, calls + 8));
  EXPECT_LE(allocated_on_the_core() - server_before, 64u);
}

TEST_F(steady, a_oneway_call_allocates_nothing) {
  for (int i = 0; i < 10; ++i) client.fire(0);  // the first that follow each other quickly start a thread, once for the process
  client.add(1, 2);
  const auto server_before = allocated_on_the_core();
  const auto before = allocations_here().calls;
  for (int i = 0; i < calls; ++i) client.fire(1);
  EXPECT_EQ(client.add(1, 2), 3);
  EXPECT_EQ(allocations_here().calls - before, 0u);
  EXPECT_LE(allocated_on_the_core() - server_before, 8u);  // looking costs some
  EXPECT_EQ(object.fired, calls);
}

TEST_F(steady, nothing_is_left_when_clients_are_gone) {
  const auto visit = [&] {
    for (int i = 0; i < 20; ++i) {
      proxy<thing> p(server.uri(), quiet_proxy());
      p.add(1, 2);
      p.measure(bytes(300'000));
    }
  };
  visit();
  const auto before = allocations_everywhere().live_bytes;
  for (int i = 0; i < 5; ++i) visit();
  EXPECT_TRUE(eventually([&] { return allocations_everywhere().live_bytes - before < 64 * 1024; })) << allocations_everywhere().live_bytes - before;
}

}  // namespace
}  // namespace engine::test
