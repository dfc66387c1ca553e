// A connection over shared memory, in the three worlds: the socket beneath is whatever the world has, and only wakes. Cores sleep here whenever
// they may, so that every wake-up is needed.
#include <engine/link/ring_link.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <engine/io/socket.hpp>
#include <engine/link/core_channel.hpp>

#include "link_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// The client's end, which remembers the frames that it gets.
struct asking {
  std::unique_ptr<connection> link;
  std::vector<answer> answers{};
  bool reads = true, finished = false;
  void say(std::string_view frames) { link->outgoing().append(frames); }
};

task<> listen_to(asking& a) {
  for (;;) {
    auto next = a.link->next_frame();
    const frame* f = co_await next;
    if (!f) break;
    a.answers.push_back({f->sequence, std::string(reinterpret_cast<const char*>(f->payload.data()), f->payload.size())});
  }
  task<> done = a.link->finish();
  co_await done;
  a.finished = true;
}

class RingLink : public link_test {
 protected:
  void TearDown() override {
    for (asking& a : clients)
      if (!a.finished && a.link) a.link->close();
    EXPECT_TRUE(until([&] { return std::ranges::all_of(clients, [](const asking& a) { return a.finished || !a.link; }); }));
    clients.clear();
    link_test::TearDown();
    ::close(memory);
  }

  /// Both ends of a stream, over shared memory from the beginning.
  std::pair<asking&, served&> share(std::size_t room = 16 * 1024, const connection_limits& limits = {},
                                    std::function<void(served&, const frame&)> on_frame = {}, bool listens = true) {
    const auto [peer, d] = join();
    auto made = shared_ring::make(room);
    EXPECT_TRUE(made.has_value());
    memory = made->memory;
    served& s = serving.emplace_back();
    s.on_frame = std::move(on_frame);
    s.link = std::make_unique<connection>(*server, d, limits);
    s.link->go_on_over(std::move(made->ring));
    spawn(serve(s));
    asking& a = clients.emplace_back();
    socket = peer->get();
    peers.pop_back();  // its descriptor is the connection's now
    a.link = std::make_unique<connection>(*client, socket, connection_limits{});
    a.link->go_on_over(shared_ring::open(memory).value());
    if (listens) spawn(listen_to(a));
    return {a, s};
  }
  std::deque<asking> clients{};
  descriptor memory = -1, socket = -1;
};
INSTANTIATE_TEST_SUITE_P(Link, RingLink, all_worlds, world_name);

TEST_P(RingLink, carries_requests_and_answers) {
  auto [a, s] = share();
  for (std::uint16_t i = 0; i < 200; ++i) a.say(request(i, "payload " + std::to_string(i)));
  ASSERT_TRUE(until([&] { return a.answers.size() == 200; }));
  for (std::uint16_t i = 0; i < 200; ++i) ASSERT_EQ(a.answers[i], (answer{i, "payload " + std::to_string(i)}));
  EXPECT_TRUE(s.link->shares_memory());
  EXPECT_FALSE(s.link->can_release());
}

