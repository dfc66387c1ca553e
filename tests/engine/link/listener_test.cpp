// Listeners, in the three worlds: peers handed out in order, to whoever waits; stopping; a full descriptor table.
#include <engine/io/log.hpp>

#include "../../support/full_table.hpp"
#include "link_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

task<> take_all(listener& from, std::deque<descriptor>& to, bool& stopped) {
  for (;;) {
    auto next = from.next();
    const descriptor d = co_await next;
    if (d < 0) break;
    to.push_back(d);
  }
  stopped = true;
}

class Listener : public link_test {};
INSTANTIATE_TEST_SUITE_P(Link, Listener, all_worlds, world_name);

TEST_P(Listener, is_bound_to_a_real_port) {
  EXPECT_NE(door->local().port(), 0);
  EXPECT_EQ(door->local().host(), "127.0.0.1");
}

TEST_P(Listener, says_what_bind_refuses) {
  const auto second = listener::open(*server, door->local(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().to_string(), "bind: Address already in use");
}

TEST_P(Listener, hands_out_every_peer_of_a_storm) {
  std::deque<recorded> connecting;
  const address where = door->local();
  for (int i = 0; i < 200; ++i) client->io().connect(where, connecting.emplace_back().go());
  ASSERT_TRUE(until([&] { return arrived.size() == 200; }));
  ASSERT_TRUE(until([&] { return std::ranges::none_of(connecting, &recorded::outstanding); }));
  for (const recorded& c : connecting) EXPECT_GE(c.last(), 0);
  for (const descriptor d : arrived) server->io().close(d);
  for (const recorded& c : connecting) client->io().close(c.last());
}

TEST_P(Listener, keeps_peers_for_an_owner_that_comes_later) {
  auto late = listener::open(*server, loopback(), {}).value();
  recorded connecting;
  const address where = late->local();
  client->io().connect(where, connecting.go());
  ASSERT_TRUE(until([&] { return !connecting.outstanding; }));
  rest(5ms);
  std::deque<descriptor> came;
  bool stopped = false;
  spawn(take_all(*late, came, stopped));
  EXPECT_EQ(came.size(), 1u) << "it was waiting already";
  late->stop();
  late->stop();  // once more does no harm
  ASSERT_TRUE(until([&] { return stopped; }));
  for (const descriptor d : came) server->io().close(d);
  client->io().close(connecting.last());
}

TEST_P(Listener, refuses_peers_once_stopped) {
  const address where = door->local();
  door->stop();
  ASSERT_TRUE(until([&] { return door_closed; }));
  recorded connecting;
  client->io().connect(where, connecting.go());
  ASSERT_TRUE(until([&] { return !connecting.outstanding; }));
  EXPECT_EQ(connecting.last(), -ECONNREFUSED);
}

TEST_P(Listener, of_a_unix_socket_takes_its_file_away) {
  if (simulated()) GTEST_SKIP() << "no files in the simulated world";
  const socket_path path;
  auto local = listener::open(*server, path.where(), {}).value();
  EXPECT_TRUE(std::filesystem::exists(path.text()));
  std::deque<descriptor> came;
  bool stopped = false;
  spawn(take_all(*local, came, stopped));
  local->stop();
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_FALSE(std::filesystem::exists(path.text()));
}

TEST_P(Listener, goes_on_after_a_full_descriptor_table_and_says_so) {
  if (simulated()) GTEST_SKIP() << "a limit of the real kernel; the simulated one is tested with the backends";
  auto [peer, s] = meet();
  peer.read();
  const log_capture log;
  const descriptor waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::deque<descriptor> came;
  bool stopped = false;
  small_descriptor_table table(8);
  auto late = listener::open(*server, loopback(), {}).value();
  spawn(take_all(*late, came, stopped));
  rest(2ms);
  table.fill();
  EXPECT_EQ(::connect(waiting, late->local().data(), late->local().size()), 0) << "it waits in the backlog";
  EXPECT_TRUE(until([&] { return log.has("Too many open files"); }));
  EXPECT_TRUE(came.empty());
  peer.say(request(1, "we are in already"));
  EXPECT_TRUE(until([&] { return !peer.answers().empty(); }));
  table.empty();
  EXPECT_TRUE(until([&] { return came.size() == 1; }));
  late->stop();
  ASSERT_TRUE(until([&] { return stopped; }));
  for (const descriptor d : came) server->io().close(d);
  ::close(waiting);
}

}  // namespace
}  // namespace engine
