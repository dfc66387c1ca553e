// Proxies against a real daemon: typed and dynamic, every way to call, errors by family, time limits, and many threads on one.
#include <engine/object/proxy.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include <thread>

#include <gtest/gtest.h>
#include <tests/support/resident.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

class proxies : public testing::Test {
 protected:
  daemon host{on_loopback()};
  thing object;
  uri where = host.expose(object, "thing");
  proxy<thing> typed{where, quiet_proxy()};
  proxy<> dynamic{where, quiet_proxy()};
};

TEST_F(proxies, call_typed_methods) {
  EXPECT_EQ(typed.add(1, 2), 3);
  EXPECT_EQ(typed.text("hé"), "hé");
  EXPECT_EQ(typed.text(std::string(100'000, 'x')).size(), 100'000u);
  EXPECT_EQ(typed.size(), 3);
  EXPECT_EQ(typed.greet("Ann"), "hello Ann");
  EXPECT_EQ(typed.greet("Ann", "hi", 2), "hi Ann 2");
  EXPECT_EQ(typed.echo(value(value::list{1, "x"})), value(value::list{1, "x"}));
}

TEST_F(proxies, send_and_receive_large_bytes) {
  const bytes data(3'000'000, std::byte{5});
  EXPECT_EQ(typed.measure(data), data.size());
  EXPECT_EQ(typed.blob(2'000'000), bytes(2'000'000, std::byte{7}));
}

TEST_F(proxies, call_dynamically_with_positions_and_keywords) {
  EXPECT_EQ(dynamic["add"](1, 2).as<int>(), 3);
  EXPECT_EQ(dynamic["add"](1, kw("b", 5)).as<int>(), 6);
  EXPECT_EQ(dynamic["greet"](kw("name", "Ann"), kw("times", 2)).as<std::string>(), "hello Ann 2");
  EXPECT_EQ(dynamic["add"].call({1}, {{"b", 3}}).as<int>(), 4);
  EXPECT_EQ(dynamic["echo"](std::vector<int>{1, 2}), value(value::list{1, 2}));
  EXPECT_EQ(dynamic["__len__"]().as<int>(), 3);
}

TEST_F(proxies, read_and_assign_attributes) {
  EXPECT_EQ(typed.label(), "none");
  typed.label("new");
  EXPECT_EQ(typed.label(), "new");
  EXPECT_EQ(typed.get_temperature(), 20);
  dynamic["temperature"].set(30);
  EXPECT_EQ(dynamic["temperature"].get().as<int>(), 30);
  EXPECT_EQ(typed.mood(), "fine");
  EXPECT_THROW(dynamic["temperature"].set(1000), raised);
  EXPECT_THROW(dynamic["serial"].set(1), raised);
}

TEST_F(proxies, speak_every_serializer_the_daemon_accepts) {
  for (const char* name : {"serpent", "msgpack"}) {
    settings s = quiet_settings();
    s.serializers_accepted = {"serpent", "msgpack"};
    daemon other({.settings = s});
    const uri u = other.expose(object, "thing");
    proxy<thing> p(u, {.serializer = name, .settings = quiet_settings()});
    EXPECT_EQ(p.add(2, 3), 5) << name;
    EXPECT_EQ(p.measure(bytes(1000)), 1000u);
  }
  EXPECT_THROW((proxy<thing>(where, {.serializer = "nonsense"})), serialize_error);
}

TEST_F(proxies, take_no_msgpack_for_a_daemon_whose_serializers_were_chosen_without_it) {
  settings s = quiet_settings();
  s.serializers_accepted = {"serpent"};
  daemon other({.settings = s});
  proxy<thing> p(other.expose(object, "thing"), quiet_proxy());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(p.add(2, 3), 5);
    EXPECT_EQ(connection_of(p)->serializer, "serpent");
    release(p);
  }
}

TEST_F(proxies, know_what_the_object_offers) {
  const offered_members all = members_of(typed);
  EXPECT_TRUE(std::ranges::binary_search(all.methods, "add"));
  EXPECT_EQ(all.oneway, std::vector<std::string>{"fire"});
  EXPECT_EQ(all.attributes, (std::vector<std::string>{"fixed", "label", "mood", "serial", "temperature"}));
}

TEST_F(proxies, refuse_unknown_names_without_any_traffic) {
  try {
    dynamic["missing"]();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.AttributeError");
    EXPECT_EQ(std::string(e.what()), "remote object '" + where.to_string() + "' has no exposed attribute or method 'missing'");
    EXPECT_EQ(e.traceback().find("Traceback (most recent"), std::string::npos);
  }
  EXPECT_THROW(dynamic["missing"].get(), raised);
  EXPECT_THROW(dynamic["add"].get(), raised);
}

TEST_F(proxies, ask_the_daemon_when_metadata_is_off) {
  settings s = quiet_settings();
  s.metadata = false;
  proxy<> blind(where, {.settings = s});
  EXPECT_EQ(blind["add"](1, 2).as<int>(), 3);
  try {
    blind["missing"]();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(std::string(e.what()), "'thing' object has no attribute 'missing'");
    EXPECT_NE(e.traceback().find("Traceback (most recent"), std::string::npos);
  }
}

TEST_F(proxies, connect_and_release_on_demand) {
  EXPECT_EQ(host.connections(), 0u);
  EXPECT_TRUE(connect(typed));
  EXPECT_FALSE(connect(typed));
  EXPECT_EQ(host.connections(), 1u);
  const proxy<thing> copy = typed;
  EXPECT_FALSE(connect(copy));
  release(typed);
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
  EXPECT_EQ(typed.add(1, 1), 2);
  EXPECT_EQ(uri_of(typed), where);
}

TEST_F(proxies, oneway_calls_do_not_wait) {
  typed.fire(2);
  oneway(typed).add(1, 2);
  dynamic["fire"](3);
  EXPECT_EQ(typed.add(1, 1), 2);
  EXPECT_TRUE(eventually([&] { return object.fired == 5; }));
}

TEST_F(proxies, attempts_return_failures_instead_of_throwing) {
  EXPECT_EQ(attempt(typed).add(1, 2).value(), 3);
  EXPECT_TRUE(attempt(typed).fire(1).has_value());
  const auto failed = attempt(typed).crash("down");
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is<raised>());
  EXPECT_EQ(failed.error().type(), "builtins.RuntimeError");
  EXPECT_EQ(failed.error().text(), "down");
}

