// Daemons that listen on nothing: their objects are called over connections that they have dialled themselves.
#include <engine/object/reverse_connections.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <engine/object/core_calls.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

class listener {
 public:
  void on_message(std::string) { ++heard; }
  int add(int a, int b) { return a + b; }
  stream<int> count(int to) {
    for (int i = 0; i < to; ++i) co_yield i;
  }
  std::atomic<int> heard{0};
};
ENGINE_EXPOSE(listener, on_message, add, count)
ENGINE_ONEWAY(listener, on_message)

class room {
 public:
  void join(proxy<listener> member) { member_ = member; }
  int ask(int a, int b) { return member_.add(a, b); }
  task<int> ask_on_a_core(int a, int b) {
    auto sum = async(member_).add(a, b);
    co_return co_await sum;
  }
  int ask_apart(int a, int b) { return copy(member_).add(a, b); }  // by a connection of its own
  int sum_of(int to) {
    int sum = 0;
    for (const int each : member_.count(to)) sum += each;
    return sum;
  }
  void say(std::string text) { member_.on_message(text); }
  void forget() { member_ = {}; }

 private:
  proxy<listener> member_;
};
ENGINE_EXPOSE(room, join, ask, ask_on_a_core, ask_apart, sum_of, say, forget)
ENGINE_MARK(room, ask, .blocking = true)
ENGINE_MARK(room, ask_apart, .blocking = true)
ENGINE_MARK(room, sum_of, .blocking = true)
ENGINE_MARK(room, say, .blocking = true)

daemon_options through(const std::string& location) {
  daemon_options o = on_loopback();
  o.host.clear();
  o.reachable_through = location;
  return o;
}

std::string id_behind(const daemon& d) { return *detail::reverse_id_of(uri("PYRO:x@" + d.location())); }

class reverse_connections : public testing::TestWithParam<backend_choice> {
 protected:
  reverse_connections() {
    daemon_options o = on_loopback(2);
    o.settings->backend = GetParam();
    server.emplace(std::move(o));
    where = server->expose(hall, "room", {.shared = true});
  }
  daemon_options through_server() {
    daemon_options o = through(server->location());
    o.settings->backend = GetParam();
    return o;
  }
  room hall;
  listener ear;
  std::optional<daemon> server;
  uri where;
};

TEST_P(reverse_connections, let_objects_be_called_that_nobody_can_connect_to) {
  daemon mine(through_server());
  EXPECT_EQ(mine.port(), 0);
  const uri at = mine.expose(ear, "ear");
  EXPECT_TRUE(at.to_string().starts_with("PYRO:ear@./u:<<through-")) << at.to_string();
  proxy<room> there(where, quiet_proxy());
  there.join(proxy<listener>(at));
  EXPECT_EQ(there.ask(1, 2), 3);
  EXPECT_EQ(there.ask_on_a_core(3, 4), 7);
  EXPECT_EQ(there.sum_of(1000), 499'500);
  there.say("hello");
  EXPECT_TRUE(eventually([&] { return ear.heard == 1; }));
}

TEST_P(reverse_connections, carry_exposed_objects_that_are_arguments) {
  daemon mine(through_server());
  mine.expose(ear);
  proxy<> there(where, quiet_proxy());
  there["join"](ear);
  EXPECT_EQ(there["ask"](20, 22).as<int>(), 42);
}

TEST_P(reverse_connections, are_dialled_again_for_every_caller_who_wants_one) {
  daemon mine(through_server());
  proxy<room>(where, quiet_proxy()).join(proxy<listener>(mine.expose(ear)));
  std::vector<std::jthread> callers;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      proxy<room> there(where, quiet_proxy());
      for (int n = 0; n < 5; ++n) right += there.ask_apart(i, n) == i + n;
    });
  }
  callers.clear();
  EXPECT_EQ(right, 40);
  EXPECT_TRUE(eventually([&] { return detail::reverse_connections::instance().waiting(id_behind(mine)) == 1; }));
}

TEST_P(reverse_connections, to_a_program_that_has_gone_are_not_waited_for) {
  proxy<room> there(where, quiet_proxy());
  {
    daemon mine(through_server());
    there.join(proxy<listener>(mine.expose(ear)));
    EXPECT_EQ(there.ask(1, 2), 3);
  }
  EXPECT_TRUE(eventually([&] {
    try {
      there.ask(1, 2);
      return false;
    } catch (const raised&) {
      return false;
    } catch (const connection_closed&) {  // a method that throws a CommunicationError ends the connection
      return true;
    }
  }));
  const auto taken = detail::reverse_connections::instance().take("00", time_point::max());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ENOTCONN);
}

