// Calls made and awaited on a core's own thread, on every backend this machine has: answered once, failed once, whatever happens.
#include <engine/core/cores.hpp>
#include <engine/object/proxy.hpp>

#include <thread>

#include <gtest/gtest.h>
#include <tests/support/worlds.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

using testing_support::world;

std::string text_of(std::exception_ptr e) {
  try {
    std::rethrow_exception(e);
  } catch (const std::exception& what) {
    return what.what();
  }
}

/// Awaits a future on the core it is run on, and keeps what came, as text.
task<> note(future<int> f, promise<std::string> said) {
  try {
    const int n = co_await f;
    said.succeed(std::to_string(n));
  } catch (...) {
    said.succeed(text_of(std::current_exception()));
  }
}

class core_calls : public testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    if (const std::string no = testing_support::refusal(GetParam()); !no.empty()) GTEST_SKIP() << no;
    cores_options o{.count = 2};
    o.each.spin = 0us;
    o.each.backend = GetParam() == world::uring ? backend_choice::uring : backend_choice::epoll;
    mine.emplace(o);
  }
  /// Starts `call` on a core, which awaits what it returns.
  template <class F> future<std::string> start(F call, std::size_t on = 0) {
    promise<std::string> said;
    future<std::string> heard = said.get_future();
    mine->run_on(on, [&](core&) { spawn(note(call(), std::move(said))); });
    return heard;
  }
  std::size_t alive(std::size_t on = 0) {
    std::size_t n = 0;
    mine->run_on(on, [&](core& c) { n = detail::core_remote::alive(c); });
    return n;
  }

  daemon host{on_loopback()};
  thing object;
  uri where = host.expose(object, "thing");
  std::optional<proxy<thing>> p{std::in_place, where, quiet_proxy()};
  std::optional<cores> mine{};
};
INSTANTIATE_TEST_SUITE_P(Worlds, core_calls, testing_support::real_worlds, testing_support::world_name);

TEST_P(core_calls, are_answered_where_they_were_made) {
  EXPECT_EQ(start([&] { return async(*p).add(1, 2); }).get(), "3");
  EXPECT_EQ(start([&] { return async(*p).add(2, 2); }).get(), "4");
  EXPECT_EQ(host.connections(), 1u);
}

TEST_P(core_calls, made_before_the_connection_is_there_are_all_answered) {
  std::vector<future<std::string>> all;
  std::vector<promise<std::string>> said(100);
  for (auto& each : said) all.push_back(each.get_future());
  mine->run_on(0, [&](core&) {
    for (int i = 0; i < 100; ++i) spawn(note(async(*p).add(i, 1), std::move(said[static_cast<std::size_t>(i)])));
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), std::to_string(i + 1));
  EXPECT_EQ(host.connections(), 1u);
}

task<> count_up(proxy<thing>& p, int times, promise<std::string> said) {
  int n = 0;
  for (int i = 0; i < times; ++i) {
    auto next = async(p).add(n, 1);
    n = co_await next;
  }
  said.succeed(std::to_string(n));
}

TEST_P(core_calls, follow_each_other_in_one_coroutine) {
  promise<std::string> said;
  future<std::string> heard = said.get_future();
  mine->run_on(0, [&](core&) { spawn(count_up(*p, 2000, std::move(said))); });
  EXPECT_EQ(heard.get(), "2000");
}

TEST_P(core_calls, of_two_cores_by_one_proxy_have_a_connection_each) {
  promise<std::string> one, two;
  future<std::string> first = one.get_future(), second = two.get_future();
  mine->run_on(0, [&](core&) { spawn(count_up(*p, 500, std::move(one))); });
  mine->run_on(1, [&](core&) { spawn(count_up(*p, 500, std::move(two))); });
  EXPECT_EQ(p->add(1, 2), 3);  // and from a plain thread
  EXPECT_EQ(first.get(), "500");
  EXPECT_EQ(second.get(), "500");
  EXPECT_EQ(host.connections(), 3u);
}

TEST_P(core_calls, throw_what_the_method_throws_and_the_connection_stays) {
  EXPECT_EQ(start([&] { return async(*p).crash("down").then([] { return 0; }); }).get(), "down");
  EXPECT_EQ(start([&] { return async(*p).add(1, 2); }).get(), "3");
  EXPECT_EQ(host.connections(), 1u);
}

TEST_P(core_calls, fail_once_when_the_connection_is_lost_and_the_next_opens_another) {
  std::vector<promise<std::string>> said(3);
  std::vector<future<std::string>> all;
  for (auto& each : said) all.push_back(each.get_future());
  mine->run_on(0, [&](core&) {
    spawn(note(async(*p).add(1, 2), std::move(said[0])));
    spawn(note(async(*p).break_up().then([] { return 0; }), std::move(said[1])));
    spawn(note(async(*p).add(3, 4), std::move(said[2])));
  });
  EXPECT_EQ(all[0].get(), "3");
  EXPECT_EQ(all[1].get(), "receiving: connection lost");
  EXPECT_EQ(all[2].get(), "receiving: connection lost");
  EXPECT_EQ(start([&] { return async(*p).add(1, 2); }).get(), "3");
}

