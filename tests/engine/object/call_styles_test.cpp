// Every style of call on typed and dynamic proxies alike; limits on each of them, chains of futures, and calls that are repeated.
#include <engine/object/batch.hpp>
#include <engine/object/proxy.hpp>

#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

/// Breaks its caller's connection, or keeps silent, as often as it is told.
class flaky {
 public:
  int get() {
    if (++calls <= broken) throw communication_error("trouble");
    if (calls <= broken + late) std::this_thread::sleep_for(100ms);
    return calls;
  }
  int fail() {
    ++calls;
    throw naming_error("who");
  }
  std::atomic<int> calls{0};
  int broken = 0, late = 0;
};
ENGINE_EXPOSE(flaky, get, fail)

class call_styles : public testing::Test {
 protected:
  daemon host{on_loopback()};
  thing object;
  flaky unsteady;
  uri where = host.expose(object, "thing"), unsteady_at = host.expose(unsteady, "unsteady");
  proxy<thing> typed{where, quiet_proxy()};
  proxy<> dynamic{where, quiet_proxy()};

  proxy<flaky> patient(int retries, std::chrono::milliseconds timeout = 0ms) {
    proxy_options options = quiet_proxy();
    options.settings->max_retries = retries;
    options.timeout = timeout;
    return proxy<flaky>(unsteady_at, options);
  }
};

TEST_F(call_styles, of_dynamic_proxies_are_those_of_typed_ones) {
  auto one = async(dynamic)["add"](1, kw("b", 2)), two = async(dynamic)["text"](std::string("x"));
  EXPECT_EQ(two.get().as<std::string>(), "x");
  EXPECT_EQ(one.get().as<int>(), 3);
  oneway(dynamic)["add"](1, 2);
  oneway(dynamic)["fire"](2);
  EXPECT_EQ(attempt(dynamic)["add"](1, 2).value().as<int>(), 3);
  EXPECT_EQ(attempt(dynamic)["crash"]("down").error().text(), "down");
  EXPECT_EQ(within(20s, dynamic)["add"](1, 2).as<int>(), 3);
  EXPECT_EQ(async(dynamic)["add"].call({1}, {{"b", 4}}).get().as<int>(), 5);
  EXPECT_EQ(async(dynamic)["label"].get().get().as<std::string>(), "none");
  async(dynamic)["label"].set("new").get();
  EXPECT_EQ(typed.label(), "new");
  EXPECT_TRUE(eventually([&] { return object.fired == 2; }));
}

TEST_F(call_styles, a_limit_bounds_each_of_them) {
  EXPECT_EQ(async(within(20s, typed)).add(1, 2).get(), 3);
  auto late = async(within(30ms, typed)).wait_for_gate();
  EXPECT_THROW(late.get(), timed_out);
  const auto tried = attempt(within(30ms, dynamic))["sleep_ms"](200);
  ASSERT_FALSE(tried);
  EXPECT_TRUE(tried.error().is<timed_out>());
  object.gate.set_value();
  oneway(within(20s, typed)).fire(1);
  EXPECT_EQ(typed.add(1, 2), 3);
}

TEST_F(call_styles, a_limit_bounds_connecting_too) {
  const silent_server server;
  proxy<thing> p(server.uri(), quiet_proxy());
  EXPECT_THROW(within(30ms, p).add(1, 2), timed_out);
  auto later = async(within(30ms, p)).add(1, 2);
  EXPECT_THROW(later.get(), timed_out);
}

TEST_F(call_styles, what_makes_an_object_unreachable_comes_by_the_future_and_what_is_wrong_with_the_call_at_once) {
  std::uint16_t free_port = 0;
  {
    const silent_server s;
    free_port = s.port();
  }
  proxy<> nobody("PYRO:x@127.0.0.1:" + std::to_string(free_port), quiet_proxy());
  auto unreached = async(nobody)["f"]();
  EXPECT_TRUE(unreached.ready());
  EXPECT_THROW(unreached.get(), communication_error);
  EXPECT_THROW(static_cast<void>(async(dynamic)["missing"]()), raised);
}

TEST_F(call_styles, calls_are_chained) {
  auto sum = async(typed).add(1, 2).then([&](int n) { return async(typed).add(n, 10); }).then([](int n) { return n * 2; });
  EXPECT_EQ(sum.get(), 26);
  std::string heard;
  auto failing = async(typed).crash("down").on_error([&](std::exception_ptr e) { heard = failure(e).text(); });
  EXPECT_THROW(failing.get(), raised);
  EXPECT_EQ(heard, "down");
  auto unwanted = async(typed).add(1, 2).then([](int) { FAIL() << "nobody waits for it"; });
}

TEST_F(call_styles, an_asynchronous_call_leaves_though_nobody_waits_for_it_also_between_bursts) {
  proxy<flaky> p(unsteady_at, quiet_proxy());
  int calls = 0;
  for (int round = 0; round < 5; ++round) {
    for (int bursts = 0; bursts < 10; ++bursts) {
      std::vector<future<int>> numbers;
      for (int i = 0; i < 10; ++i) numbers.push_back(async(p).get());
      for (future<int>& each : numbers) EXPECT_EQ(each.get(), ++calls);
    }
    ++calls;
    const auto unwanted = async(p).get();
    EXPECT_TRUE(eventually([&] { return unsteady.calls == calls; }));
  }
}