TEST_P(reverse_connections, are_dialled_again_when_the_other_side_comes_back) {
  daemon mine(through_server());
  const uri ear_at = mine.expose(ear);
  const std::string id = id_behind(mine);
  EXPECT_EQ(detail::reverse_connections::instance().waiting(id), 1u);
  const std::uint16_t port = server->port();
  server.reset();
  EXPECT_EQ(detail::reverse_connections::instance().waiting(id), 0u);
  daemon_options again = on_loopback();
  again.port = port;
  server.emplace(again);
  server->expose(hall, "room", {.shared = true});
  EXPECT_TRUE(eventually([&] { return detail::reverse_connections::instance().waiting(id) == 1; }));
  proxy<room> there(where, quiet_proxy());
  there.join(proxy<listener>(ear_at));
  EXPECT_EQ(there.ask(1, 2), 3);
}

TEST_P(reverse_connections, serve_in_a_loop_without_threads) {
  daemon_options o = through_server();
  o.threads = false;
  daemon mine(std::move(o));
  const uri at = mine.expose(ear);
  std::atomic<bool> done{false};
  int sum = 0;
  std::jthread caller([&] {
    proxy<room> there(where, quiet_proxy());
    there.join(proxy<listener>(at));
    sum = there.ask(1, 2);
    done = true;
    mine.stop();
  });
  mine.run();
  caller.join();
  EXPECT_TRUE(done);
  EXPECT_EQ(sum, 3);
}

INSTANTIATE_TEST_SUITE_P(on, reverse_connections, testing::Values(backend_choice::uring, backend_choice::epoll),
                         [](const auto& info) { return info.param == backend_choice::uring ? "io_uring" : "epoll"; });

TEST(a_daemon_reachable_through_another, gets_what_a_proxy_would_when_it_is_refused) {
  daemon_options careful = on_loopback();
  careful.validate_handshake = [](const std::string&, const value& said) -> value {
    if (said == value("secret")) return "welcome";
    throw std::runtime_error("not you");
  };
  careful.hmac_key = "key";
  daemon server(std::move(careful));
  daemon_options o = through(server.location());
  o.hmac_key = "key";
  try {
    daemon mine(o);
    FAIL() << "was not refused";
  } catch (const communication_error& e) {
    EXPECT_NE(std::string(e.what()).find("rejected: not you"), std::string::npos) << e.what();
  }
  o.reachable_handshake = "secret";
  daemon mine(o);
  EXPECT_EQ(detail::reverse_connections::instance().waiting(id_behind(mine)), 1u);
}

TEST(a_daemon_reachable_through_another, says_that_nobody_is_there_and_that_it_cannot_listen_as_well) {
  EXPECT_THROW(daemon(through("127.0.0.1:1")), communication_error);
  EXPECT_THROW(daemon(through("not a location")), error);
  daemon_options o = through("127.0.0.1:1");
  o.unix_socket = abstract_name("both");
  EXPECT_THROW(daemon{o}, error);
}

TEST(a_daemon_reachable_through_another, is_told_at_once_when_the_other_is_none_of_ours) {
  silent_server pyros;
  std::jthread welcoming([&] {
    raw_peer peer = pyros.welcome_one();  // as Pyro's daemon does: it knows nothing of the offer
    EXPECT_TRUE(peer.closed_by_peer());
  });
  try {
    daemon mine(through("127.0.0.1:" + std::to_string(pyros.port())));
    FAIL() << "was made";
  } catch (const communication_error& e) {
    EXPECT_NE(std::string(e.what()).find("none of ours"), std::string::npos) << e.what();
  }
}

TEST(a_daemon_reachable_through_another, goes_on_dialling_with_another_key) {
  daemon_options o = on_loopback();
  o.hmac_key = "old";
  daemon server(o);
  daemon_options p = through(server.location());
  p.hmac_key = "old";
  daemon mine(p);
  server.set_hmac_key("new");
  mine.set_hmac_key("new");
  auto& parked = detail::reverse_connections::instance();
  const auto first = parked.take(id_behind(mine), time_point::max());
  ASSERT_TRUE(first);
  ::close(*first);  // lost, so another is dialled
  EXPECT_TRUE(eventually([&] { return parked.waiting(id_behind(mine)) == 1; }));
}