TEST_P(core_calls, have_deadlines) {
  EXPECT_EQ(start([&] { return async(within(30ms, *p)).wait_for_gate(); }).get(), "receiving: timeout");
  object.gate.set_value();
  EXPECT_EQ(start([&] { return async(within(20s, *p)).add(1, 2); }).get(), "3");
  const silent_server silent;
  proxy<thing> unanswered(silent.uri(), quiet_proxy());
  EXPECT_EQ(start([&] { return async(within(30ms, unanswered)).add(1, 2); }).get(), "receiving: timeout");
  set_timeout(unanswered, 30ms);
  EXPECT_EQ(start([&] { return async(unanswered).add(1, 2); }).get(), "receiving: timeout");
}

TEST_P(core_calls, of_what_cannot_be_reached_fail_in_pyros_words) {
  std::uint16_t free_port = 0;
  {
    const silent_server s;
    free_port = s.port();
  }
  proxy<thing> nobody("PYRO:x@127.0.0.1:" + std::to_string(free_port), quiet_proxy());
  const std::string said = start([&] { return async(nobody).add(1, 2); }).get();
  EXPECT_TRUE(said.starts_with("cannot connect to ('127.0.0.1', " + std::to_string(free_port) + "): ")) << said;
  proxy<thing> unknown("PYRO:x@" + host.location(), quiet_proxy());
  const std::string refused = start([&] { return async(unknown).add(1, 2); }).get();
  EXPECT_TRUE(refused.ends_with("rejected: unknown object")) << refused;
  proxy<thing> no_host("PYRO:x@no-such-host.invalid:1", quiet_proxy());
  const std::string nowhere = start([&] { return async(no_host).add(1, 2); }).get();
  EXPECT_TRUE(nowhere.starts_with("cannot connect to ('no-such-host.invalid', 1): ")) << nowhere;
}

TEST_P(core_calls, look_names_up_without_holding_the_core) {
  proxy<thing> named("PYRO:thing@localhost:" + std::to_string(host.port()), quiet_proxy());
  EXPECT_EQ(start([&] { return async(named).add(1, 2); }).get(), "3");
}

TEST_P(core_calls, without_an_answer_do_not_wait) {
  mine->run_on(0, [&](core&) {
    oneway(*p).fire(2);
    p.reset();  // what is written still leaves
  });
  EXPECT_TRUE(eventually([&] { return object.fired == 2; }));
}

TEST_P(core_calls, and_their_proxies_gone_leave_no_connection) {
  future<std::string> under_way = start([&] { return async(*p).wait_for_gate(); });
  ASSERT_TRUE(eventually([&] { return object.entered == 1; }));
  p.reset();
  EXPECT_EQ(alive(), 1u);
  object.gate.set_value();
  EXPECT_EQ(under_way.get(), "42");
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
  EXPECT_TRUE(eventually([&] { return alive() == 0; }));
}

TEST_P(core_calls, fail_when_their_core_ends) {
  silent_server silent;
  std::promise<void> asked;
  std::jthread hearing([&] {
    raw_peer peer = silent.welcome_one();
    EXPECT_TRUE(peer.hear());
    asked.set_value();
    EXPECT_TRUE(peer.closed_by_peer());
  });
  proxy_options options = quiet_proxy();
  options.settings->metadata = false;
  proxy<thing> unanswered(silent.uri(), options);
  future<std::string> under_way = start([&] { return async(unanswered).add(1, 2); });
  asked.get_future().wait();
  mine.reset();
  EXPECT_EQ(under_way.get(), "the core has ended");
}

TEST_P(core_calls, may_not_be_waited_for_on_the_core) {
  std::string said;
  mine->run_on(0, [&](core&) {
    auto f = async(*p).add(1, 2);
    try {
      f.get();
    } catch (const would_block& e) {
      said = e.what();
    }
  });
  EXPECT_EQ(said, "on a core's own thread the answer would wait for itself: co_await the future there");
  auto driven = async(*p).add(1, 2);
  const std::string refused = start([&] { return std::move(driven); }).get();
  EXPECT_TRUE(refused.starts_with("this future was made on a plain thread")) << refused;
}

TEST_P(core_calls, made_on_a_core_may_be_waited_for_on_a_plain_thread) {
  future<int> f;
  mine->run_on(0, [&](core&) { f = async(*p).add(1, 2); });
  EXPECT_EQ(f.get(), 3);
}

TEST_P(core_calls, carry_large_arguments_and_results) {
  promise<std::string> said;
  future<std::string> heard = said.get_future();
  mine->run_on(0, [&](core&) {
    const bytes gone_at_once(3'000'000, std::byte{1});
    spawn(note(async(*p).measure(gone_at_once).then([](std::size_t n) { return static_cast<int>(n); }), std::move(said)));
  });
  EXPECT_EQ(heard.get(), "3000000");
  EXPECT_EQ(start([&] { return async(*p).blob(2'000'000).then([](const bytes& b) { return static_cast<int>(b.size()); }); }).get(), "2000000");
}

}  // namespace
}  // namespace engine::test
