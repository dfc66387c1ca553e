// The seam's words for streams, in the three worlds: listen, accept, connect, receive, receive_into, send, shutdown. What ends
// them and what runs short is in backend_ending_test.cpp and backend_limits_test.cpp.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

#include "backend_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

class Backend : public backend_test {};
INSTANTIATE_TEST_SUITE_P(Io, Backend, all_worlds, world_name);

class RealBackend : public backend_test {};
INSTANTIATE_TEST_SUITE_P(Io, RealBackend, real_worlds, world_name);

TEST_P(Backend, carries_bytes_both_ways_over_ipv4) {
  const stream s = connected();
  say(s.near, "good morning");
  EXPECT_EQ(hear(s.far, 12), "good morning");
  say(s.far, "hello");
  EXPECT_EQ(hear(s.near, 5), "hello");
}

TEST_P(Backend, carries_bytes_over_ipv6) {
  const auto made = io->listen(address::numeric("::1", 0).value(), {});
  if (!made) GTEST_SKIP() << "no IPv6 here: " << made.error().to_string();
  const address where = io->local_address(*made);
  io->close(*made);
  const stream s = connected(where);
  say(s.near, "six");
  EXPECT_EQ(hear(s.far, 3), "six");
  EXPECT_EQ(io->peer_address(s.near).host(), "::1");
}

TEST_P(Backend, carries_bytes_over_a_unix_socket) {
  const socket_path path;
  const stream s = connected(path.where());
  say(s.near, "local");
  EXPECT_EQ(hear(s.far, 5), "local");
  EXPECT_EQ(io->peer_address(s.near).path(), path.text());
}

TEST_P(Backend, carries_bytes_over_an_abstract_unix_socket) {
  const socket_path path;
  const address where = address::unix_socket(std::string(1, '\0') + path.text()).value();
  const stream s = connected(where);
  say(s.near, "abstract");
  EXPECT_EQ(hear(s.far, 8), "abstract");
  EXPECT_EQ(io->local_address(s.listener), where);
}

TEST_P(Backend, picks_a_free_port_and_knows_both_ends) {
  const stream s = connected();
  EXPECT_NE(io->local_address(s.listener).port(), 0);
  EXPECT_EQ(io->peer_address(s.near), io->local_address(s.listener));
  EXPECT_EQ(io->peer_address(s.far), io->local_address(s.near));
  EXPECT_EQ(io->local_address(s.far), io->peer_address(s.near));
}

