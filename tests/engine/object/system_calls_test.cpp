// No style of calling makes more system calls than its budget (call_budgets.hpp), neither in the client nor on the core that serves it.
#include <vector>

#include <gtest/gtest.h>

#include <engine/core/core.hpp>
#include <engine/object/batch.hpp>

#include "call_budgets.hpp"
#include "object_support.hpp"

namespace engine::test {

class many_styles {
 public:
  /// System calls that the core has made on which this is called.
  std::uint64_t system_calls_here() { return core::current()->io().counters().system_calls; }
  bool is_uring() { return core::current()->io().name() == "io_uring"; }
  int add(int a, int b) { return a + b; }
  void note(int) { ++noted; }
  int count_notes() { return noted; }
  stream<int> count(int n) {
    for (int i = 0; i < n; ++i) co_yield i;
  }
  std::size_t look(std::span<const std::byte> data) { return data.size(); }
  std::span<const std::byte> give() { return kept; }

  int noted = 0;
  bytes kept = bytes(std::size_t{1} << 20, std::byte{7});
};
ENGINE_EXPOSE(many_styles, system_calls_here, is_uring, add, note, count_notes, count, look, give)
ENGINE_ONEWAY(many_styles, note)

namespace {

constexpr int burst = 100;

class system_calls : public testing::TestWithParam<backend_choice> {
 protected:
  static daemon_options options() {
    daemon_options all = on_loopback();
    all.settings->backend = GetParam();
    return all;
  }
  std::uint64_t of_client() { return detail::proxy_access::of(client)->counted().system_calls; }

  /// `make(units)` twice, the second time counted.
  template <class Make> void hold(std::string_view style, Make make) {
    const call_budget& budget = budget_of(style);
    const int units = static_cast<int>(budget.units);
    make(units);
    const std::uint64_t there = client.system_calls_here(), here = of_client();
    make(units);
    const std::uint64_t client_made = of_client() - here, server_made = client.system_calls_here() - there;
    EXPECT_LE(client_made, budget.client) << "the client, for " << units;
    EXPECT_LE(server_made, uring ? budget.uring : budget.epoll) << "the server, for " << units;
  }

  many_styles object;
  daemon host{options()};
  proxy<many_styles> client{host.expose(object), quiet_proxy()};
  const bool uring = client.is_uring();
};

TEST_P(system_calls, of_calls_one_after_another) {
  hold("sync", [&](int calls) {
    for (int i = 0; i < calls; ++i) ASSERT_EQ(client.add(i, 1), i + 1);
  });
}

TEST_P(system_calls, of_calls_in_flight_are_shared) {
  std::vector<future<int>> in_flight;
  hold("pipelined", [&](int calls) {
    for (int done = 0; done < calls; done += burst) {
      in_flight.clear();
      for (int i = 0; i < burst; ++i) in_flight.push_back(async(client).add(i, 1));
      for (int i = 0; i < burst; ++i) ASSERT_EQ(in_flight[static_cast<std::size_t>(i)].get(), i + 1);
    }
  });
}

TEST_P(system_calls, of_oneway_calls_are_shared) {
  hold("oneway", [&](int calls) {
    const int before = client.count_notes();
    for (int i = 0; i < calls; ++i) client.note(i);
    ASSERT_EQ(client.count_notes() - before, calls);
  });
}

TEST_P(system_calls, of_a_batch_are_those_of_one_call) {
  batch all{client};
  std::vector<later<int>> sums;
  hold("batched", [&](int calls) {
    for (int done = 0; done < calls; done += burst) {
      sums.clear();
      for (int i = 0; i < burst; ++i) sums.push_back(all.add(i, 1));
      all.send();
      for (int i = 0; i < burst; ++i) ASSERT_EQ(*sums[static_cast<std::size_t>(i)], i + 1);
    }
  });
}

TEST_P(system_calls, of_a_streams_items_are_shared) {
  hold("stream", [&](int items) {
    int expected = 0;
    for (const int item : client.count(items)) ASSERT_EQ(item, expected++);
    ASSERT_EQ(expected, items);
  });
}

TEST_P(system_calls, of_large_arguments) {
  const bytes blob(std::size_t{1} << 20, std::byte{5});
  hold("blob_up", [&](int calls) {
    for (int i = 0; i < calls; ++i) ASSERT_EQ(client.look(blob), blob.size());
  });
}

TEST_P(system_calls, of_large_results) {
  hold("blob_down", [&](int calls) {
    for (int i = 0; i < calls; ++i) ASSERT_EQ(client.give().size(), std::size_t{1} << 20);
  });
}

INSTANTIATE_TEST_SUITE_P(, system_calls, testing::Values(backend_choice::automatic, backend_choice::epoll),
                         [](const auto& of) { return of.param == backend_choice::epoll ? "epoll" : "automatic"; });

}  // namespace
}  // namespace engine::test
