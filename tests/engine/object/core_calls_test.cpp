// Calls made and awaited on a core's own thread, on every backend this machine has: answered once, failed once, whatever happens.
#include <engine/core/cores.hpp>
#include <engine/object/batch.hpp>
#include <engine/object/proxy.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
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

/// Loses its caller's connection as often as it is told to.
class unsteady {
 public:
  int ask(int n) {
    ++asked;
    if (losses > 0) throw connection_closed("lost " + std::to_string(losses--));
    return n;
  }
  std::atomic<int> losses{0}, asked{0};
};
ENGINE_EXPOSE(unsteady, ask)

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

TEST_P(core_calls, say_that_it_was_the_sending_that_took_too_long) {
  silent_server server;
  proxy_options plain = quiet_proxy();
  plain.settings->metadata = false;
  proxy<thing> unread(server.uri(), plain);
  future<std::string> first = start([&] { return async(unread).add(1, 2); });
  raw_peer peer = server.welcome_one();
  const auto asked = peer.hear();
  ASSERT_TRUE(asked);
  peer.say(frame_of("3", {.type = message::result, .sequence = asked->sequence}));
  EXPECT_EQ(first.get(), "3");
  const std::string more_than_fits(50'000'000, 'y');
  EXPECT_EQ(start([&] { return async(within(100ms, unread)).text(more_than_fits).then([](const std::string&) { return 0; }); }).get(), "sending: timeout");
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

// ---- again

TEST_P(core_calls, are_repeated_when_the_connection_was_lost_if_the_proxy_allows_it) {
  unsteady wobbling;
  proxy_options options = quiet_proxy();
  options.settings->max_retries = 2;
  proxy<unsteady> there(host.expose(wobbling, "unsteady"), options);
  wobbling.losses = 2;
  EXPECT_EQ(start([&] { return async(there).ask(7); }).get(), "7");
  EXPECT_EQ(wobbling.asked, 3);
  wobbling.losses = 3;
  EXPECT_EQ(start([&] { return async(there).ask(7); }).get(), "receiving: connection lost");
  EXPECT_EQ(wobbling.asked, 6);
  wobbling.losses = 1;
  EXPECT_NE(start([&] { return async(proxy<unsteady>(uri_of(there), quiet_proxy())).ask(7); }).get(), "7");  // this one does not
  EXPECT_EQ(wobbling.asked, 7);
}

TEST_P(core_calls, that_nobody_waits_for_are_not_repeated) {
  unsteady wobbling;
  proxy_options options = quiet_proxy();
  options.settings->max_retries = 100;
  proxy<unsteady> there(host.expose(wobbling, "unsteady"), options);
  wobbling.losses = 100;
  mine->run_on(0, [&](core&) { static_cast<void>(async(there).ask(7)); });
  EXPECT_TRUE(eventually([&] { return alive() == 0 && wobbling.asked >= 1; }));
  EXPECT_EQ(wobbling.asked, 1);
}

// ---- in batches

task<> note_batch(proxy<thing> there, int calls, promise<std::string> said) {
  try {
    batch<thing> many{there};
    std::vector<later<int>> sums;
    for (int i = 0; i < calls; ++i) sums.push_back(many.add(i, 1));
    auto sent = many.send_async();
    co_await sent;
    int all = 0;
    for (const auto& each : sums) all += each.get();
    said.succeed(std::to_string(all));
  } catch (...) {
    said.succeed(text_of(std::current_exception()));
  }
}

TEST_P(core_calls, may_be_made_in_batches) {
  // The first is written before anything is known of the daemon, the second in what the two have agreed on.
  for (int round = 0; round < 2; ++round) {
    promise<std::string> said;
    auto heard = said.get_future();
    mine->run_on(0, [&](core&) { spawn(note_batch(*p, 100, std::move(said))); });
    EXPECT_EQ(heard.get(), "5050");
  }
  EXPECT_EQ(host.connections(), 1u);
}

TEST_P(core_calls, batches_filled_before_the_connection_is_there_may_be_sent_after_it) {
  promise<std::string> said;
  auto heard = said.get_future();
  const auto run = [&]() -> task<> {
    batch<thing> many{*p};
    auto sum = many.add(1, 2);
    auto first = async(*p).add(1, 1);
    co_await first;  // connected now, and in msgpack
    auto sent = many.send_async();
    co_await sent;
    said.succeed(std::to_string(sum.get()));
  };
  mine->run_on(0, [&](core&) { spawn(run()); });
  EXPECT_EQ(heard.get(), "3");
}

TEST_P(core_calls, oneway_batches_are_executed_too) {
  mine->run_on(0, [&](core&) {
    batch<thing> many{*p};
    for (int i = 0; i < 10; ++i) static_cast<void>(many.fire(i));
    many.send_oneway();
  });
  EXPECT_TRUE(eventually([&] { return object.fired.load() == 45; }));
}

TEST_P(core_calls, go_over_a_socket_that_was_given_with_the_proxy) {
  int ends[2]{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  daemon_options other = on_loopback();
  other.connected_socket = ends[1];
  daemon at_the_end(std::move(other));
  thing there;
  at_the_end.expose(there, "thing");
  std::jthread serving([&] { at_the_end.run(); });
  proxy_options given = quiet_proxy();
  given.connected_socket = ends[0];
  std::optional<proxy<thing>> through(std::in_place, "PYRO:thing@<<connected-socket>>:0", given);
  EXPECT_EQ(start([&] { return async(*through).add(1, 2); }).get(), "3");
  EXPECT_EQ(start([&] { return async(*through).add(2, 2); }).get(), "4");
  EXPECT_THROW(static_cast<void>(start([&] { return async(*through).add(2, 2); }, 1)), connection_closed);  // there is no other for another core
  through.reset();  // closes it, and so ends the daemon's run()
  ::close(ends[1]);
}

}  // namespace
}  // namespace engine::test