TEST_P(Backend, refuses_a_second_listener_at_an_address) {
  const descriptor first = listen(loopback());
  const auto second = io->listen(io->local_address(first), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_STREQ(second.error().doing, "bind");
}

TEST_P(Backend, shares_a_port_between_listeners_when_asked) {
  const descriptor first = listen(loopback(), {.reuse_port = true});
  const auto second = io->listen(io->local_address(first), {.reuse_port = true});
  EXPECT_TRUE(second.has_value());
}

TEST_P(RealBackend, replaces_the_file_of_a_dead_unix_server) {
  const socket_path path;
  io->close(listen(path.where()));
  ASSERT_TRUE(std::filesystem::exists(path.text())) << "a closed socket leaves its name behind";
  const stream s = connected(path.where());
  say(s.near, "again");
  EXPECT_EQ(hear(s.far, 5), "again");
}

TEST_P(RealBackend, leaves_a_living_unix_server_and_an_ordinary_file_alone) {
  const socket_path path, file;
  listen(path.where());
  EXPECT_EQ(io->listen(path.where(), {}).error().code, EADDRINUSE);
  EXPECT_GE(connect(path.where()), 0) << "the first one still answers";
  std::ofstream(file.text()) << "mine";
  EXPECT_EQ(io->listen(file.where(), {}).error().code, EADDRINUSE);
  EXPECT_TRUE(std::filesystem::is_regular_file(file.text()));
}

TEST_P(Backend, accepts_many_peers_with_one_accept) {
  stream s = connected();
  std::vector<recorded*> connecting;
  const address where = io->local_address(s.listener);
  for (int i = 0; i < 100; ++i) io->connect(where, connecting.emplace_back(&operation())->go());
  ASSERT_TRUE(until([&] { return s.accepting->results.size() == 101; }));
  for (const recorded* c : connecting) {
    ASSERT_TRUE(finish(*c));
    EXPECT_GE(c->last(), 0);
  }
  const std::set<int> distinct(s.accepting->results.begin(), s.accepting->results.end());
  EXPECT_EQ(distinct.size(), 101u);
  EXPECT_TRUE(s.accepting->outstanding) << "it goes on";
}

TEST_P(Backend, refuses_to_connect_where_nobody_listens) {
  const descriptor listener = listen(loopback());
  const address where = io->local_address(listener);
  io->close(listener);
  EXPECT_EQ(connect(where), -ECONNREFUSED);
}

TEST_P(Backend, tells_nothing_from_inside_the_call_that_starts_it) {
  const stream s = connected();
  recorded &sending = operation(), &connecting = operation();
  const iovec parts[] = {part("now")};
  io->send(s.near, parts, sending.go());
  const address where = io->local_address(s.listener);
  io->connect(where, connecting.go());
  EXPECT_TRUE(sending.results.empty() && connecting.results.empty());
  EXPECT_TRUE(finish(sending) && finish(connecting));
}

TEST_P(Backend, waits_for_bytes_that_come_later) {
  const stream s = connected();
  recorded& receiving = operation();
  io->receive(s.far, receiving.go());
  rest(20ms);
  EXPECT_TRUE(receiving.outstanding);
  say(s.near, "late");
  ASSERT_TRUE(finish(receiving));
  EXPECT_EQ(receiving.text, "late");
  EXPECT_EQ(receiving.last(), 4);
}

TEST_P(Backend, gives_no_more_than_a_buffer_holds_at_a_time) {
  const stream s = connected();
  const std::string text = pattern(10'000);
  say(s.near, text);
  recorded& receiving = operation();
  io->receive(s.far, receiving.go());
  ASSERT_TRUE(finish(receiving));
  EXPECT_LE(receiving.last(), 4096);
  EXPECT_EQ(receiving.text + hear(s.far, text.size() - receiving.text.size()), text);
  EXPECT_EQ(pool->in_use(), 0u);
}

TEST_P(Backend, receives_a_large_body_in_place) {
  const stream s = connected();
  const std::string text = pattern(20'000'000);
  std::vector<std::byte> body(text.size());
  recorded &sending = operation(), &receiving = operation();
  std::size_t gone = 0, filled = 0;
  iovec parts[] = {part(text)};
  const auto more_out = [&] {
    parts[0] = part(std::string_view(text).substr(gone));
    if (gone < text.size()) io->send(s.near, parts, sending.go());
  };
  const auto more_in = [&] {
    if (filled < body.size()) io->receive_into(s.far, std::span(body).subspan(filled), receiving.go());
  };
  sending.then = [&](int n, slice) {
    ASSERT_GT(n, 0);
    gone += static_cast<std::size_t>(n);
    more_out();
  };
  receiving.then = [&](int n, slice data) {
    ASSERT_GT(n, 0);
    EXPECT_LE(n, 8 << 20);
    EXPECT_TRUE(data.empty()) << "nothing goes through the pool";
    filled += static_cast<std::size_t>(n);
    more_in();
  };
  more_out();
  more_in();
  ASSERT_TRUE(until([&] { return filled == body.size(); }));
  EXPECT_TRUE(std::ranges::equal(text, body, {}, {}, [](std::byte b) { return static_cast<char>(b); }));
  EXPECT_TRUE(finish(sending));
}

TEST_P(Backend, leaves_alone_what_lies_behind_the_bytes_it_wrote) {
  const stream s = connected();
  std::vector<std::byte> room(100, std::byte{7});
  say(s.near, "short");
  recorded& receiving = operation();
  io->receive_into(s.far, room, receiving.go());
  finish_or_cancel(receiving);
  ASSERT_EQ(receiving.last(), 5);
  EXPECT_EQ(room[4], std::byte{'t'});
  EXPECT_TRUE(std::all_of(room.begin() + 5, room.end(), [](std::byte b) { return b == std::byte{7}; }));
}

TEST_P(Backend, sends_many_pieces_as_one) {
  const stream s = connected();
  std::vector<std::string> words;
  std::string whole;
  for (int i = 0; i < 64; ++i) whole += words.emplace_back(pattern(static_cast<std::size_t>(i)));
  std::vector<iovec> parts;
  for (const std::string& w : words) parts.push_back(part(w));
  recorded& sending = operation();
  io->send(s.near, parts, sending.go());
  ASSERT_TRUE(finish(sending));
  EXPECT_EQ(sending.last(), static_cast<int>(whole.size()));
  EXPECT_EQ(hear(s.far, whole.size()), whole);
}

TEST_P(Backend, sends_on_many_streams_in_one_pass) {
  stream s = connected();
  std::vector<std::pair<descriptor, descriptor>> streams;
  for (int i = 0; i < 30; ++i) streams.push_back(one_more(s));
  const iovec parts[] = {part("all at once")};
  std::vector<recorded*> sends;
  for (const auto& [near, far] : streams) io->send(near, parts, sends.emplace_back(&operation())->go());
  for (const recorded* op : sends) {
    ASSERT_TRUE(finish(*op));
    EXPECT_EQ(op->last(), 11);
  }
  for (const auto& [near, far] : streams) EXPECT_EQ(hear(far, 11), "all at once");
}

TEST_P(Backend, makes_a_sender_wait_for_a_peer_that_does_not_read) {
  const stream s = connected();
  const std::string text = pattern(simulated() ? 1'000'000 : 24'000'000);  // more than sockets hold
  recorded* sending = nullptr;
  std::size_t gone = 0;
  iovec parts[] = {part(text)};
  for (;;) {
    sending = &operation();
    parts[0] = part(std::string_view(text).substr(gone));
    io->send(s.near, parts, sending->go());
    rest(20ms);
    if (sending->outstanding) break;
    ASSERT_GT(sending->last(), 0);
    gone += static_cast<std::size_t>(sending->last());
    ASSERT_LT(gone, text.size()) << "nobody reads, yet all of it went";
  }
  std::string heard;
  while (gone < text.size()) {
    while (sending->outstanding) heard += hear(s.far, 1);
    ASSERT_GT(sending->last(), 0);
    gone += static_cast<std::size_t>(sending->last());
    if (gone == text.size()) break;
    sending = &operation();
    parts[0] = part(std::string_view(text).substr(gone));
    io->send(s.near, parts, sending->go());
  }
  heard += hear(s.far, text.size() - heard.size());
  EXPECT_TRUE(heard == text) << "bytes were lost or turned round";
}

TEST_P(Backend, ends_one_direction_and_keeps_the_other) {
  const stream s = connected();
  say(s.near, "question");
  io->shutdown(s.near);
  EXPECT_EQ(hear(s.far, 8), "question");
  EXPECT_EQ(ending(s.far), 0);
  say(s.far, "answer");
  EXPECT_EQ(hear(s.near, 6), "answer");
  recorded& sending = operation();
  const iovec parts[] = {part("too late")};
  io->send(s.near, parts, sending.go());
  ASSERT_TRUE(finish(sending));
  EXPECT_EQ(sending.last(), -EPIPE);
}

TEST_P(Backend, shows_the_end_of_the_stream_after_the_last_byte) {
  const stream s = connected();
  say(s.near, "last words");
  io->close(s.near);
  EXPECT_EQ(hear(s.far, 100), "last words");
  std::vector<std::byte> room(10);
  recorded& receiving = operation();
  io->receive_into(s.far, room, receiving.go());
  ASSERT_TRUE(finish(receiving));
  EXPECT_EQ(receiving.last(), 0);
}

TEST_P(Backend, survives_sending_to_a_peer_that_is_gone) {
  const stream s = connected();
  io->close(s.far);
  int last = 0;
  for (int i = 0; i < 100 && last >= 0; ++i) {
    recorded& sending = operation();
    const iovec parts[] = {part("anybody?")};
    io->send(s.near, parts, sending.go());
    ASSERT_TRUE(finish(sending));
    last = sending.last();
    rest(1ms);
  }
  EXPECT_TRUE(last == -ECONNRESET || last == -EPIPE) << last;
}

TEST_P(Backend, tells_a_reset_from_an_end) {
  const stream s = connected();
  say(s.near, "never read");
  rest(20ms);
  io->close(s.far);  // over unread bytes
  EXPECT_EQ(ending(s.near), -ECONNRESET);
}

TEST_P(RealBackend, says_its_name) {
  EXPECT_EQ(io->name(), GetParam() == world::uring ? "io_uring" : "epoll");
}

}  // namespace
}  // namespace engine