TEST_F(proxies, errors_come_back_as_what_they_are) {
  try {
    typed.fail("ZeroDivisionError", "by zero");
    FAIL();
  } catch (const raised& e) {
    EXPECT_TRUE(e.is("ZeroDivisionError"));
    EXPECT_STREQ(e.what(), "by zero");
    EXPECT_NE(e.traceback().find("thing.fail"), std::string::npos);
  }
  EXPECT_THROW(typed.misname(), naming_error);
  EXPECT_THROW(typed.forbid(), security_error);
  EXPECT_THROW(typed.refuse_to_serialize(), serialize_error);
  EXPECT_THROW(typed.break_up(), connection_closed);
  EXPECT_EQ(typed.add(1, 2), 3);
}

TEST_F(proxies, a_result_of_another_type_is_a_type_error_and_the_connection_stays) {
  struct local {};
  proxy<> p(where, quiet_proxy());
  EXPECT_THROW(p["text"](17), raised);
  EXPECT_THROW(static_cast<void>(p["text"]("x").as<int>()), bad_value);
  EXPECT_EQ(p["add"](1, 1).as<int>(), 2);
}

TEST_F(proxies, futures_are_answered_in_any_order) {
  std::vector<future<int>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(async(typed).add(i, 1));
  for (int i = 999; i >= 0; --i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i + 1);
  auto failing = async(typed).crash("later");
  EXPECT_THROW(failing.get(), raised);
  auto none = async(typed).fire(1);
  none.get();
}

// More than the daemon lets wait for one peer: it stops reading requests, and must go on when the answers have left.
TEST_F(proxies, large_answers_to_pipelined_calls_all_come) {
  std::vector<future<bytes>> all;
  for (int i = 0; i < 20; ++i) all.push_back(async(typed).blob(1'500'000));
  for (auto& f : all) {
    ASSERT_TRUE(f.wait_for(20s));
    EXPECT_EQ(f.get().size(), 1'500'000u);
  }
}

TEST_F(proxies, a_future_can_be_waited_for_a_while) {
  auto slow = async(typed).wait_for_gate();
  EXPECT_FALSE(slow.wait_for(10ms));
  EXPECT_FALSE(slow.ready());
  object.gate.set_value();
  EXPECT_TRUE(slow.wait_for(20s));
  EXPECT_EQ(slow.get(), 42);
}

