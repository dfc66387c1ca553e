// A daemon in whatever loop there is: its own threads, the caller's thread, somebody else's loop, or another daemon's; and how it ends.
#include <engine/io/socket.hpp>
#include <engine/core/task.hpp>
#include <engine/object/core_calls.hpp>
#include <engine/object/daemon.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

daemon_options without_threads(backend_choice backend = backend_choice::automatic) {
  auto options = on_loopback();
  options.threads = false;
  options.settings->backend = backend;
  return options;
}

/// Somebody else's loop: poll(2) over the daemons' descriptors, until `done`.
void somebody_elses_loop(std::initializer_list<daemon*> daemons, const std::atomic<bool>& done) {
  for (daemon* d : daemons) d->run_ready();
  while (!done) {
    std::vector<pollfd> waiting;
    for (daemon* d : daemons) waiting.push_back({.fd = d->descriptor(), .events = POLLIN, .revents = 0});
    ::poll(waiting.data(), waiting.size(), 20);
    for (daemon* d : daemons) d->run_ready();
  }
}

class foreign_loops : public ::testing::TestWithParam<backend_choice> {};
INSTANTIATE_TEST_SUITE_P(backends, foreign_loops, ::testing::Values(backend_choice::uring, backend_choice::epoll),
                         [](const auto& i) { return i.param == backend_choice::uring ? "io_uring" : "epoll"; });

#define DAEMON_OR_SKIP(name, ...)                                   \
  std::optional<daemon> name##_made;                                \
  try {                                                             \
    name##_made.emplace(__VA_ARGS__);                               \
  } catch (const std::system_error& e) {                            \
    GTEST_SKIP() << e.what();                                       \
  }                                                                 \
  daemon& name = *name##_made

TEST_P(foreign_loops, serve_whenever_the_descriptor_is_readable) {
  DAEMON_OR_SKIP(d, without_threads(GetParam()));
  thing object;
  const uri where = d.expose(object, "thing");
  std::atomic<bool> done{false};
  std::thread caller([&] {
    {
      proxy<thing> p(where, quiet_proxy());
      for (int i = 0; i < 200; ++i) EXPECT_EQ(p.add(i, 1), i + 1);
      EXPECT_EQ(p.measure(bytes(3'000'000)), 3'000'000u);
      EXPECT_EQ(p.blob(3'000'000).size(), 3'000'000u);
    }
    done = true;
  });
  somebody_elses_loop({&d}, done);
  caller.join();
}

TEST_P(foreign_loops, need_no_timeout_of_their_own_to_notice_what_comes) {
  DAEMON_OR_SKIP(d, without_threads(GetParam()));
  thing object;
  const uri where = d.expose(object, "thing");
  std::atomic<int> answered{0};
  std::thread caller([&] {
    proxy<thing> p(where, quiet_proxy());
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(p.add(i, 1), i + 1);
      ++answered;
    }
  });
  d.run_ready();
  while (answered < 50) {
    pollfd waiting{.fd = d.descriptor(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1) << "after " << answered << " calls nothing came";
    d.run_ready();
  }
  caller.join();
}

