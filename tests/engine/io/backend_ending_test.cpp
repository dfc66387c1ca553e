// How operations end early, in the three worlds: cancel, close, the death of the backend; and the words that are not about
// streams: watch, wait and wake.
#include <atomic>
#include <cerrno>
#include <thread>

#include "backend_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

class BackendEnding : public backend_test {};
INSTANTIATE_TEST_SUITE_P(Io, BackendEnding, all_worlds, world_name);

class RealBackendWaiting : public backend_test {};
INSTANTIATE_TEST_SUITE_P(Io, RealBackendWaiting, real_worlds, world_name);

TEST_P(BackendEnding, a_cancelled_receive_finishes_once_and_loses_nothing) {
  const stream s = connected();
  recorded &before = operation(), &slept = operation();
  io->receive(s.far, before.go());
  io->cancel(before);  // not even submitted
  ASSERT_TRUE(finish(before));
  io->receive(s.far, slept.go());
  rest(5ms);
  io->cancel(slept);
  io->cancel(slept);  // once more does no harm
  ASSERT_TRUE(finish(slept));
  rest(5ms);
  EXPECT_EQ(before.results, std::vector{-ECANCELED});
  EXPECT_EQ(slept.results, std::vector{-ECANCELED});
  say(s.near, "still open");
  EXPECT_EQ(hear(s.far, 10), "still open");
}

TEST_P(BackendEnding, a_cancelled_accept_leaves_the_listener_open) {
  stream s = connected();
  io->cancel(*s.accepting);
  ASSERT_TRUE(finish(*s.accepting));
  EXPECT_EQ(s.accepting->last(), -ECANCELED);
  EXPECT_GE(connect(io->local_address(s.listener)), 0) << "the backlog still takes peers";
  recorded& again = operation();
  io->accept(s.listener, again.go());
  ASSERT_TRUE(until([&] { return !again.results.empty(); }));
  EXPECT_GE(again.last(), 0);
}

TEST_P(BackendEnding, a_connect_that_hangs_can_be_cancelled) {
  const descriptor listener = listen(loopback(), {.backlog = 1});
  const address where = io->local_address(listener);
  // Nobody accepts: once the backlog is full the next one hangs.
  recorded* connecting = nullptr;
  for (int i = 0; i < 20; ++i) {
    connecting = &operation();
    io->connect(where, connecting->go());
    rest(20ms);
    if (connecting->outstanding) break;
    ASSERT_GE(connecting->last(), 0);
  }
  ASSERT_TRUE(connecting->outstanding);
  io->cancel(*connecting);
  ASSERT_TRUE(finish(*connecting));
  EXPECT_EQ(connecting->results, std::vector{-ECANCELED});
}

TEST_P(BackendEnding, close_cancels_what_is_pending_and_the_peer_hears_it) {
  const stream s = connected();
  const std::string text = pattern(24'000'000);
  recorded* sending = nullptr;
  const iovec parts[] = {part(text)};
  do {
    sending = &operation();
    io->send(s.near, parts, sending->go());
    rest(20ms);
  } while (!sending->outstanding);
  recorded& receiving = operation();
  io->receive(s.near, receiving.go());
  rest(5ms);
  io->close(s.near);
  ASSERT_TRUE(finish(*sending) && finish(receiving));
  rest(5ms);
  EXPECT_EQ(receiving.results, std::vector{-ECANCELED});
  ASSERT_EQ(sending->results.size(), 1u);
  EXPECT_TRUE(sending->last() == -ECANCELED || sending->last() > 0) << sending->last();
  int n;
  do {
    recorded& draining = operation();
    io->receive(s.far, draining.go());
    ASSERT_TRUE(finish(draining));
    n = draining.last();
  } while (n > 0);
  EXPECT_EQ(n, 0);
}

TEST_P(BackendEnding, a_descriptor_number_is_new_when_it_comes_again) {
  stream s = connected();
  for (int i = 0; i < 20; ++i) {
    const auto [near, far] = one_more(s);
    recorded &orphan = operation(), &other = operation();
    io->receive(near, orphan.go());
    io->receive(far, other.go());
    if (i % 2 == 0) rest(1ms);  // once known to the kernel, once not
    io->close(near);
    const auto [again, far_again] = one_more(s);  // a real kernel gives the same number
    say(far_again, "for the new one");
    EXPECT_EQ(hear(again, 15), "for the new one");
    ASSERT_TRUE(finish(orphan) && finish(other));
    EXPECT_EQ(orphan.results, std::vector{-ECANCELED});
    EXPECT_EQ(other.results, std::vector{0});
    for (const descriptor d : {far, again, far_again}) io->close(d);
  }
}

