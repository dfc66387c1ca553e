// The client's end of a connection over real sockets, polling and sleeping: answers matched to requests, several threads on one
// channel, deadlines, and every way a channel becomes useless.
#include <engine/link/channel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "../../support/worlds.hpp"
#include "far_end.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using cause = channel_failure::cause;

/// Another thread; its end is waited for. (Not std::jthread: g++ 12 warns of it under the sanitizers, without reason.)
template <class F> std::future<void> in_background(F f) { return std::async(std::launch::async, std::move(f)); }

struct reply final : awaited_reply {
  std::string text;
  std::optional<channel_failure> failure;
  int told = 0;
  std::optional<channel_failure> answered(const frame& f) override {
    text.assign(reinterpret_cast<const char*>(f.payload.data()), f.payload.size());
    ++told;
    return std::nullopt;
  }
  void failed(const channel_failure& f) override {
    failure = f;
    ++told;
  }
};

/// A channel and the other end of its socket. The parameter: how long to spin.
class Channel : public ::testing::TestWithParam<std::chrono::nanoseconds> {
 protected:
  Channel() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    far.emplace(ends[1]);
    near = std::make_unique<channel>(ends[0], channel_options{.spin = GetParam()});
  }
  time_point soon() const { return std::chrono::steady_clock::now() + 20ms; }
  time_point late() const { return std::chrono::steady_clock::now() + patience; }
  /// Writes a request; the lock is held.
  void ask(reply& r, std::uint16_t sequence, std::string_view text) {
    write_request(near->outgoing(), sequence, text);
    near->expect(r, sequence);
  }
  std::string call(std::uint16_t sequence, std::string_view text) {
    reply r;
    channel::lock held(mutex);
    ask(r, sequence, text);
    near->wait(held, r, late());
    return r.failure ? "failed: " + r.failure->text : r.text;
  }

  int ends[2]{};
  std::mutex mutex{};
  std::optional<far_end> far{};
  std::unique_ptr<channel> near{};
};
INSTANTIATE_TEST_SUITE_P(Spin, Channel, ::testing::Values(0ns, 50us, 20s), [](const auto& info) {
  return info.param == 0ns ? std::string("none") : info.param == 20s ? std::string("always") : std::string("some");
});

TEST_P(Channel, brings_the_answer) {
  const auto server = in_background([&] { far->echo(1); });
  EXPECT_EQ(call(1, "hello"), "hello");
  EXPECT_TRUE(near->usable());
  EXPECT_EQ(near->outstanding(), 0u);
  if (GetParam() == 20s) {
    EXPECT_EQ(near->counted().sleeps, 0u);
  }
}

TEST_P(Channel, asks_no_more_of_the_kernel_than_to_send_and_to_wait) {
  if (GetParam() != 0ns) GTEST_SKIP() << "a spin looks as often as it likes";
  const auto server = in_background([&] { far->echo(11); });
  call(1, "first");
  const auto before = near->counted().system_calls;
  for (std::uint16_t i = 2; i <= 11; ++i) {
    reply r;
    channel::lock held(mutex);
    ask(r, i, "again");
    near->wait(held, r, time_point::max());
    EXPECT_EQ(r.text, "again");
  }
  EXPECT_EQ(near->counted().system_calls - before, 20u);
}

TEST_P(Channel, of_a_socket_that_does_not_block_sleeps_all_the_same) {
  ASSERT_EQ(::fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
  const auto server = in_background([&] {
    std::this_thread::sleep_for(5ms);
    far->echo(1);
  });
  reply r;
  channel::lock held(mutex);
  ask(r, 1, "patient");
  near->wait(held, r, time_point::max());
  EXPECT_EQ(r.text, "patient");
  EXPECT_LT(near->counted().sleeps, 10u);
}

TEST(ChannelSpin, is_tried_again_after_a_rest) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  far_end far(ends[1]);
  channel near(ends[0], {.spin = 2ms});
  std::mutex mutex;
  // Whether a wait in which nothing comes has slept.
  const auto sleeps_in = [&](std::chrono::milliseconds limit) {
    const auto before = near.counted().sleeps;
    reply never;
    channel::lock held(mutex);
    EXPECT_FALSE(near.wait_quietly(held, never, std::chrono::steady_clock::now() + limit));
    return near.counted().sleeps > before;
  };
  for (unsigned i = 0; i < adaptive_spin::misses_max; ++i) EXPECT_TRUE(sleeps_in(20ms)) << "behind its spin";
  unsigned rested = 0;
  while (rested <= 2 * adaptive_spin::rest && sleeps_in(1ms)) ++rested;
  EXPECT_LE(rested, adaptive_spin::rest) << "a spin outlasts the wait";
}