TEST_P(foreign_loops, are_woken_by_other_threads) {
  DAEMON_OR_SKIP(d, without_threads(GetParam()));
  d.run_ready();
  std::thread stopper([&] { d.stop(); });
  pollfd waiting{.fd = d.descriptor(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&waiting, 1, 10'000), 1);
  d.run_ready();
  stopper.join();
}

TEST_P(foreign_loops, serve_two_daemons_by_one_descriptor) {
  DAEMON_OR_SKIP(first, without_threads(GetParam()));
  auto options = on_loopback();
  options.combine_with = &first;
  options.hmac_key = "secret";
  daemon second(options);
  EXPECT_EQ(first.descriptor(), second.descriptor());
  thing a, b;
  a.label = "a";
  b.label = "b";
  const uri at_a = first.expose(a, "thing"), at_b = second.expose(b, "thing");
  std::atomic<bool> done{false};
  std::thread caller([&] {
    {
      auto keyed = quiet_proxy();
      keyed.hmac_key = "secret";
      proxy<thing> p(at_a, quiet_proxy()), q(at_b, keyed);
      EXPECT_EQ(p.label(), "a");
      EXPECT_EQ(q.label(), "b");
    }
    done = true;
  });
  somebody_elses_loop({&first}, done);
  caller.join();
}

TEST_P(foreign_loops, tell_when_they_are_due_without_being_readable) {
  auto options = without_threads(GetParam());
  options.settings->poll_timeout = 0.03;
  int kept_house = 0;
  options.housekeeping = [&] { ++kept_house; };
  DAEMON_OR_SKIP(d, options);
  d.run_ready();
  while (kept_house < 3) {
    ASSERT_LT(d.next_deadline(), std::chrono::steady_clock::now() + 1s);
    std::this_thread::sleep_until(d.next_deadline());
    d.run_ready();
  }
}

TEST_P(foreign_loops, may_themselves_be_watched_from_ours) {
  auto options = on_loopback();
  options.settings->backend = GetParam();
  DAEMON_OR_SKIP(d, options);
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::atomic<std::uint64_t> sum{0};
  std::atomic<bool> on_a_core{true};
  {
    const watch_handle watching = d.watch(event, [&] {
      std::uint64_t count = 0;
      if (::read(event, &count, sizeof count) == sizeof count) sum += count;
      on_a_core = on_a_core && core::current() != nullptr;
    });
    for (std::uint64_t i = 1; i <= 3; ++i) {
      const std::uint64_t before = sum;
      ASSERT_EQ(::write(event, &i, sizeof i), static_cast<ssize_t>(sizeof i));
      EXPECT_TRUE(eventually([&] { return sum == before + i; }));
    }
  }
  EXPECT_TRUE(on_a_core);
  thing object;
  proxy<thing> p(d.expose(object), quiet_proxy());  // the end of the watching has run once this is answered
  EXPECT_EQ(p.add(1, 2), 3);
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(event, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_EQ(sum, 6u);
  ::close(event);
}

TEST_P(foreign_loops, may_be_watched_beyond_the_end_of_ours) {
  auto options = on_loopback();
  options.settings->backend = GetParam();
  DAEMON_OR_SKIP(d, options);
  const int event = ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);  // readable for ever
  std::atomic<int> called{0};
  watch_handle watching = d.watch(event, [&] { ++called; });
  EXPECT_TRUE(eventually([&] { return called > 10; }));
  d.close();
  const int in_the_end = called;
  watching = watch_handle();
  EXPECT_EQ(called, in_the_end);
  ::close(event);
}

// ---- run()

TEST(running_daemons, serve_on_the_callers_thread_where_they_have_none_of_their_own) {
  daemon d(without_threads());
  thing object;
  const uri where = d.expose(object, "thing");
  std::thread caller([&] {
    proxy<thing> p(where, quiet_proxy());
    EXPECT_EQ(p.thread(), p.thread());
    object.label = std::to_string(p.thread());
    d.stop();
  });
  d.run();
  caller.join();
  EXPECT_EQ(object.label, std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id())));
}

TEST(running_daemons, go_on_while_their_condition_holds) {
  for (const bool threads : {true, false}) {
    auto options = on_loopback();
    options.threads = threads;
    options.settings->poll_timeout = 0.01;
    daemon d(options);
    int asked = 0;
    d.run([&] { return ++asked < 4; });
    EXPECT_EQ(asked, 4);
  }
}

TEST(running_daemons, that_are_combined_are_served_by_one_run) {
  daemon first(on_loopback(2));
  auto options = on_loopback();
  options.combine_with = &first;
  thing object;
  std::optional<daemon> second(std::in_place, options);
  const uri where = second->expose(object, "thing");
  std::thread caller([&] {
    proxy<thing> p(where, quiet_proxy());
    EXPECT_EQ(p.add(1, 2), 3);
    first.stop();
  });
  first.run();
  caller.join();
  proxy<thing> p(where, quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);  // the loops go on for the one that is left
}

/// Waits for another daemon, on a core.
class asker {
 public:
  explicit asker(const uri& far) : far_(far, quiet_proxy()) {}
  task<int> ask() {
    auto known = async(far_).add(1, 1);
    const int two = co_await known;
    ++asking;
    auto answer = async(far_).wait_for_gate();
    const int n = co_await answer;
    co_return n + two;
  }
  std::atomic<int> asking{0};

 private:
  proxy<thing> far_;
};
ENGINE_EXPOSE(asker, ask)

