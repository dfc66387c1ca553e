// What a steady call costs: heap allocations and system calls, counted on both sides. Budgets are stated here and held.
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
  detail::remote& connection() { return *detail::proxy_access::of(client); }
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

TEST_F(steady, an_asynchronous_call_allocates_its_future_and_nothing_else) {
  std::vector<future<int>> all;
  all.reserve(calls);
  const auto burst = [&] {
    all.clear();
    for (int i = 0; i < calls; ++i) all.push_back(async(client).add(i, 1));
    for (int i = 0; i < calls; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i + 1);
  };
  burst();  // buffers grow to their size
  const auto server_before = allocated_on_the_core();
  const auto before = allocations_here().calls;
  burst();
  EXPECT_LE(allocations_here().calls - before, static_cast<std::uint64_t>(calls) + 8);
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

// The client: is the connection still good, send, try to receive twice, sleep, receive: 6, or fewer when the answer is quick.
TEST_F(steady, a_sleeping_clients_call_costs_six_system_calls_at_most) {
  const auto before = connection().counted().system_calls;
  for (int i = 0; i < calls; ++i) ASSERT_EQ(client.add(i, 1), i + 1);
  EXPECT_LE(connection().counted().system_calls - before, 6u * calls + calls / 10);
}

// The server: with io_uring one system call submits the answer and the next receive and waits, another collects the send's own
// completion, and a third is needed when work was deferred: 3; epoll waits, receives, sends, and may look for
// more in vain before and after: 5.
TEST_F(steady, a_servers_call_costs_few_system_calls) {
  for (const auto backend : {backend_choice::automatic, backend_choice::epoll}) {
    thing another;
    served<thing> at(another, backend);
    proxy<thing> p(at.uri(), quiet_proxy());
    for (int i = 0; i < warm_up; ++i) p.add(i, 1);
    bool uring = false;
    at.on_core([&](core& home) { uring = home.io().name() == "io_uring"; });
    const auto before = at.counters().system_calls;
    for (int i = 0; i < calls; ++i) ASSERT_EQ(p.add(i, 1), i + 1);
    const auto spent = at.counters().system_calls - before;
    EXPECT_LE(spent, (uring ? 3u : 5u) * calls + calls / 5) << (uring ? "io_uring" : "epoll");
  }
}

TEST_F(steady, pipelined_calls_share_their_system_calls) {
  std::vector<future<int>> all;
  const auto client_before = connection().counted().system_calls;
  const auto server_before = server.counters().system_calls;
  constexpr int many = 10'000;
  for (int i = 0; i < many; ++i) all.push_back(async(client).add(i, 1));
  for (auto& f : all) f.get();
  EXPECT_LE(connection().counted().system_calls - client_before, many / 10);
  EXPECT_LE(server.counters().system_calls - server_before, many / 10);
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
