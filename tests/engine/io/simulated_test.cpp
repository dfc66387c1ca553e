// The simulated network by itself: its clock, its streams, each of its faults, its log. What it has in common with the real
// backends is tested with them; what must hold for every seed is in simulated_properties_test.cpp.
#include <engine/io/simulated.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>

#include "simulated_support.hpp"

namespace engine {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

TEST(Simulated, carries_bytes_from_one_host_to_another) {
  connected_pair pair;
  recorded sending, receiving;
  const iovec parts[] = {part("good "), part("morning")};
  pair.server.io->receive(pair.far, receiving.go());
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  EXPECT_EQ(sending.last(), 12);
  EXPECT_EQ(receiving.last(), 12);
  EXPECT_EQ(receiving.text, "good morning");
  EXPECT_EQ(pair.server.io->peer_address(pair.far), pair.client.io->local_address(pair.near));
  EXPECT_EQ(pair.client.io->peer_address(pair.near), pair.where);
}

TEST(Simulated, delivers_nothing_before_its_latency_has_passed) {
  connected_pair pair(1, {.latency_min = 5ms, .latency_max = 5ms});
  recorded sending, receiving;
  const iovec parts[] = {part("x")};
  pair.server.io->receive(pair.far, receiving.go());
  pair.client.io->send(pair.near, parts, sending.go());
  const time_point sent = pair.network.now();
  EXPECT_TRUE(pair.client.run());
  EXPECT_FALSE(pair.server.run());
  EXPECT_EQ(pair.network.next_event(), sent + 5ms);
  pair.network.advance(5ms - 1ns);
  EXPECT_FALSE(pair.server.run());
  pair.network.advance(1ns);
  EXPECT_TRUE(pair.server.run());
}

TEST(Simulated, shows_the_end_of_the_stream_after_its_last_byte) {
  connected_pair pair;
  recorded sending, receiving;
  const iovec parts[] = {part("last words")};
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  pair.client.io->shutdown(pair.near);
  pair.server.io->receive(pair.far, receiving.go());
  pair.settle();
  EXPECT_EQ(receiving.text, "last words");
  pair.server.io->receive(pair.far, receiving.go());
  pair.settle();
  EXPECT_EQ(receiving.last(), 0);
  // The other direction is still open.
  recorded answering, hearing;
  pair.server.io->send(pair.far, parts, answering.go());
  pair.client.io->receive(pair.near, hearing.go());
  pair.settle();
  EXPECT_EQ(hearing.text, "last words");
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  EXPECT_EQ(sending.last(), -EPIPE);
}

TEST(Simulated, makes_a_sender_wait_for_a_slow_reader) {
  connected_pair pair;
  recorded sending, receiving;
  const std::string much(200'000, 'm');
  const iovec parts[] = {part(much)};
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  EXPECT_EQ(sending.last(), 64 * 1024);
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  EXPECT_TRUE(sending.outstanding);
  pair.server.io->receive(pair.far, receiving.go());
  pair.settle();
  EXPECT_EQ(receiving.last(), 4096);
  EXPECT_EQ(sending.last(), 4096);
}

TEST(Simulated, writes_in_place_only_what_arrived) {
  connected_pair pair(1, {.short_read = 1});
  recorded sending, receiving;
  const std::string text(100, 't');
  const iovec parts[] = {part(text)};
  std::array<std::byte, 200> room;
  room.fill(std::byte{7});
  pair.client.io->send(pair.near, parts, sending.go());
  pair.server.io->receive_into(pair.far, room, receiving.go());
  pair.settle();
  const auto n = static_cast<std::size_t>(receiving.last());
  ASSERT_TRUE(n >= 1 && n <= 100);
  for (std::size_t i = 0; i < room.size(); ++i) EXPECT_EQ(room[i], std::byte(i < n ? 't' : 7));
}

TEST(Simulated, refuses_a_connection_nobody_listens_for) {
  connected_pair pair;
  recorded connecting;
  const address nobody = address::numeric("10.0.0.1", 7001).value();
  pair.client.io->connect(nobody, connecting.go());
  pair.settle();
  EXPECT_EQ(connecting.last(), -ECONNREFUSED);
}

TEST(Simulated, lets_one_listener_have_an_address_unless_the_port_is_shared) {
  simulated_network network(1);
  host h(network, "host");
  const address any = address::numeric("0.0.0.0", 80).value(), one = address::numeric("10.0.0.1", 80).value();
  const descriptor first = h.io->listen(one, {}).value();
  EXPECT_EQ(h.io->listen(one, {}).error().code, EADDRINUSE);
  EXPECT_EQ(h.io->listen(any, {}).error().code, EADDRINUSE);
  h.io->close(first);
  EXPECT_TRUE(h.io->listen(any, {.reuse_port = true}).has_value());
  EXPECT_TRUE(h.io->listen(any, {.reuse_port = true}).has_value());
  const descriptor spare = h.io->listen(address::numeric("10.0.0.1", 0).value(), {}).value();
  EXPECT_NE(h.io->local_address(spare).port(), 0);
}

TEST(Simulated, speaks_over_unix_sockets_too) {
  simulated_network network(1);
  host h(network, "host");
  const address where = address::unix_socket("/run/simulated").value();
  const descriptor listener = h.io->listen(where, {}).value();
  recorded accepting, connecting;
  h.io->accept(listener, accepting.go());
  h.io->connect(where, connecting.go());
  run_until_idle(network, {&h});
  EXPECT_GT(connecting.last(), 0);
  EXPECT_EQ(h.io->peer_address(connecting.last()), where);
  EXPECT_TRUE(h.io->peer_address(accepting.last()).is_unix());
  h.io->cancel(accepting);
  run_until_idle(network, {&h});
  EXPECT_EQ(accepting.last(), -ECANCELED);
}

TEST(Simulated, cancels_what_is_pending_on_a_closed_descriptor) {
  connected_pair pair;
  recorded sending, receiving;
  const std::string much(70'000, 'm');
  const iovec parts[] = {part(much)};
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  pair.client.io->send(pair.near, parts, sending.go());
  pair.client.io->receive(pair.near, receiving.go());
  pair.client.io->close(pair.near);
  pair.settle();
  EXPECT_EQ(sending.last(), -ECANCELED);
  EXPECT_EQ(receiving.last(), -ECANCELED);
}

TEST(Simulated, loses_the_first_bytes_for_a_peer_that_closed_and_refuses_the_next) {
  connected_pair pair;
  recorded sending;
  const iovec parts[] = {part("hello?")};
  pair.server.io->close(pair.far);
  for (const int expected : {6, -ECONNRESET, -EPIPE, -EPIPE}) {
    pair.client.io->send(pair.near, parts, sending.go());
    pair.settle();
    EXPECT_EQ(sending.last(), expected);
  }
}

TEST(Simulated, answers_a_close_over_unread_bytes_with_a_reset) {
  connected_pair pair;
  recorded sending, receiving;
  const iovec parts[] = {part("never read")};
  pair.client.io->send(pair.near, parts, sending.go());
  pair.settle();
  pair.network.advance(1ms);  // nobody waits for the bytes, so their arrival is no event
  pair.server.io->close(pair.far);
  for (const int expected : {-ECONNRESET, 0}) {
    pair.client.io->receive(pair.near, receiving.go());
    pair.settle();
    EXPECT_EQ(receiving.last(), expected);
  }
}

TEST(Simulated, closes_everything_of_a_host_that_dies) {
  simulated_network network(1);
  std::optional<host> server(std::in_place, network, "server");
  host client(network, "client");
  const address where = address::numeric("10.0.0.1", 1).value();
  recorded accepting, connecting, receiving, forgotten;
  server->io->accept(server->io->listen(where, {}).value(), accepting.go());
  client.io->connect(where, connecting.go());
  run_until_idle(network, {&*server, &client});
  server->io->receive(accepting.last(), forgotten.go());
  client.io->receive(connecting.last(), receiving.go());
  server.reset();
  EXPECT_FALSE(forgotten.pending());
  run_until_idle(network, {&client});
  EXPECT_EQ(receiving.last(), 0);
  client.io->connect(where, connecting.go());
  run_until_idle(network, {&client});
  EXPECT_EQ(connecting.last(), -ECONNREFUSED);
}

TEST(Simulated, lets_the_cores_of_one_process_hand_a_descriptor_over) {
  connected_pair pair;
  buffer_pool pool(4, 4096);
  auto second = pair.network.make_sibling(*pair.server.io, pool, "second core");
  recorded sending, receiving;
  const iovec parts[] = {part("for the other core")};
  second->receive(pair.far, receiving.go());
  pair.client.io->send(pair.near, parts, sending.go());
  EXPECT_TRUE(pair.client.run());
  pair.network.advance(1ms);
  completions batch;
  second->wait(time_point::max(), batch);
  ASSERT_EQ(batch.size(), 1u);
  batch.front().run();
  EXPECT_EQ(receiving.text, "for the other core");
  second.reset();  // with it goes what it used last
  pair.client.io->receive(pair.near, receiving.go());
  pair.settle();
  EXPECT_EQ(receiving.last(), 0);
}

TEST(Simulated, finishes_a_watch_each_time_the_foreign_descriptor_is_readable) {
  simulated_network network(1);
  host h(network, "host");
  recorded watching;
  const descriptor foreign = network.make_foreign();
  h.io->watch(foreign, watching.go());
  EXPECT_FALSE(h.run());
  for (int i = 0; i < 2; ++i) {
    network.make_readable(foreign);
    EXPECT_TRUE(h.run());
    EXPECT_FALSE(h.run());
  }
  h.io->cancel(watching);
  EXPECT_TRUE(h.run());
  EXPECT_EQ(watching.results, (std::vector{0, 0, -ECANCELED}));
}

TEST(SimulatedClock, stands_still_until_it_is_moved) {
  simulated_network network(1);
  host h(network, "host");
  const time_point start = h.io->now();
  EXPECT_FALSE(h.run(start + 1s));
  EXPECT_EQ(h.io->now(), start);
  EXPECT_EQ(network.next_event(), start + 1s) << "what the host would have slept for is an event";
  network.advance_to(network.next_event());
  EXPECT_EQ(h.io->now(), start + 1s);
  EXPECT_FALSE(h.run());
  EXPECT_EQ(network.next_event(), time_point::max());
}

TEST(SimulatedClock, moves_by_itself_when_told_to) {
  simulated_network network(1, {.latency_min = 3ms, .latency_max = 3ms});
  network.auto_advance(true);
  host h(network, "host");
  const time_point start = h.io->now();
  EXPECT_FALSE(h.run(start + 1s));
  EXPECT_EQ(h.io->now(), start + 1s);
  recorded connecting;
  const address nobody = address::numeric("10.0.0.9", 9).value();
  h.io->connect(nobody, connecting.go());
  EXPECT_TRUE(h.run());
  EXPECT_EQ(h.io->now(), start + 1s + 3ms);
  EXPECT_FALSE(h.run()) << "nothing will ever happen: the clock stays";
  EXPECT_EQ(h.io->now(), start + 1s + 3ms);
}

TEST(SimulatedClock, stays_when_somebody_was_woken) {
  simulated_network network(1);
  network.auto_advance(true);
  host h(network, "host"), other(network, "other");
  const time_point start = h.io->now();
  h.io->wake();
  EXPECT_EQ(network.next_event(), start);
  EXPECT_FALSE(other.run(start + 1s)) << "the woken host is first";
  EXPECT_FALSE(h.run(start + 1s));
  EXPECT_EQ(h.io->now(), start);
}

}  // namespace
}  // namespace engine