TEST(running_daemons, that_were_combined_end_without_what_the_others_wait_for) {
  auto apart = on_loopback();
  apart.settings->server_type = "thread";
  daemon far(apart);
  thing one, other;
  asker stays(far.expose(one, "one")), goes(far.expose(other, "other"));
  daemon first(on_loopback());
  auto options = on_loopback();
  options.combine_with = &first;
  std::optional<daemon> second(std::in_place, options);
  proxy<asker> to_first(first.expose(stays, "asker"), quiet_proxy()), to_second(second->expose(goes, "asker"), quiet_proxy());
  auto answered = std::async(std::launch::async, [&] { return to_first.ask(); });
  auto lost = std::async(std::launch::async, [&] { return failure_text([&] { to_second.ask(); }); });
  ASSERT_TRUE(eventually([&] { return stays.asking == 1 && goes.asking == 1 && one.entered == 1 && other.entered == 1; }));
  second.reset();
  EXPECT_NE(lost.get(), "no failure");
  one.gate.set_value();
  other.gate.set_value();
  EXPECT_EQ(answered.get(), 44);
}

TEST(running_daemons, have_no_descriptor_when_they_have_threads) {
  daemon d(on_loopback());
  EXPECT_THROW(static_cast<void>(d.descriptor()), error);
  auto options = on_loopback(2);
  options.threads = false;
  EXPECT_THROW(daemon other(options), error);
}

// ---- where they are

TEST(addresses_of_a_daemon, may_be_many) {
  const std::string name = abstract_name("also");
  auto options = on_loopback();
  options.also_listen_on = {"127.0.0.1:0", "./u:" + name};
  daemon d(options);
  thing object;
  d.expose(object, "thing");
  ASSERT_EQ(d.locations().size(), 3u);
  EXPECT_EQ(d.locations()[0], d.location());
  EXPECT_EQ(d.locations()[2], "./u:" + name);
  for (const std::string& at : d.locations()) {
    proxy<thing> p("PYRO:thing@" + at, quiet_proxy());
    EXPECT_EQ(p.add(1, 2), 3) << at;
  }
  const std::vector<int> sockets = d.listening_descriptors();
  ASSERT_EQ(sockets.size(), 3u);
  for (std::size_t i = 0; i < sockets.size(); ++i) EXPECT_TRUE(d.locations()[i].ends_with(local_address_of(sockets[i]).to_string())) << i;
  d.close();
  EXPECT_TRUE(d.listening_descriptors().empty());
  options.also_listen_on = {"nonsense"};
  EXPECT_THROW(daemon other(options), error);
}

TEST(addresses_of_a_daemon, stand_in_uris_as_they_were_given) {
  for (const auto& [said, shown] : std::map<std::string, std::string>{{"localhost", "localhost"}, {"127.0.0.1", "127.0.0.1"}, {"0.0.0.0", "0.0.0.0"}, {"", "0.0.0.0"}}) {
    auto options = on_loopback();
    options.host.clear();
    options.settings->host = said;
    daemon d(options);
    EXPECT_EQ(d.location(), shown + ":" + std::to_string(d.port()));
    thing object;
    EXPECT_EQ(proxy<thing>(d.expose(object, "thing"), quiet_proxy()).add(1, 2), 3);
  }
}

TEST(addresses_of_a_daemon, behind_a_router_are_given_away_as_they_are_reached) {
  auto options = on_loopback();
  options.nat_host = "example.org";
  options.nat_port = 4444;
  daemon d(options);
  thing object;
  EXPECT_EQ(d.expose(object, "thing").to_string(), "PYRO:thing@example.org:4444");
  EXPECT_EQ(d.nat_location(), "example.org:4444");
  EXPECT_EQ(d.uri_for(object, false).to_string(), "PYRO:thing@" + d.location());
  EXPECT_EQ(d.uri_for("other").to_string(), "PYRO:other@example.org:4444");
  proxy<> own(d.uri_for("Pyro.Daemon", false), quiet_proxy());
  EXPECT_NE(own["info"]().as<std::string>().find("NAT example.org:4444, "), std::string::npos);
  options.nat_port.reset();  // 0 by the settings: as inside
  daemon same(options);
  EXPECT_EQ(same.nat_location(), "example.org:" + std::to_string(same.port()));
  options.nat_host.clear();
  options.nat_port = 1;
  try {
    daemon none(options);
    FAIL();
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "must provide natport with nathost");
  }
  auto local = on_loopback();
  local.unix_socket = abstract_name("nat");
  local.unix_only = true;
  local.nat_host = "example.org";
  try {
    daemon none(local);
    FAIL();
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "cannot use nathost together with unixsocket");
  }
}

