// Streams from the caller to the method, and both ways at once.
#include <engine/object/stream_argument.hpp>

#include <atomic>
#include <memory>
#include <numeric>
#include <thread>

#include <gtest/gtest.h>

#include <engine/object/core_calls.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

class ledger {
 public:
  task<double> sum(stream<double> items) {
    double all = 0;
    while (auto item = co_await items.next()) all += *item;
    co_return all;
  }
  double sum_aside(stream<double> items) {
    double all = 0;
    for (const double each : items) all += each;
    return all;
  }
  stream<int> doubled(stream<int> items) {
    while (auto item = co_await items.next()) co_yield *item * 2;
  }
  task<int> first(stream<int> items) {
    auto item = co_await items.next();
    co_return item.value_or(-1);
  }
  double at_once(stream<double> items) { return items.get().value_or(0); }
  std::string what_failed(stream<int> items) {
    try {
      for (;;)
        if (!items.get()) return "nothing";
    } catch (const error& e) {
      return e.what();
    }
  }
  void keep(stream<int>) {}
};
ENGINE_EXPOSE(ledger, sum, sum_aside, doubled, first, at_once, what_failed, keep)
ENGINE_MARK(ledger, sum_aside, .blocking = true)
ENGINE_MARK(ledger, what_failed, .blocking = true)

class forwarder {
 public:
  explicit forwarder(proxy<ledger> to) : to_(to) {}
  task<double> pass_on(stream<double> items) {
    auto sum = async(to_).sum(std::move(items));
    co_return co_await sum;
  }

 private:
  proxy<ledger> to_;
};
ENGINE_EXPOSE(forwarder, pass_on)

stream<double> ones(int n) {
  for (int i = 0; i < n; ++i) co_yield 1.0;
}

struct produced {
  std::atomic<int> made{0};
  std::atomic<bool> ended{false};
};
struct at_end {
  std::shared_ptr<produced> of;
  ~at_end() { of->ended = true; }
};
stream<int> counted(std::shared_ptr<produced> told, int to) {
  const at_end last{told};
  for (int i = 1; i <= to; ++i) {
    told->made = i;
    co_yield i;
  }
}
stream<int> failing() {
  co_yield 1;
  throw raised("builtins.ValueError", {"no more of this"});
}

class streams_as_arguments : public testing::TestWithParam<backend_choice> {
 protected:
  streams_as_arguments() {
    daemon_options o = on_loopback(2);
    o.settings->backend = GetParam();
    server.emplace(std::move(o));
    there = proxy<ledger>(server->expose(books, "ledger", {.shared = true}), quiet_proxy());
    // Made last, so it gives the items.
    daemon_options p = on_loopback();
    p.host.clear();
    p.reachable_through = server->location();
    p.settings->backend = GetParam();
    mine.emplace(std::move(p));
  }
  ledger books;
  std::optional<daemon> server, mine;
  proxy<ledger> there;
};

