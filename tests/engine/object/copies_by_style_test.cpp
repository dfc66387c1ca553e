// How often large values are copied on their way, in each style of calling and on both sides: no more bytes than copy_budgets allow (call_budgets.hpp).
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include <engine/object/batch.hpp>
#include <tests/support/copies.hpp>

#include "call_budgets.hpp"
#include "object_support.hpp"

namespace engine::test {

using testing_support::bytes_copied_here;

class large_styles {
 public:
  std::uint64_t copied() { return bytes_copied_here(); }
  std::size_t look(std::span<const std::byte> data) { return data.size(); }
  void note(std::span<const std::byte> data) { noted += data.size(); }
  std::size_t all_noted() { return noted; }
  std::span<const std::byte> give() { return kept; }
  bytes give_away() { return bytes(kept.size(), std::byte{7}); }
  stream<std::span<const std::byte>> views(int n) {
    for (int i = 0; i < n; ++i) co_yield std::span<const std::byte>(kept);
  }

  std::size_t noted = 0;
  bytes kept = bytes(std::size_t{1} << 20, std::byte{7});
};
ENGINE_EXPOSE(large_styles, copied, look, note, all_noted, give, give_away, views)
ENGINE_ONEWAY(large_styles, note)

namespace {

constexpr std::size_t large = std::size_t{1} << 20;
constexpr std::size_t piece = 64 * 1024;  // what arrives together with its header came through a buffer of at most this size, and is moved from there
constexpr int values = 10;

class copies_by_style : public testing::TestWithParam<backend_choice> {
 protected:
  static daemon_options options() {
    daemon_options all = on_loopback();
    all.settings->backend = GetParam();
    return all;
  }
  void SetUp() override {
    if (!testing_support::copies_are_seen()) GTEST_SKIP() << "this build's memcpy cannot be watched";
  }
  /// `move_all` moves ten values, and is counted once it is steady.
  void hold(std::string_view style, const std::function<void()>& move_all) {
    move_all();
    move_all();
    const std::uint64_t there = client.copied(), here = bytes_copied_here();
    move_all();
    const std::uint64_t of_client = bytes_copied_here() - here, of_server = client.copied() - there;
    const copy_budget& budget = copy_budget_of(style);
    EXPECT_LE(of_client, allowed(budget.client)) << "the client";
    EXPECT_LE(of_server, allowed(budget.server)) << "the server";
  }
  static std::uint64_t allowed(std::size_t copies) { return values * (copies * large + piece); }
  template <class R> void take_all(std::vector<future<R>>& results, const R& expected) {
    for (auto& each : results) ASSERT_EQ(each.get(), expected);
  }

  large_styles object;
  daemon host{options()};
  proxy<large_styles> client{host.expose(object), quiet_proxy()};
  const bytes blob = bytes(large, std::byte{5});
};

TEST_P(copies_by_style, of_arguments_one_call_after_another) {
  hold("sync", [&] {
    for (int i = 0; i < values; ++i) ASSERT_EQ(client.look(blob), large);
  });
}

TEST_P(copies_by_style, of_results_one_call_after_another) {
  hold("results", [&] {
    for (int i = 0; i < values; ++i) ASSERT_EQ(client.give().size(), large);
  });
}

TEST_P(copies_by_style, of_results_that_the_method_gives_away) {
  hold("results given away", [&] {
    for (int i = 0; i < values; ++i) ASSERT_EQ(client.give_away().size(), large);
  });
}

TEST_P(copies_by_style, of_arguments_in_flight) {
  hold("pipelined", [&] {
    std::vector<future<std::size_t>> all;
    for (int i = 0; i < values; ++i) all.push_back(async(client).look(blob));
    take_all(all, large);
  });
}

TEST_P(copies_by_style, of_results_in_flight) {
  hold("pipelined results", [&] {
    std::vector<future<bytes>> all;
    for (int i = 0; i < values; ++i) all.push_back(async(client).give());
    take_all(all, object.kept);
  });
}

TEST_P(copies_by_style, of_oneway_arguments) {
  hold("oneway", [&] {
    const std::size_t before = client.all_noted();
    for (int i = 0; i < values; ++i) client.note(blob);
    ASSERT_EQ(client.all_noted() - before, values * large);
  });
}

TEST_P(copies_by_style, of_a_batchs_arguments) {
  hold("batched", [&] {
    batch all{client};
    std::vector<later<std::size_t>> sizes;
    for (int i = 0; i < values; ++i) sizes.push_back(all.look(blob));
    all.send();
    for (const auto& each : sizes) ASSERT_EQ(*each, large);
  });
}

TEST_P(copies_by_style, of_a_batchs_results) {
  hold("batched results", [&] {
    batch all{client};
    std::vector<later<bytes>> results;
    for (int i = 0; i < values; ++i) results.push_back(all.give());
    all.send();
    for (const auto& each : results) ASSERT_EQ((*each).size(), large);
  });
}

TEST_P(copies_by_style, of_a_streams_items) {
  hold("stream", [&] {
    int items = 0;
    for (const auto& item : client.views(values)) {
      ASSERT_EQ(item.size(), large);
      ++items;
    }
    ASSERT_EQ(items, values);
  });
}

INSTANTIATE_TEST_SUITE_P(, copies_by_style, testing::Values(backend_choice::automatic, backend_choice::epoll),
                         [](const auto& of) { return of.param == backend_choice::epoll ? "epoll" : "automatic"; });

}  // namespace
}  // namespace engine::test