TEST_P(BackendEnding, closing_a_listener_cancels_its_accept) {
  stream s = connected();
  const address where = io->local_address(s.listener);
  io->close(s.listener);
  ASSERT_TRUE(finish(*s.accepting));
  EXPECT_EQ(s.accepting->last(), -ECANCELED);
  EXPECT_EQ(connect(where), -ECONNREFUSED);
  say(s.near, "we go on");
  EXPECT_EQ(hear(s.far, 8), "we go on");
}

TEST_P(BackendEnding, a_backend_dies_with_operations_pending) {
  stream s = connected();
  recorded& receiving = operation();
  io->receive(s.far, receiving.go());
  rest(1ms);
  io.reset();
  EXPECT_FALSE(receiving.pending());
  EXPECT_TRUE(receiving.results.empty());
  EXPECT_FALSE(s.accepting->pending());
}

TEST_P(BackendEnding, a_watch_finishes_each_time_until_it_is_cancelled) {
  foreign f(maker.network());
  recorded& watching = operation();
  watching.then = [&](int result, slice) {
    if (result == 0) f.read();
  };
  io->watch(f.get(), watching.go());
  rest(5ms);
  EXPECT_TRUE(watching.results.empty());
  for (std::size_t i = 1; i <= 3; ++i) {
    f.make_readable();
    ASSERT_TRUE(until([&] { return watching.results.size() == i; }));
    rest(2ms);
    EXPECT_EQ(watching.results.size(), i) << "what was read is not told again";
  }
  io->cancel(watching);
  ASSERT_TRUE(finish(watching));
  EXPECT_EQ(watching.results, (std::vector{0, 0, 0, -ECANCELED}));
  f.make_readable();
  rest(2ms);
  EXPECT_EQ(watching.results.size(), 4u);
}

TEST_P(BackendEnding, a_wait_with_a_past_deadline_does_not_sleep) {
  const stream s = connected();
  recorded& receiving = operation();
  io->receive(s.far, receiving.go());
  for (int i = 0; i < 100; ++i) pass(time_point::min());
  EXPECT_TRUE(receiving.outstanding);
}

TEST_P(BackendEnding, polling_alone_finishes_everything) {
  stream s = connected();
  say(s.near, "polled");
  recorded &receiving = operation(), &connecting = operation();
  io->receive(s.far, receiving.go());
  const address where = io->local_address(s.listener);
  io->connect(where, connecting.go());
  const auto start = std::chrono::steady_clock::now();
  while (receiving.outstanding || connecting.outstanding || s.accepting->results.size() < 2) {
    pass(time_point::min());
    if (simulated()) maker.network()->advance(1us);
    ASSERT_LT(std::chrono::steady_clock::now() - start, patience);
  }
  EXPECT_EQ(receiving.text, "polled");
  EXPECT_GE(connecting.last(), 0);
}

TEST_P(BackendEnding, a_wait_sleeps_until_its_deadline) {
  const time_point start = io->now(), end = start + 30ms;
  const auto waits = io->counters().waits;
  while (io->now() < end) pass(end);
  EXPECT_LE(io->counters().waits - waits, 5u) << "it slept, and did not poll";
}

TEST_P(RealBackendWaiting, another_thread_wakes_it) {
  std::atomic<int> asked{0}, told{0};  // a wait may end for nothing, and must not be counted then
  constexpr int rounds = 300;
  std::jthread waker([&] {
    for (int i = 1; i <= rounds; ++i) {
      while (asked.load() < i) std::this_thread::yield();
      if (i % 3 == 0) std::this_thread::sleep_for(200us);  // asleep by then, most likely
      told.store(i);
      io->wake();
    }
  });
  const time_point start = io->now();
  for (int i = 1; i <= rounds; ++i) {
    asked.store(i);
    while (told.load() < i && io->now() < start + patience) pass(start + patience);
  }
  EXPECT_LT(io->now(), start + patience / 2);
}

TEST_P(RealBackendWaiting, a_wake_before_the_wait_is_not_lost) {
  const time_point start = io->now();
  io->wake();
  pass(start + patience);
  EXPECT_LT(io->now(), start + patience / 2);
}

TEST_P(RealBackendWaiting, watches_a_pipe_and_its_end) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  recorded& watching = operation();
  std::string read;
  watching.then = [&](int result, slice) {
    char bytes[10];
    if (result != 0) return;
    const ssize_t n = ::read(ends[0], bytes, sizeof bytes);
    if (n > 0) return void(read.append(bytes, static_cast<std::size_t>(n)));
    io->cancel(watching);  // the writer has closed
  };
  io->watch(ends[0], watching.go());
  ASSERT_EQ(::write(ends[1], "piped", 5), 5);
  ASSERT_TRUE(until([&] { return read == "piped"; }));
  ::close(ends[1]);
  ASSERT_TRUE(finish(watching));
  EXPECT_EQ(watching.last(), -ECANCELED);
  ::close(ends[0]);
}

}  // namespace
}  // namespace engine