// ---- a socket that is there already

TEST(connected_daemons, serve_their_socket_without_a_handshake_until_the_peer_closes) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  auto options = on_loopback();
  options.connected_socket = pair[0];
  daemon d(options);
  EXPECT_EQ(d.location(), "./u:<<not-bound>>");
  EXPECT_EQ(d.port(), 0);
  thing object;
  EXPECT_EQ(d.expose(object, "thing").to_string(), "PYRO:thing@./u:<<not-bound>>");
  auto running = std::async(std::launch::async, [&] { d.run(); });
  const std::string request = call_frame("thing", "add", "(1,2)");
  ASSERT_EQ(::send(pair[1], request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  char bytes[512];
  const ssize_t n = ::recv(pair[1], bytes, sizeof bytes, 0);
  ASSERT_GT(n, 24);
  EXPECT_EQ(frames_in({bytes, static_cast<std::size_t>(n)})[0].body(), value(3));
  ::close(pair[1]);
  EXPECT_EQ(running.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(::fcntl(pair[0], F_GETFD), FD_CLOEXEC);  // still the caller's
  ::close(pair[0]);
}

TEST(connected_daemons, find_for_an_early_caller_what_is_exposed_before_they_run) {
  for (const bool threads : {true, false}) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const std::string request = call_frame("thing", "add", "(1,2)");
    ASSERT_EQ(::send(pair[1], request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    ::shutdown(pair[1], SHUT_WR);
    auto options = threads ? on_loopback() : without_threads();
    options.connected_socket = pair[0];
    thing object;
    daemon d(options);
    d.expose(object, "thing");
    d.run();
    char bytes[512];
    const ssize_t n = ::recv(pair[1], bytes, sizeof bytes, 0);
    ASSERT_GT(n, 24);
    EXPECT_EQ(frames_in({bytes, static_cast<std::size_t>(n)})[0].body(), value(3));
    ::close(pair[0]);
    ::close(pair[1]);
  }
}

TEST(connected_daemons, cannot_be_combined_nor_run_in_another_loop) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  auto options = without_threads();
  options.connected_socket = pair[0];
  {
    daemon d(options);
    try {
      static_cast<void>(d.descriptor());
      FAIL();
    } catch (const error& e) {
      EXPECT_STREQ(e.what(), "cannot combine events when using user-supplied connected socket");
    }
    auto second = on_loopback();
    second.combine_with = &d;
    try {
      daemon combined(second);
      FAIL();
    } catch (const error& e) {
      EXPECT_STREQ(e.what(), "cannot combine servers when using user-supplied connected socket");
    }
  }
  ::close(pair[0]);
  ::close(pair[1]);
}

// ---- objects that are somebody else's

TEST(weakly_exposed_objects, are_unknown_once_they_are_gone) {
  daemon d(on_loopback());
  auto object = std::make_shared<thing>();
  proxy<thing> p(d.expose(std::weak_ptr(object), "weak"), quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
  object.reset();
  try {
    p.add(1, 2);
    FAIL();
  } catch (const daemon_error& e) {
    EXPECT_STREQ(e.what(), "unknown object");
  }
  proxy<> own(d.uri_for("Pyro.Daemon"), quiet_proxy());
  EXPECT_EQ(own["registered"](), value(value::list{"Pyro.Daemon"}));
  thing other;
  d.expose(other, "weak");  // its id is free again
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_THROW(d.expose(std::weak_ptr<thing>()), daemon_error);
}

TEST(weakly_exposed_objects, live_through_the_call_that_is_under_way) {
  daemon d(on_loopback());
  auto object = std::make_shared<thing>();
  thing& there = *object;
  proxy<thing> p(d.expose(std::weak_ptr(object), "weak"), quiet_proxy());
  std::thread caller([&] { EXPECT_EQ(p.wait_for_gate(), 42); });
  ASSERT_TRUE(eventually([&] { return there.entered == 1; }));
  object.reset();
  there.gate.set_value();
  caller.join();
}

// ---- ends

TEST(draining_daemons, let_running_calls_end_and_take_no_new_ones) {
  auto options = on_loopback(2);
  options.settings->server_type = "thread";  // the method holds no core
  daemon d(options);
  thing object;
  const uri where = d.expose(object, "thing");
  proxy<thing> busy(where, quiet_proxy()), idle(where, quiet_proxy());
  EXPECT_EQ(idle.add(1, 2), 3);
  std::thread caller([&] { EXPECT_EQ(busy.wait_for_gate(), 42); });
  ASSERT_TRUE(eventually([&] { return object.entered == 1; }));
  auto drained = std::async(std::launch::async, [&] { return d.drain(20s); });
  EXPECT_TRUE(eventually([&] { return d.connections() == 1 || drained.wait_for(0s) == std::future_status::ready; }));
  EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
  EXPECT_THROW(idle.add(1, 2), unreachable);
  object.gate.set_value();
  EXPECT_TRUE(drained.get());
  caller.join();
  EXPECT_TRUE(d.drain(1s));  // it has ended
}

TEST(draining_daemons, say_when_time_was_up) {
  auto options = on_loopback();
  options.settings->server_type = "thread";
  daemon d(options);
  thing object;
  proxy<thing> busy(d.expose(object, "thing"), quiet_proxy());
  std::thread caller([&] { busy.wait_for_gate(); });
  ASSERT_TRUE(eventually([&] { return object.entered == 1; }));
  std::thread opener([&] {
    EXPECT_TRUE(eventually([&] { return d.connections() == 1; }));
    std::this_thread::sleep_for(100ms);
    object.gate.set_value();
  });
  EXPECT_FALSE(d.drain(10ms));
  caller.join();
  opener.join();
}

// A draining daemon with one call running and, until it drained, an idle connection.
class drained_daemon : public testing::Test {
 protected:
  drained_daemon() {
    running.say(call_frame("thing", "wait_for_gate") + call_frame("thing", "fire", "(1,)", 2, "{}", flag::oneway) + call_frame("thing", "add", "(1,2)", 3));
    EXPECT_TRUE(eventually([&] { return object.entered == 1; }));
    EXPECT_EQ(idle.add(1, 2), 3);
    draining = std::async(std::launch::async, [&] { return d.drain(20s); });
    EXPECT_TRUE(eventually([&] { return d.connections() == 1; }));
  }
  static daemon_options with_side_threads() {
    auto options = on_loopback();
    options.settings->server_type = "thread";  // the method holds no core
    return options;
  }
  ~drained_daemon() {
    if (object.entered == 1 && draining.wait_for(0s) != std::future_status::ready) object.gate.set_value();
    EXPECT_TRUE(draining.get());
  }

  thing object;
  daemon d{with_side_threads()};
  uri where = d.expose(object, "thing");
  raw_peer running{greeted(d)};
  proxy<thing> idle{where, quiet_proxy()};
  std::future<bool> draining;

 private:
  static raw_peer greeted(const daemon& d) {
    raw_peer peer(d);
    peer.greet("thing");
    return peer;
  }
};

TEST_F(drained_daemon, is_not_there_for_new_connections_nor_for_idle_ones_that_come_again) {
  const std::string refused = "Pyro4.errors.CommunicationError: cannot connect to ('127.0.0.1', " + std::to_string(d.port()) + "): connect: Connection refused";
  const proxy<thing> late(where, quiet_proxy());
  EXPECT_EQ(failure_text([&] { proxy(late).add(1, 2); }), refused);
  EXPECT_EQ(failure_text([&] { idle.add(1, 2); }), refused);
}

TEST_F(drained_daemon, answers_the_call_that_runs_and_none_that_waits_behind_it) {
  object.gate.set_value();
  const auto answered = running.hear();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->sequence, 1);
  EXPECT_EQ(answered->body(), value(42));
  EXPECT_TRUE(running.closed_by_peer());
  EXPECT_TRUE(draining.wait_for(20s) == std::future_status::ready);
  EXPECT_EQ(object.fired, 0) << "what was behind it ran";
}

}  // namespace
}  // namespace engine::test