TEST(a_daemon_reachable_through_another, is_not_offered_for_by_whoever_knows_its_uri) {
  daemon server(on_loopback());
  daemon mine(through(server.location()));
  const std::string id = id_behind(mine);
  raw_peer other(server);
  std::string bytes;
  for (std::size_t i = 0; i < id.size(); i += 2) bytes += static_cast<char>(std::stoi(id.substr(i, 2), nullptr, 16));
  other.say(frame_of("# serpent utf-8 python3.2\n{'handshake':'hello'}", {.type = message::connect, .annotations = {{"ENGN", "1"}, {"ENGR", bytes}}}));
  EXPECT_EQ(other.hear()->type, message::connect_ok);
  EXPECT_EQ(detail::reverse_connections::instance().waiting(id), 1u);
  raw_peer careless(server);
  careless.say(frame_of("# serpent utf-8 python3.2\n{'handshake':'hello'}", {.type = message::connect, .annotations = {{"ENGN", "1"}, {"ENGR", "short"}}}));
  EXPECT_EQ(careless.hear()->type, message::connect_fail);
}

TEST(a_daemon_reachable_through_another, is_let_go_when_the_other_closes_and_not_only_when_it_is_gone) {
  daemon server(on_loopback());
  daemon mine(through(server.location()));
  server.close();
  EXPECT_EQ(detail::reverse_connections::instance().waiting(id_behind(mine)), 0u);
}

TEST(taking_a_reverse_connection, in_a_hurry_forgets_nobody) {
  daemon server(on_loopback());
  daemon mine(through(server.location()));
  auto& parked = detail::reverse_connections::instance();
  const std::string id = id_behind(mine);
  std::vector<int> taken;
  for (int i = 0; i < 20; ++i) {
    if (const auto one = parked.take(id, time_point::min())) taken.push_back(*one);
    else EXPECT_EQ(one.error().code, ETIMEDOUT);
  }
  for (const int socket : taken) ::close(socket);
  const auto next = parked.take(id, time_point::max());
  EXPECT_TRUE(next) << next.error().to_string();
  if (next) ::close(*next);
}

/// What names mean, for this thread and those it starts. Needs to be root.
class own_hosts {
 public:
  own_hosts() : refused_(::unshare(CLONE_FS | CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    say("");
    refused_ = refused_ || ::mount(path_.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0;
  }
  ~own_hosts() { ::unlink(path_.c_str()); }
  bool refused() const { return refused_; }
  void say(const std::string& lines) { std::ofstream(path_) << lines << '\n'; }

 private:
  std::string path_ = testing::TempDir() + "hosts-" + std::to_string(::getpid());
  bool refused_;
};

/// Its callers' daemon is at a host that moves.
void follow_a_host() {
  own_hosts names;
  if (names.refused()) GTEST_SKIP() << "names can be given a meaning of our own by root only";
  daemon_options at = on_loopback();
  at.host = "127.0.0.2";
  std::optional<daemon> server(std::in_place, at);
  names.say("127.0.0.2 moving.example");
  at.port = server->port();
  daemon mine(through("moving.example:" + std::to_string(at.port)));
  listener ear;
  const uri me = mine.expose(ear, "ear");
  proxy<listener> back(me, quiet_proxy());
  EXPECT_EQ(within(10s, back).add(1, 2), 3);
  names.say("127.0.0.3 moving.example");
  server.reset();
  release(back);
  at.host = "127.0.0.3";
  server.emplace(at);
  EXPECT_TRUE(eventually([&] {
    const auto sum = attempt(within(1s, back)).add(1, 2);
    return sum && *sum == 3;
  }));
}

TEST(a_daemon_reachable_through_another, follows_its_host_when_that_moves) {
  std::jthread(follow_a_host).join();
}

TEST(a_daemon_reachable_through_another, leaves_no_descriptor_behind) {
  daemon server(on_loopback());
  room hall;
  const uri where = server.expose(hall, "room");
  proxy<room> there(where, quiet_proxy());
  there.forget();
  const auto round = [&] {
    listener ear;
    daemon mine(through(server.location()));
    there.join(proxy<listener>(mine.expose(ear)));
    EXPECT_EQ(there.ask(1, 2), 3);
    there.forget();
  };
  round();
  const auto settled = [&](std::size_t n) { return eventually([&] { return open_descriptors() <= n; }); };
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) round();
  EXPECT_TRUE(settled(before)) << open_descriptors() << " after " << before;
}

}  // namespace
}  // namespace engine::test