TEST_P(streams_as_arguments, bring_their_items_to_coroutines_and_to_blocking_methods) {
  EXPECT_EQ(there.sum(ones(10'000)), 10'000);
  EXPECT_EQ(there.sum_aside(ones(1'000)), 1'000);
  EXPECT_EQ(there.sum(ones(0)), 0);
  EXPECT_EQ(there.sum(stream_of(std::vector<double>{0.5, 1.5})), 2);
}

TEST_P(streams_as_arguments, and_streams_as_results_run_both_ways_at_once_with_a_bounded_lead) {
  const auto told = std::make_shared<produced>();
  int expected = 0, lead = 0;
  for (const int each : there.doubled(counted(told, 20'000))) {
    expected += 2;
    ASSERT_EQ(each, expected);
    lead = std::max(lead, told->made - each / 2);
  }
  EXPECT_EQ(expected, 40'000);
  EXPECT_LE(lead, 5 * 1024);  // two windows in each direction, and the one under way
  EXPECT_TRUE(eventually([&] { return told->ended.load(); }));
}

TEST_P(streams_as_arguments, end_their_producer_when_the_method_has_enough) {
  const auto told = std::make_shared<produced>();
  EXPECT_EQ(there.first(counted(told, 1'000'000)), 1);
  EXPECT_TRUE(eventually([&] { return told->ended.load(); }));
  EXPECT_LT(told->made, 100);
}

TEST_P(streams_as_arguments, pass_on_what_their_producer_threw) {
  EXPECT_EQ(there.what_failed(failing()), "no more of this");
}

TEST_P(streams_as_arguments, fail_where_they_are_read_when_the_caller_has_gone) {
  stream<int> slow = counted(std::make_shared<produced>(), 1'000'000);
  auto answer = async(there).what_failed(std::move(slow));
  mine.reset();
  EXPECT_NE(answer.get(), "nothing");
}

TEST_P(streams_as_arguments, may_be_passed_on_by_a_method_on_a_core) {
  forwarder between(there);
  proxy<forwarder> first(server->expose(between, "between"), quiet_proxy());
  EXPECT_EQ(first.pass_on(ones(500)), 500);
}

INSTANTIATE_TEST_SUITE_P(on, streams_as_arguments, testing::Values(backend_choice::uring, backend_choice::epoll),
                         [](const auto& info) { return info.param == backend_choice::uring ? "io_uring" : "epoll"; });

TEST(a_stream_as_an_argument, needs_a_daemon_and_says_so) {
  // The server's own daemon would do: it is in another process, usually. Here it must not give streams.
  daemon_options o = on_loopback();
  o.settings->autoproxy = false;
  daemon server(std::move(o));
  ledger books;
  proxy<ledger> there(server.expose(books, "ledger", {.shared = true}), quiet_proxy());
  try {
    there.sum(ones(3));
    FAIL() << "was sent";
  } catch (const raised& e) {
    EXPECT_NE(std::string(e.what()).find("needs a daemon in the caller's program"), std::string::npos) << e.what();
  }
}

/// What gives items as no program of ours would.
value given_by(const silent_server& giver) {
  const uri at = giver.uri();
  return value::dict{{"__class__", "engine.Stream"}, {"daemon", "PYRO:Pyro.Daemon@" + at.location()}, {"id", "it"}};
}

TEST(a_stream_as_an_argument, whose_giver_sends_more_than_a_message_may_hold_is_refused) {
  daemon_options o = on_loopback();
  o.settings->max_message_size = 10'000;
  daemon server(std::move(o));
  ledger books;
  proxy<> there(server.expose(books, "ledger", {.shared = true}), quiet_proxy());
  silent_server giver;
  std::jthread giving([&] {
    raw_peer peer = giver.welcome_one();
    const auto asked = peer.hear();
    if (asked) peer.say(frame_of("'" + std::string(20'000, 'x') + "'", {.type = message::result, .sequence = asked->sequence}));
    EXPECT_TRUE(peer.closed_by_peer());
  });
  const std::string failed = there["what_failed"](given_by(giver)).as<std::string>();
  EXPECT_NE(failed.find("max message size exceeded"), std::string::npos) << failed;
}

TEST(a_stream_as_an_argument, whose_giver_says_nothing_does_not_keep_a_daemon_from_ending) {
  silent_server giver;
  std::optional<raw_peer> silent;
  std::jthread giving([&] { silent.emplace(giver.welcome_one()); });
  const std::size_t before = open_descriptors();
  {
    daemon server(on_loopback());
    ledger books;
    proxy<> there(server.expose(books, "ledger"), quiet_proxy());
    auto never = async(there)["sum"](given_by(giver));
    giving.join();
    release(there);
    server.close();
    EXPECT_THROW(never.get(), unreachable);
  }
  EXPECT_EQ(open_descriptors(), before + 1) << "but for the giver's end, what waited for its goodbye is closed with the core";
}

TEST(a_stream_as_an_argument, may_be_a_list_and_nothing_else) {
  daemon server(on_loopback());
  ledger books;
  proxy<> there(server.expose(books, "ledger", {.shared = true}), quiet_proxy());
  EXPECT_EQ(there["sum"](std::vector<double>{1, 2, 3}).as<double>(), 6);
  for (const value& wrong : {value(5), value("text"), value(value::dict{})}) EXPECT_THROW(there["sum"](wrong), raised);
}

TEST(a_stream_as_an_argument, cannot_be_read_by_a_method_that_may_not_wait) {
  daemon server(on_loopback());
  ledger books;
  proxy<ledger> there(server.expose(books, "ledger", {.shared = true}), quiet_proxy());
  try {
    there.at_once(ones(3));
    FAIL() << "was read";
  } catch (const error& e) {
    EXPECT_NE(std::string(e.what()).find("would wait for itself"), std::string::npos) << e.what();
  }
}

TEST(a_stream_as_an_argument, that_nobody_reads_is_forgotten_with_its_reader) {
  daemon server(on_loopback());
  ledger books;
  proxy<ledger> there(server.expose(books, "ledger", {.shared = true}), quiet_proxy());
  const auto told = std::make_shared<produced>();
  there.keep(counted(told, 5));
  EXPECT_EQ(told->made, 0);
}

}  // namespace
}  // namespace engine::test