TEST_P(Channel, matches_answers_by_sequence_number) {
  reply one, two, three;
  channel::lock held(mutex);
  ask(one, 1, "a");
  ask(two, 2, "b");
  ask(three, 3, "c");
  near->send(held, true, late());
  for (const std::uint16_t s : {3, 1, 2}) far->answer(s, "answer " + std::to_string(s));
  near->wait(held, two, late());
  EXPECT_TRUE(one.done() && three.done()) << "those before it came along";
  EXPECT_EQ(one.text + two.text + three.text, "answer 1answer 2answer 3");
}

TEST_P(Channel, is_shared_by_threads) {
  constexpr int threads = 4, calls = 200;
  const auto server = in_background([&] { far->echo(threads * calls); });
  std::atomic<int> right{0};
  std::atomic<std::uint16_t> sequence{0};
  {
    std::vector<std::future<void>> callers;
    for (int t = 0; t < threads; ++t)
      callers.push_back(in_background([&, t] {
        for (int i = 0; i < calls; ++i) {
          const std::string text = std::to_string(t) + ":" + std::to_string(i);
          right += call(++sequence, text) == text;
        }
      }));
  }
  EXPECT_EQ(right, threads * calls);
}

TEST_P(Channel, sends_a_burst_together) {
  std::deque<reply> replies;
  channel::lock held(mutex);
  for (std::uint16_t i = 0; i < 100; ++i) {
    ask(replies.emplace_back(), i, "small");
    near->send(held, false, late());
  }
  const auto before = near->counted().system_calls;
  EXPECT_LE(before, 2u) << "held back while answers are outstanding";
  const auto server = in_background([&] { far->echo(100); });
  near->wait(held, replies.back(), late());
  for (const reply& r : replies) EXPECT_EQ(r.text, "small");
}

TEST_P(Channel, reads_answers_while_the_peer_takes_no_more) {
  // The peer answers a request whole before it reads the next one: whoever only sends would wait for ever.
  constexpr std::uint16_t count = 12;
  const std::string large(1'000'000, 'l');
  const auto server = in_background([&] { far->echo(count); });
  std::deque<reply> replies;
  channel::lock held(mutex);
  for (std::uint16_t i = 0; i < count; ++i) {
    ask(replies.emplace_back(), i, large);
    near->send(held, true, late());
  }
  near->wait(held, replies.back(), late());
  for (const reply& r : replies) EXPECT_TRUE(r.text == large);
}

TEST_P(Channel, sends_for_one_thread_while_another_sleeps) {
  for (const std::size_t size : {10u, 3'000'000u}) {
    const auto slow = in_background([&] { EXPECT_EQ(call(1, "slow"), "slow answer"); });
    EXPECT_EQ(far->next().payload, "slow");
    std::this_thread::sleep_for(5ms);  // asleep in poll(2) by now, if it sleeps at all
    const std::string large(size, 'q');
    const auto quick = in_background([&] { EXPECT_EQ(call(2, large), "quick answer"); });
    EXPECT_EQ(far->next().payload.size(), size) << "a request must not wait for somebody else's answer";
    far->answer(2, "quick answer");
    quick.wait();
    far->answer(1, "slow answer");
  }
}

TEST_P(Channel, sends_what_nobody_waits_for_while_another_sleeps) {
  const auto slow = in_background([&] { EXPECT_EQ(call(1, "slow"), "slow answer"); });
  EXPECT_EQ(far->next().payload, "slow");
  std::this_thread::sleep_for(5ms);
  const auto oneway = in_background([&] {
    channel::lock held(mutex);
    write_request(near->outgoing(), 2, std::string(1'000'000, 'o'));
    near->send(held, true, late());
  });
  EXPECT_EQ(far->next().payload.size(), 1'000'000u);
  far->answer(1, "slow answer");
}