TEST_F(call_styles, an_asynchronous_call_leaves_in_a_forked_child_too) {
  const auto burst = [&](const proxy<flaky>& p) {
    for (int bursts = 0; bursts < 10; ++bursts) {
      std::vector<future<int>> numbers;
      for (int i = 0; i < 10; ++i) numbers.push_back(async(p).get());
      for (future<int>& each : numbers) each.get();
    }
  };
  burst(patient(0));
  EXPECT_EQ(unsteady.calls, 100);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto p = patient(0);
    burst(p);
    const auto unwanted = async(p).get();
    std::this_thread::sleep_for(500ms);
    ::_exit(0);
  }
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(eventually([&] { return unsteady.calls == 201; }));
}

// ---- repeated

TEST_F(call_styles, are_not_repeated_unless_told_to) {
  unsteady.broken = 1;
  proxy<flaky> p(unsteady_at, quiet_proxy());
  EXPECT_THROW(p.get(), connection_closed);
  EXPECT_EQ(unsteady.calls, 1);
}

TEST_F(call_styles, are_repeated_when_the_connection_was_lost) {
  unsteady.broken = 2;
  EXPECT_EQ(patient(2).get(), 3);
  unsteady.calls = 0;
  EXPECT_THROW(patient(1).get(), connection_closed);
  EXPECT_EQ(unsteady.calls, 2);
  unsteady.calls = 0;
  auto p = patient(2);
  auto later = async(p).get();
  EXPECT_EQ(later.get(), 3);
  unsteady.calls = 0;
  p = patient(1);
  auto too_often = async(p).get();
  EXPECT_THROW(too_often.get(), connection_closed);
  EXPECT_EQ(unsteady.calls, 2);
}

TEST_F(call_styles, are_repeated_after_a_timeout) {
  unsteady.late = 1;
  EXPECT_EQ(patient(3, 60ms).get(), 2);
  unsteady.calls = 0;
  auto p = patient(3, 60ms);
  auto later = async(p).get();
  EXPECT_EQ(later.get(), 2);
}

TEST_F(call_styles, are_not_repeated_after_any_other_failure) {
  auto p = patient(5);
  EXPECT_THROW(p.fail(), naming_error);
  auto later = async(p).fail();
  EXPECT_THROW(later.get(), naming_error);
  EXPECT_EQ(unsteady.calls, 2);
}

TEST_F(call_styles, batches_are_repeated_as_a_whole) {
  unsteady.broken = 0;
  silent_server server;
  std::jthread first_breaks([&] {
    {
      raw_peer peer = server.welcome_one();
      ASSERT_TRUE(peer.hear());
    }
    raw_peer peer = server.welcome_one();
    const auto asked = peer.hear();
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->body(), value(value::tuple{"thing", "<batch>", value::tuple{value::tuple{"add", value::tuple{1, 2}, value::dict{}},
                                                value::tuple{"add", value::tuple{3, 4}, value::dict{}}}, nullptr}));
    peer.say(frame_of("[3,7]", {.type = message::result, .flags = flag::batch, .sequence = asked->sequence}));
    EXPECT_TRUE(peer.closed_by_peer());
  });
  proxy_options options = quiet_proxy();
  options.settings->metadata = false;
  options.settings->max_retries = 1;
  proxy<thing> p(server.uri(), options);
  batch all{p};
  auto one = all.add(1, 2), two = all.add(3, 4);
  all.send();
  EXPECT_EQ(*one + *two, 10);
  release(p);
}

TEST_F(call_styles, a_dropped_call_that_would_be_repeated_leaves_nothing) {
  unsteady.broken = 100;
  {
    auto p = patient(5);
    auto kept = async(p).get(), dropped = async(p).get();
    { auto gone = std::move(dropped); }
    EXPECT_THROW(kept.get(), connection_closed);
  }
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
}

// ---- "no free workers"

TEST_F(call_styles, asynchronous_calls_wait_for_a_free_worker_and_others_do_not) {
  silent_server server;
  std::jthread busy_at_first([&] {
    for (int i = 0; i < 2; ++i) {
      raw_peer peer(server.accept_one());
      const auto asked = peer.hear();
      ASSERT_TRUE(asked);
      peer.say(frame_of("'no free workers, increase server threadpool size'", {.type = message::connect_fail, .sequence = asked->sequence}));
      EXPECT_TRUE(peer.closed_by_peer());
    }
    raw_peer peer = server.welcome_one();
    const auto asked = peer.hear();
    ASSERT_TRUE(asked);
    peer.say(frame_of("3", {.type = message::result, .sequence = asked->sequence}));
    EXPECT_TRUE(peer.closed_by_peer());
  });
  proxy_options options = quiet_proxy();
  options.settings->metadata = false;
  proxy<thing> p(server.uri(), options);
  EXPECT_THROW(p.add(1, 2), communication_error);
  auto sum = async(p).add(1, 2);
  EXPECT_EQ(sum.get(), 3);
  release(p);
}

}  // namespace
}  // namespace engine::test