TEST_F(proxies, a_future_outlives_its_proxy_and_a_dropped_one_leaves_nothing) {
  future<int> kept;
  {
    proxy<thing> short_lived(where, quiet_proxy());
    kept = async(short_lived).add(1, 2);
    static_cast<void>(async(short_lived).add(3, 4));
  }
  EXPECT_EQ(kept.get(), 3);
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
  {
    proxy<thing> short_lived(where, quiet_proxy());
    static_cast<void>(async(short_lived).add(3, 4));
  }
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
}

TEST_F(proxies, what_is_under_way_when_the_proxy_is_released_fails) {
  auto waiting = async(typed).wait_for_gate();
  ASSERT_TRUE(eventually([&] { waiting.wait_for(1ms); return object.entered == 1; }));
  release(typed);
  EXPECT_THROW(waiting.get(), connection_closed);
  object.gate.set_value();
  EXPECT_EQ(typed.add(1, 2), 3);
}

TEST_F(proxies, many_threads_use_one_proxy_each_getting_its_own_answers) {
  for (int round = 0; round < 20; ++round) {
    proxy<thing> shared(where, quiet_proxy());  // fresh: the first calls race to connect
    std::vector<std::jthread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        try {
          for (int i = 0; i < 50; ++i)
            if (shared.add(t * 1000, i) != t * 1000 + i) ++wrong;
          if (shared.text(std::to_string(t)) != std::to_string(t)) ++wrong;
        } catch (const std::exception& e) {
          ADD_FAILURE() << e.what();
          ++wrong;
        }
      });
    }
    threads.clear();
    ASSERT_EQ(wrong, 0) << "in round " << round;
    EXPECT_EQ(host.connections(), 1u);
    release(shared);
    ASSERT_TRUE(eventually([&] { return host.connections() == 0; }));
  }
}

TEST_F(proxies, one_thread_waits_long_while_others_are_served_behind_it) {
  std::jthread slow([&] { EXPECT_EQ(typed.wait_for_gate(), 42); });
  ASSERT_TRUE(eventually([&] { return object.entered == 1; }));
  std::vector<std::jthread> others;
  std::atomic<int> answered{0};
  for (int t = 0; t < 4; ++t)
    others.emplace_back([&, t] {
      EXPECT_EQ(typed.add(t, 1), t + 1);
      ++answered;
    });
  object.gate.set_value();
  others.clear();
  EXPECT_EQ(answered, 4);
}

/// Calls others from inside one of its own methods.
class middleman {
 public:
  explicit middleman(const uri& u) : next_(u, quiet_proxy()) {}
  int pass(int n) { return next_.add(n, 1); }
  int pass_later(int n) { return async(next_).add(n, 1).get(); }

 private:
  proxy<thing> next_;
};
ENGINE_EXPOSE(middleman, pass, pass_later)

TEST_F(proxies, a_call_on_a_cores_own_thread_would_wait_for_itself) {
  middleman between(where);
  proxy<middleman> p(host.expose(between), quiet_proxy());
  for (const auto& failed : {attempt(p).pass(1), attempt(p).pass_later(1)}) {
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().text().find("would wait for itself"), std::string::npos) << failed.error().text();
  }
}