TEST_P(Channel, goes_on_with_what_the_socket_did_not_take_of_the_rest) {
  const int small = 4096;
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  const std::string text(1'000, 'k');
  channel::lock held(mutex);
  std::uint16_t asked = 0;
  const auto ask_lazily = [&] {
    write_request(near->outgoing(), ++asked, text);
    return near->send_lazily(held, late());
  };
  auto received = std::async(std::launch::async, [&] {
    int in_order = 0;
    while (far->next().sequence == in_order + 1) ++in_order;
    return in_order;
  });
  while (!ask_lazily()) {
  }
  for (int more = 0; more < 13; ++more) ask_lazily();  // more than the socket takes at once
  const auto limit = late();
  while (near->send_rest() && std::chrono::steady_clock::now() < limit) {
  }
  ::shutdown(ends[0], SHUT_WR);
  EXPECT_EQ(received.get(), asked);
}

/// Requests that are posted together and waited for together. The lock is held.
struct posted_burst {
  template <class Ask> posted_burst(channel& on, channel::lock& held, std::size_t size, time_point deadline, Ask ask) : replies(size) {
    for (reply& each : replies) {
      ask(each);
      if (!on.holds_back()) to_be_sent = on.send_posted(held, deadline) || to_be_sent;
    }
    for (reply& each : replies) on.wait(held, each, deadline);
  }
  std::vector<reply> replies;
  bool to_be_sent = false;  // somebody has to call send_rest()
};

TEST_P(Channel, keeps_the_first_of_a_burst_back_where_bursts_are_usual) {
  constexpr std::size_t size = 8;
  std::uint16_t asked = 0;
  auto server = std::async(std::launch::async, [&] {
    for (;;) {
      const auto [sequence, payload] = far->next();
      if (payload.empty()) return;
      far->answer(sequence, payload);
    }
  });
  channel::lock held(mutex);
  const auto post = [&](reply& r) { ask(r, ++asked, "together"); };
  EXPECT_FALSE(posted_burst(*near, held, size, late(), post).to_be_sent) << "nothing tells that it is one";
  const auto limit = late();
  while (!posted_burst(*near, held, size, late(), post).to_be_sent && std::chrono::steady_clock::now() < limit) {
  }
  const auto before = near->counted().system_calls;
  reply unwanted;
  post(unwanted);
  EXPECT_FALSE(near->send_posted(held, late())) << "somebody does already";
  if (near->counted().system_calls == before) {  // if this thread was not held up for a millisecond
    EXPECT_TRUE(near->send_rest());
  }
  EXPECT_EQ(near->counted().system_calls, before + 1) << "whoever looks after it has sent it";
  near->wait(held, unwanted, late());
  EXPECT_EQ(unwanted.text, "together");
  EXPECT_FALSE(near->send_rest()) << "nothing was kept since";
  ::shutdown(ends[0], SHUT_WR);
  server.get();
}

TEST_P(Channel, sends_what_is_posted_alone_at_once) {
  auto server = std::async(std::launch::async, [&] { far->echo(10); });
  channel::lock held(mutex);
  for (std::uint16_t number = 1; number <= 10; ++number) {
    reply r;
    ask(r, number, "alone");
    const auto before = near->counted().system_calls;
    EXPECT_FALSE(near->send_posted(held, late()));
    EXPECT_EQ(near->counted().system_calls, before + 1);
    near->wait(held, r, late());
  }
}

TEST_P(Channel, times_out_at_the_deadline_and_loses_what_else_is_outstanding) {
  reply r, other;
  channel::lock held(mutex);
  ask(r, 1, "silence");
  ask(other, 2, "…");
  near->wait(held, r, soon());
  ASSERT_TRUE(r.failure.has_value());
  EXPECT_EQ(r.failure->why, cause::timed_out);
  EXPECT_EQ(r.failure->text, "receiving: timeout");
  ASSERT_TRUE(other.failure.has_value());
  EXPECT_EQ(other.failure->why, cause::closed);
  EXPECT_EQ(r.told + other.told, 2);
  EXPECT_FALSE(near->usable());
  EXPECT_EQ(far->next().payload, "silence");
}

TEST_P(Channel, waits_quietly_and_later_again) {
  reply r;
  channel::lock held(mutex);
  ask(r, 1, "wait");
  EXPECT_FALSE(near->wait_quietly(held, r, soon()));
  EXPECT_TRUE(near->usable());
  EXPECT_EQ(r.told, 0);
  far->answer(1, "there");
  EXPECT_TRUE(near->wait_quietly(held, r, late()));
  EXPECT_EQ(r.text, "there");
}

TEST_P(Channel, fails_when_the_peer_closes) {
  const auto server = in_background([&] {
    far->next();
    far.reset();
  });
  EXPECT_EQ(call(1, "bye"), "failed: receiving: connection lost");
  EXPECT_EQ(near->failure()->why, cause::closed);
  EXPECT_EQ(call(2, "again"), "failed: receiving: connection lost") << "and stays so";
}

TEST_P(Channel, hears_an_answer_that_came_before_the_end) {
  reply r;
  channel::lock held(mutex);
  ask(r, 1, "last question");
  near->send(held, true, late());
  EXPECT_EQ(far->next().payload, "last question");
  far->answer(1, "last answer");
  far.reset();
  near->wait(held, r, late());
  EXPECT_EQ(r.text, "last answer");
}

TEST_P(Channel, fails_when_an_answer_comes_before_its_question_has_left) {
  reply r;
  channel::lock held(mutex);
  ask(r, 1, std::string(8 << 20, 'q'));  // more than the sockets hold
  far->answer(1, "too early");
  near->wait(held, r, late());
  ASSERT_TRUE(r.failure.has_value());
  EXPECT_EQ(r.failure->why, cause::out_of_sync);
  EXPECT_EQ(r.told, 1);
}

TEST_P(Channel, fails_when_an_answer_is_out_of_sync) {
  const auto server = in_background([&] {
    far->next();
    far->answer(9, "to what?");
  });
  EXPECT_EQ(call(5, "x"), "failed: invoke: reply sequence out of sync, got 9 expected 5");
  EXPECT_EQ(near->failure()->why, cause::out_of_sync);
}

TEST_P(Channel, fails_when_the_peer_speaks_something_else) {
  const auto server = in_background([&] { far->say("HTTP/1.1 400 Bad Request, and so on"); });
  EXPECT_EQ(call(1, "x"), "failed: invalid data or unsupported protocol version");
  EXPECT_EQ(near->failure()->why, cause::bad_bytes);
  EXPECT_EQ(near->failure()->type, wire_class::protocol_error);
}

TEST_P(Channel, is_stale_once_the_peer_closed_or_spoke_unasked) {
  const auto server = in_background([&] { far->echo(1); });
  const auto after_a_moment = [](channel& c) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return c.stale();
  };
  EXPECT_FALSE(near->stale());
  EXPECT_EQ(call(1, "x"), "x");
  EXPECT_FALSE(after_a_moment(*near));
  server.wait();
  far->say("?");
  EXPECT_TRUE(after_a_moment(*near));
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  channel second(ends[0], {});
  EXPECT_FALSE(second.stale());
  ::close(ends[1]);
  EXPECT_TRUE(after_a_moment(second));
}