TEST_P(RingLink, carries_bodies_larger_than_the_memory) {
  auto [a, s] = share(4096);
  std::string body(3'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 11);
  a.say(request(1, body));
  a.say(request(2, "small"));
  ASSERT_TRUE(until([&] { return a.answers.size() == 2; }));
  EXPECT_EQ(a.answers[0].payload, body);
  EXPECT_EQ(a.answers[1], (answer{2, "small"}));
}

TEST_P(RingLink, wakes_a_core_that_sleeps) {
  auto [a, s] = share();
  for (std::uint16_t i = 0; i < 20; ++i) {
    rest(2ms);
    const auto before = server->counted().passes;
    a.say(request(i, "wake up"));
    client->run_once(time_point::min());  // it leaves, and the server is told
    server->run_once(time_point::max());  // sleeps for good, if it was not
    ASSERT_TRUE(until([&] { return a.answers.size() == i + 1u; }));
    EXPECT_LT(server->counted().passes - before, 50u) << "it does not sleep";
  }
}

TEST_P(RingLink, lets_a_core_sleep_while_nothing_comes) {
  auto [a, s] = share();
  a.say(request(1, "once"));
  ASSERT_TRUE(until([&] { return a.answers.size() == 1; }));
  rest(2ms);
  const auto before = server->counted().passes;
  server->run_once(server->io().now() + 30ms);
  server->run_once(server->io().now() + 30ms);
  EXPECT_LE(server->counted().passes - before, 2u);
}

TEST_P(RingLink, does_not_read_on_from_who_does_not_take_answers) {
  const std::string big(100'000, 'b');
  auto [a, s] = share(16 * 1024, {.output_soft = 200'000}, [&](served& of, const frame& f) { write_frame(of.link->outgoing(), message::result, f.sequence, big); },
                      false);
  for (std::uint16_t i = 0; i < 100; ++i) a.say(request(i, "more"));
  rest(20ms);
  const std::size_t taken = s.payloads.size();
  EXPECT_LT(taken, 20u);
  EXPECT_LT(s.link->queued(), 500'000u);
  spawn(listen_to(a));
  ASSERT_TRUE(until([&] { return a.answers.size() == 100; }));
  for (const answer& each : a.answers) ASSERT_EQ(each.payload, big);
}

TEST_P(RingLink, says_everything_before_it_ends) {
  const std::string big(300'000, 'b');
  auto [a, s] = share(4096, {}, [&](served& of, const frame& f) {
    write_frame(of.link->outgoing(), message::result, f.sequence, big);
    of.link->close();
  });
  a.say(request(1, "last words?"));
  ASSERT_TRUE(until([&] { return a.finished && s.finished; }));
  ASSERT_EQ(a.answers.size(), 1u);
  EXPECT_EQ(a.answers[0].payload, big);
  EXPECT_EQ(a.link->end().why, connection_end::cause::peer_closed);
}

TEST_P(RingLink, hears_everything_though_its_own_words_find_no_room_any_more) {
  const std::string big(300'000, 'b');
  auto [a, s] = share(4096, {}, [&](served& of, const frame& f) {
    write_frame(of.link->outgoing(), message::result, f.sequence, big);
    of.link->close();
  });
  a.say(request(1, "last words?") + request(2, std::string(1'000'000, 'x')));
  ASSERT_TRUE(until([&] { return a.finished && s.finished; }));
  ASSERT_EQ(a.answers.size(), 1u);
  EXPECT_EQ(a.answers[0].payload, big);
}

TEST_P(RingLink, reads_what_was_said_before_the_other_side_was_gone) {
  auto [a, s] = share(16 * 1024, {}, {}, false);
  a.say(request(1, "first") + request(2, "second"));
  client->run_once(time_point::min());
  // The process is gone: its end of the socket is closed, and nobody says goodbye.
  spawn(listen_to(a));
  a.link->close();
  ASSERT_TRUE(until([&] { return s.finished; }));
  EXPECT_EQ(s.payloads, (std::vector<std::string>{"first", "second"}));
}

TEST_P(RingLink, ends_while_much_is_on_its_way) {
  const std::string big(4'000'000, 'b');
  auto [a, s] = share(4096, {}, [&](served& of, const frame& f) { write_frame(of.link->outgoing(), message::result, f.sequence, big); }, false);
  a.say(request(1, "much"));
  ASSERT_TRUE(until([&] { return s.link->queued() > 0; }));
  rest(2ms);
  spawn(listen_to(a));
  a.link->close();
  ASSERT_TRUE(until([&] { return a.finished && s.finished; }));
}

TEST_P(RingLink, ends_with_a_message_cut_short) {
  auto [a, s] = share(16 * 1024, {}, {}, false);
  a.say(request(1, std::string(1000, 'x')).substr(0, 500));
  client->run_once(time_point::min());
  spawn(listen_to(a));
  a.link->close();
  ASSERT_TRUE(until([&] { return s.finished; }));
  EXPECT_TRUE(s.payloads.empty());
  EXPECT_FALSE(s.link->frames().between_frames());
}

TEST_P(RingLink, is_given_up_when_nobody_says_anything_for_long) {
  auto [a, s] = share(16 * 1024, {.idle = 30ms});
  ASSERT_TRUE(until([&] { return s.finished && a.finished; }));
  EXPECT_EQ(s.link->end().why, connection_end::cause::idle);
}

TEST_P(RingLink, is_kept_while_a_large_body_trickles_in) {
  auto [a, s] = share(4096, {.idle = 60ms}, {}, true);
  const std::string whole = request(1, std::string(200'000, 'x'));
  for (std::size_t at = 0; at < whole.size(); at += 20'000) {
    a.say(std::string_view(whole).substr(at, 20'000));
    rest(20ms);
  }
  ASSERT_TRUE(until([&] { return a.answers.size() == 1; }));
}

TEST_P(RingLink, ends_when_the_memory_has_been_spoilt) {
  auto [a, s] = share(4096);
  a.say(request(1, "good"));
  ASSERT_TRUE(until([&] { return a.answers.size() == 1; }));
  void* const at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  ASSERT_NE(at, MAP_FAILED);
  static_cast<std::uint64_t*>(at)[256 / 8] = ~std::uint64_t{0};  // what the client claims to have written
  ::munmap(at, 4096);
  if (!simulated()) {
    char byte = 0;
    EXPECT_EQ(::send(socket, &byte, 1, MSG_DONTWAIT), 1) << "told in the very pass that finds it";
  }
  ASSERT_TRUE(until([&] { return s.finished && a.finished; }));
  EXPECT_EQ(s.link->end().why, connection_end::cause::reset);
  EXPECT_EQ(s.link->end().code, EPROTO);
  s.link.reset();
  auto [peer, other] = meet();  // has the same descriptor, perhaps
  peer.read();
  peer.say(request(7, "hello"));
  ASSERT_TRUE(until([&] { return !peer.answers().empty(); }));
  EXPECT_EQ(peer.answers(), (std::vector<answer>{{7, "hello"}}));
}

TEST_P(RingLink, refuses_bytes_that_are_no_message) {
  auto [a, s] = share();
  a.say("GET / HTTP/1.1\r\n\r\n and much more than a header");
  ASSERT_TRUE(until([&] { return s.finished && a.finished; }));
  EXPECT_EQ(s.link->end().why, connection_end::cause::refused_bytes);
}

// ---- the offer, over real Unix sockets

class Offer : public ::testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    if (const std::string why = refusal(GetParam()); !why.empty()) GTEST_SKIP() << why;
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    socket = ends[1];
    auto pool = std::make_unique<buffer_pool>(16, 16 * 1024);
    auto io = maker.make(*pool);
    home = std::make_unique<core>(core_options{.spin = {}}, std::move(pool), std::move(io));
    s.link = std::make_unique<connection>(*home, ends[0], connection_limits{});
    s.on_frame = [this](served& of, const frame& f) {
      echo(of, f);
      if (f.type != message::ping) return;
      auto made = shared_ring::make(16 * 1024);
      ASSERT_TRUE(made.has_value() && of.link->may_share_memory());
      of.link->offer(std::move(made->ring));
      memory = made->memory;
    };
    spawn(serve(s));
  }
  void TearDown() override {
    if (!home) return;
    if (socket >= 0) ::close(socket);
    if (memory >= 0) ::close(memory);
    EXPECT_TRUE(until([&] { return s.finished; }));
  }
  template <class Done> bool until(Done done) {
    const time_point limit = std::chrono::steady_clock::now() + patience;
    while (!done() && std::chrono::steady_clock::now() < limit) home->run_once(std::chrono::steady_clock::now() + 1ms);
    return done();
  }
  void say(std::string_view bytes) { ASSERT_EQ(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())); }
  static std::string ping() {
    output out;
    write_frame(out, message::ping, 1, "memory?");
    return bytes_of(out);
  }
  /// Until so many answers have come over the socket.
  std::vector<answer> hear(std::size_t count) {
    const auto whole = [&] {
      char bytes[4096];
      const ssize_t n = ::recv(socket, bytes, sizeof bytes, MSG_DONTWAIT);
      if (n > 0) heard.append(bytes, static_cast<std::size_t>(n));
      return answers_in(heard).size() >= count;
    };
    EXPECT_TRUE(until(whole));
    return answers_in(std::exchange(heard, {}));
  }

  backend_maker maker{GetParam()};
  std::unique_ptr<core> home{};
  served s{};
  descriptor socket = -1, memory = -1;
  std::string heard{};
};
INSTANTIATE_TEST_SUITE_P(Link, Offer, real_worlds, world_name);

TEST_P(Offer, is_taken_by_a_zero) {
  say(ping());
  EXPECT_EQ(hear(1), (std::vector<answer>{{1, "memory?"}}));
  ASSERT_GE(memory, 0);
  auto ring = shared_ring::open(memory);
  ASSERT_TRUE(ring.has_value());
  EXPECT_FALSE(s.link->shares_memory()) << "nobody has said yes";
  EXPECT_FALSE(s.link->may_share_memory()) << "one offer at a time";
  say(std::string_view("\0", 1));
  const std::string asked = request(2, "over memory");
  const iovec part{const_cast<char*>(asked.data()), asked.size()};
  ASSERT_EQ(ring->write(std::span(&part, 1)), asked.size());
  ASSERT_TRUE(until([&] { return ring->readable(); }));
  std::string said(1000, '\0');
  said.resize(ring->read(std::as_writable_bytes(std::span(said))));
  EXPECT_EQ(answers_in(said), (std::vector<answer>{{2, "over memory"}}));
  EXPECT_TRUE(s.link->shares_memory());
}

TEST_P(Offer, is_declined_by_any_message) {
  say(ping());
  hear(1);
  say(request(2, "no, thank you"));
  EXPECT_EQ(hear(1), (std::vector<answer>{{2, "no, thank you"}}));
  EXPECT_FALSE(s.link->shares_memory());
  say(std::string_view("\0", 1));
  say(request(3, "after all"));
  EXPECT_TRUE(until([&] { return s.finished; })) << "that is no message any more";
}

TEST_P(Offer, is_declined_by_the_rest_of_a_message_whatever_it_begins_with) {
  const std::string asked = request(2, std::string(100, '\0'));
  say(ping() + asked.substr(0, asked.size() - 50));
  hear(1);
  say(asked.substr(asked.size() - 50));  // zeros
  EXPECT_EQ(hear(1), (std::vector<answer>{{2, std::string(100, '\0')}}));
  EXPECT_FALSE(s.link->shares_memory());
}

TEST_P(Offer, is_made_once) {
  say(ping());
  hear(1);
  auto ring = shared_ring::open(memory);
  ASSERT_TRUE(ring.has_value());
  say(std::string_view("\0", 1));
  s.on_frame = [](served& of, const frame& f) {
    echo(of, f);
    EXPECT_FALSE(of.link->may_share_memory()) << "it does already";
  };
  const std::string asked = ping();
  const iovec part{const_cast<char*>(asked.data()), asked.size()};
  ASSERT_EQ(ring->write(std::span(&part, 1)), asked.size());
  ASSERT_TRUE(until([&] { return ring->readable(); })) << "the answer comes where the question did";
}

TEST_P(Offer, travels_with_a_connection_that_goes_to_another_core) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  connection first(*home, ends[0], connection_limits{});
  write_frame(first.outgoing(), message::ping, 1, "memory");
  auto made = shared_ring::make(4096);
  ASSERT_TRUE(made.has_value());
  ::close(made->memory);
  first.offer(std::move(made->ring));
  ASSERT_TRUE(first.can_release());
  served there;
  there.link = std::make_unique<connection>(*home, first.release(), connection_limits{});
  spawn(serve(there));
  std::swap(socket, ends[1]);
  hear(1);
  say(std::string_view("\0", 1));
  EXPECT_TRUE(until([&] { return there.link->shares_memory(); }));
  ::close(std::exchange(socket, ends[1]));
  EXPECT_TRUE(until([&] { return there.finished; }));
}

TEST_P(Offer, does_not_outlive_a_peer_that_goes) {
  say(ping());
  hear(1);
  ::close(std::exchange(socket, -1));
  EXPECT_TRUE(until([&] { return s.finished; }));
  EXPECT_EQ(s.link->end().why, connection_end::cause::peer_closed);
}

// ---- the question of a client on a core

class Question : public ::testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    if (const std::string why = refusal(GetParam()); !why.empty()) GTEST_SKIP() << why;
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    far = ends[1];
    auto pool = std::make_unique<buffer_pool>(16, 16 * 1024);
    auto io = maker.make(*pool);
    home = std::make_unique<core>(core_options{.spin = {}}, std::move(pool), std::move(io));
    near.emplace(*home, frame_limits{}, std::string());
    near->adopt(ends[0]);
  }
  void TearDown() override {
    if (!home) return;
    if (far >= 0) ::close(far);
    ended = false;
    spawn(end());
    EXPECT_TRUE(until([&] { return ended; }));
  }
  task<> end() {
    task<> closing = near->close();
    co_await closing;
    ended = true;
  }
  /// The handshake as core_remote has it: an answer, then the question.
  task<> greet(time_point deadline) {
    const frame* const welcome = co_await near->next_frame();
    EXPECT_TRUE(welcome);
    write_frame(near->greeting(), message::ping, 2, "memory?");
    near->set_deadline(deadline);
    task<> sharing = near->share_memory(box);
    co_await sharing;
    asked = true;
    near->let_requests_go();
  }
  template <class Done> bool until(Done done) {
    const time_point limit = std::chrono::steady_clock::now() + patience;
    while (!done() && std::chrono::steady_clock::now() < limit) home->run_once(std::chrono::steady_clock::now() + 1ms);
    return done();
  }
  static std::string answer_of(std::uint16_t sequence) {
    output out;
    write_frame(out, message::result, sequence, "answer");
    return bytes_of(out);
  }
  void say(std::string_view bytes) { ASSERT_EQ(::send(far, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size())); }
  std::string heard(std::size_t least) {
    std::string all;
    EXPECT_TRUE(until([&] {
      char bytes[4096];
      const ssize_t n = ::recv(far, bytes, sizeof bytes, MSG_DONTWAIT);
      if (n > 0) all.append(bytes, static_cast<std::size_t>(n));
      return all.size() >= least;
    }));
    return all;
  }
  void write_request() { write_frame(near->outgoing(), message::invoke, 3, "request"); }

  backend_maker maker{GetParam()};
  std::unique_ptr<core> home{};
  std::optional<core_channel> near{};
  handover_giver giver = handover_giver::open().value();
  handover_box box = handover_box::open(giver.name()).value();
  descriptor far = -1;
  bool asked = false, ended = false;
};
INSTANTIATE_TEST_SUITE_P(Link, Question, real_worlds, world_name);

TEST_P(Question, is_answered_by_memory_over_which_requests_go) {
  spawn(greet(time_point::max()));
  say(answer_of(1));
  heard(24);  // the question
  auto made = shared_ring::make(4096);
  ASSERT_TRUE(made.has_value());
  ASSERT_TRUE(giver.give(made->memory, box.ticket()));
  ::close(made->memory);
  say(answer_of(2));
  ASSERT_TRUE(until([&] { return asked; }));
  EXPECT_EQ(heard(1), std::string(1, '\0'));
  write_request();
  ASSERT_TRUE(until([&] { return made->ring.readable(); }));
  std::string said(1000, '\0');
  said.resize(made->ring.read(std::as_writable_bytes(std::span(said))));
  EXPECT_EQ(answers_in(said), (std::vector<answer>{{3, "request"}}));
}

TEST_P(Question, leaves_it_with_the_socket_when_there_is_no_memory) {
  spawn(greet(time_point::max()));
  say(answer_of(1));
  heard(24);
  say(answer_of(2));
  ASSERT_TRUE(until([&] { return asked; }));
  write_request();
  EXPECT_EQ(answers_in(heard(31)), (std::vector<answer>{{3, "request"}}));
}

TEST_P(Question, loses_nothing_that_came_too_early) {
  spawn(greet(time_point::max()));
  say(answer_of(1) + answer_of(2));  // the second one unasked
  ASSERT_TRUE(until([&] { return asked; }));
  const std::string said = heard(24);
  write_request();
  EXPECT_EQ(answers_in(heard(31)), (std::vector<answer>{{3, "request"}}));
}

TEST_P(Question, is_given_up_at_its_deadline) {
  spawn(greet(std::chrono::steady_clock::now() + 30ms));
  say(answer_of(1));
  ASSERT_TRUE(until([&] { return asked; }));
  EXPECT_TRUE(near->ended());
}

TEST_P(Question, ends_with_the_connection) {
  spawn(greet(time_point::max()));
  say(answer_of(1));
  heard(24);
  ::close(std::exchange(far, -1));
  ASSERT_TRUE(until([&] { return asked; }));
  EXPECT_TRUE(near->ended());
}

TEST_P(Question, is_dropped_when_the_channel_fails) {
  spawn(greet(time_point::max()));
  say(answer_of(1));
  heard(24);
  near->fail({.text = "over"});
  ASSERT_TRUE(until([&] { return asked; }));
}

}  // namespace
}  // namespace engine