TEST_F(proxies, reconnect_after_the_server_came_back) {
  auto options = on_loopback();
  auto first = std::make_unique<daemon>(options);
  options.port = first->port();
  proxy<thing> p(first->expose(object, "again"), quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
  first.reset();
  EXPECT_THROW(p.add(1, 2), unreachable);
  daemon second(options);
  second.expose(object, "again");
  EXPECT_EQ(p.add(1, 2), 3);
}

// ---- what cannot be reached

TEST(unreachable_objects, are_reported_in_pyros_words) {
  std::uint16_t free_port = 0;
  {
    const silent_server s;
    free_port = s.port();
  }
  proxy<> nobody("PYRO:x@127.0.0.1:" + std::to_string(free_port), quiet_proxy());
  EXPECT_TRUE(failure_text([&] { nobody["f"](); })
                  .starts_with("Pyro4.errors.CommunicationError: cannot connect to ('127.0.0.1', " + std::to_string(free_port) + "): "));
  proxy<> no_socket("PYRO:x@./u:/nonexistent/socket", quiet_proxy());
  EXPECT_TRUE(failure_text([&] { no_socket["f"](); }).starts_with("Pyro4.errors.CommunicationError: cannot connect to /nonexistent/socket: "));
  daemon host(on_loopback());
  proxy<> unknown("PYRO:x@" + host.location(), quiet_proxy());
  EXPECT_EQ(failure_text([&] { unknown["f"](); }), "Pyro4.errors.CommunicationError: connection to ('127.0.0.1', " +
                                                       std::to_string(host.port()) + ") rejected: unknown object");
}

TEST(unreachable_objects, a_silent_server_is_given_up_at_the_limit) {
  const silent_server server;
  proxy_options options = quiet_proxy();
  options.timeout = 50ms;
  proxy<> p(server.uri(), options);
  EXPECT_THROW(p["f"](), timed_out);  // in the handshake
  EXPECT_THROW(p["f"](), timed_out);  // and again
}

TEST_F(proxies, a_call_within_a_limit_is_given_up_and_the_proxy_goes_on) {
  EXPECT_EQ(within(20s, typed).add(1, 2), 3);
  EXPECT_THROW(within(30ms, typed).wait_for_gate(), timed_out);
  object.gate.set_value();
  EXPECT_EQ(typed.add(1, 2), 3);
  EXPECT_THROW(within(1ms, typed).sleep_ms(50), timed_out);
  EXPECT_EQ(within(20s, typed).add(2, 2), 4);
}

TEST_F(proxies, a_future_fails_at_the_proxys_limit) {
  proxy_options options = quiet_proxy();
  options.timeout = 300ms;
  proxy<thing> limited(where, options);
  auto late = async(limited).wait_for_gate();
  EXPECT_THROW(late.get(), timed_out);
  object.gate.set_value();
  EXPECT_EQ(limited.add(1, 2), 3);
}

// A server that takes nothing must not be sent bytes of an argument whose owner is gone.
TEST(unreachable_objects, a_oneway_call_keeps_its_argument_until_it_is_sent) {
  silent_server server;
  std::atomic<bool> done{false};
  constexpr std::size_t total = 30'000'000;  // more than the kernel holds
  std::size_t received = 0, wrong = 0;
  std::jthread slow_reader([&] {
    const int s = server.accept_one();
    std::string said;
    char room[64 * 1024];
    while (said.size() < 24 + 2) {
      const auto n = ::recv(s, room, sizeof room, 0);
      if (n <= 0) break;
      said.append(room, static_cast<std::size_t>(n));
    }
    const std::string hello = frame_of("'hello'", {.type = message::connect_ok, .sequence = 0});
    ::send(s, hello.data(), hello.size(), MSG_NOSIGNAL);
    eventually([&] { return done.load(); }, 1s);  // the call returns, or is still held up by us
    for (ssize_t n; (n = ::recv(s, room, sizeof room, 0)) > 0;) {
      for (ssize_t i = 0; i < n; ++i) {
        if (room[i] == 'A') ++received;
        if (room[i] == 'Z') ++wrong;
      }
      if (received + wrong >= total + 1000) break;
    }
    ::close(s);
  });
  settings s = quiet_settings();
  s.metadata = false;
  proxy<thing> p(server.uri(), {.serializer = "msgpack", .settings = s});
  for (int i = 0; i < 150; ++i) {
    std::vector<std::byte> data(total / 150, std::byte{'A'});
    oneway(p).measure(data);
    std::ranges::fill(data, std::byte{'Z'});
  }
  done = true;
  release(p);
  slow_reader.join();
  EXPECT_LT(wrong, 1000u);  // headers hold a few
  EXPECT_GE(received, total);
}

// Room for answers is there from the first one on, but only what they have filled of it is real memory. The server's share is counted too.
TEST_F(proxies, that_are_idle_take_a_few_pages_of_real_memory) {
  SKIP_UNLESS_RESIDENT_IS_OURS();
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "what the sanitizer puts around each block is counted too";
#endif
  constexpr std::size_t count = 300;
  std::vector<proxy<thing>> idle;
  idle.reserve(2 * count);
  const auto connect_so_many = [&] {
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(idle.emplace_back(where, quiet_proxy()).add(1, 2), 3);
  };
  connect_so_many();  // what is shared by all is there
  const std::size_t before = resident_bytes();
  connect_so_many();
  EXPECT_LT(resident_bytes() - before, count * 48 * 1024);
}

}  // namespace
}  // namespace engine::test