TEST_P(Channel, does_not_look_whether_the_peer_is_there_right_after_it_answered) {
  const auto server = in_background([&] { far->echo(1); });
  EXPECT_EQ(call(1, "x"), "x");
  std::uint64_t least = 1;  // of several tries: this thread may be held up for a moment
  for (int i = 0; i < 20 && least > 0; ++i) {
    static_cast<void>(near->stale());
    const auto before = near->counted().system_calls;
    EXPECT_FALSE(near->stale());
    least = std::min(least, near->counted().system_calls - before);
  }
  EXPECT_EQ(least, 0u);
}

TEST_P(Channel, wakes_whoever_waits_when_it_is_released) {
  std::vector<std::string> ends_of(3);
  std::vector<std::future<void>> callers;
  for (std::uint16_t i = 0; i < 3; ++i) callers.push_back(in_background([&, i] { ends_of[i] = call(i, "waiting"); }));
  for (int i = 0; i < 3; ++i) far->next();  // all of them are asleep, or about to be
  std::this_thread::sleep_for(2ms);
  {
    const channel::lock held(mutex);
    near->fail({.why = cause::closed, .text = "the proxy has been released"});
  }
  callers.clear();
  for (const std::string& end : ends_of) EXPECT_EQ(end, "failed: the proxy has been released");
}

TEST_P(Channel, fails_what_is_outstanding_when_it_is_destroyed) {
  reply r;
  {
    channel::lock held(mutex);
    ask(r, 1, "x");
    near->send(held, true, late());
  }
  near.reset();
  ASSERT_TRUE(r.failure.has_value());
  EXPECT_EQ(r.failure->text, "the proxy has been released");
}

// ---- connecting

TEST(ChannelConnect, reaches_a_listener) {
  const listening_socket server(8);
  const auto made = channel::connect(server.where(), std::chrono::steady_clock::now() + patience, {});
  ASSERT_TRUE(made.has_value()) << made.error().to_string();
  EXPECT_EQ((*made)->peer(), server.where());
  EXPECT_FALSE((*made)->stale());
}

TEST(ChannelConnect, says_what_refused_it) {
  address where;
  {
    const listening_socket server(8);
    where = server.where();
  }
  const auto made = channel::connect(where, std::chrono::steady_clock::now() + patience, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().to_string(), "connect: Connection refused");
}

TEST(ChannelConnect, gives_up_at_the_deadline) {
  const socket_path path;
  for (const address& at : {loopback(), path.where()}) {
    const listening_socket server(0, at);
    std::vector<std::unique_ptr<channel>> waiting;  // in the backlog nobody empties
    std::optional<io_error> error;
    for (int i = 0; i < 10 && !error; ++i) {
      auto made = channel::connect(server.where(), std::chrono::steady_clock::now() + 50ms, {});
      if (made) waiting.push_back(std::move(*made));
      else error = made.error();
    }
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->code, ETIMEDOUT) << at.to_string();
  }
}

TEST(ChannelConnect, waits_for_room_in_the_backlog_of_a_unix_socket) {
  const socket_path path;
  const listening_socket server(0, path.where());
  const auto first = channel::connect(server.where(), std::chrono::steady_clock::now() + patience, {});
  ASSERT_TRUE(first.has_value());
  const auto emptier = in_background([&] {
    std::this_thread::sleep_for(10ms);
    ::close(::accept(server.get(), nullptr, nullptr));
  });
  EXPECT_TRUE(channel::connect(server.where(), std::chrono::steady_clock::now() + patience, {}).has_value());
}

TEST(ChannelConnect, waits_as_long_as_it_takes_where_there_is_no_deadline_whatever_interrupts_it) {
  struct sigaction ignore{}, before{};
  ignore.sa_handler = [](int) {};  // without SA_RESTART
  ASSERT_EQ(::sigaction(SIGUSR1, &ignore, &before), 0);
  for (const bool over_unix : {true, false}) {
    const socket_path path;
    const listening_socket server(0, over_unix ? path.where() : loopback());
    std::vector<std::unique_ptr<channel>> waiting;  // until the backlog is full
    while (auto made = channel::connect(server.where(), std::chrono::steady_clock::now() + 50ms, {})) waiting.push_back(std::move(*made));
    const pthread_t connecting = ::pthread_self();
    const auto emptier = in_background([&] {
      for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(10ms);
        ::pthread_kill(connecting, SIGUSR1);
      }
      for (std::size_t i = 0; i < waiting.size(); ++i) ::close(::accept(server.get(), nullptr, nullptr));
    });
    const auto made = channel::connect(server.where(), time_point::max(), {});
    ASSERT_TRUE(made.has_value()) << made.error().to_string();
    EXPECT_EQ(::send((*made)->socket(), "x", 1, MSG_NOSIGNAL), 1) << "it is connected";
    EXPECT_EQ(::fcntl((*made)->socket(), F_GETFL) & O_NONBLOCK, 0);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace engine
