// The loop: posted work, timers, sleeping and waking, the end of a pass, several cores.
#include <engine/core/core.hpp>
#include <engine/core/cores.hpp>

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <latch>
#include <thread>

namespace engine {
namespace {

using namespace std::chrono_literals;

core_options small() { return {.spin = 0us, .buffers = 8, .buffer_size = 4096}; }

TEST(Core, runs_posted_work_in_order_on_its_own_thread) {
  core c(small());
  std::vector<int> seen;
  c.post([&] {
    seen.push_back(1);
    EXPECT_EQ(core::current(), &c);
  });
  c.post([&] { seen.push_back(2); });
  EXPECT_TRUE(c.run_once(time_point::min()));
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_EQ(core::current(), nullptr);
}

TEST(Core, asleep_is_woken_by_a_post_from_another_thread) {
  core c(small());
  std::atomic<bool> ran{false};
  std::jthread other([&] {
    std::this_thread::sleep_for(20ms);
    c.post([&] { ran = true; });
  });
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!ran && std::chrono::steady_clock::now() < limit) c.run_once();
  EXPECT_TRUE(ran);
  EXPECT_LT(c.counted().passes, 20u) << "it slept instead of polling";
}

TEST(Core, posts_are_never_lost_between_looking_and_sleeping) {
  cores all({.count = 1, .each = small()});
  for (int round = 0; round < 2000; ++round) {
    std::latch arrived(1);
    all[0].post([&] { arrived.count_down(); });
    arrived.wait();
  }
}

struct alarm final : timer {
  int count = 0;
  void expired() override { ++count; }
};

TEST(Core, sleeps_until_its_next_timer) {
  core c(small());
  alarm a;
  const auto begin = std::chrono::steady_clock::now();
  c.timers().arm(a, begin + 30ms);
  while (a.count == 0) c.run_once();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 29ms);
  EXPECT_LT(c.counted().passes, 20u);
}

struct probe final : core::flushable {
  core& of;
  int flushed = 0;
  explicit probe(core& c) : of(c) {}
  ~probe() { of.forget(*this); }
  void flush() override { ++flushed; }
};

TEST(Core, says_that_a_timer_was_something_to_do) {
  core c(small());
  alarm a;
  EXPECT_FALSE(c.run_once(time_point::min()));
  c.timers().arm(a, c.now() + 1ms);
  const auto limit = std::chrono::steady_clock::now() + 10s;
  bool any = false;
  while (a.count == 0 && std::chrono::steady_clock::now() < limit) any = c.run_once();
  EXPECT_EQ(a.count, 1);
  EXPECT_TRUE(any) << "a driver that rests now would miss what the timer began";
}

TEST(Core, flushes_once_per_pass_however_often_it_is_asked) {
  core c(small());
  probe p(c);
  c.post([&] {
    c.flush_later(p);
    c.flush_later(p);
    EXPECT_EQ(p.flushed, 0);
  });
  c.run_once(time_point::min());
  EXPECT_EQ(p.flushed, 1);
  c.run_once(time_point::min());
  EXPECT_EQ(p.flushed, 1);
}

TEST(Core, forgets_a_flushable_that_goes_before_the_end_of_the_pass) {
  core c(small());
  probe stays(c);
  c.post([&] {
    probe goes(c);
    c.flush_later(goes);
    c.flush_later(stays);
  });
  c.run_once(time_point::min());
  EXPECT_EQ(stays.flushed, 1);
}

TEST(Core, spins_only_while_that_pays) {
  core c({.spin = 200us, .buffers = 8, .buffer_size = 4096});
  alarm a;
  // Wake-ups that come long after every spin: soon it sleeps at once.
  for (int i = 0; i < 30; ++i) {
    c.timers().arm(a, std::chrono::steady_clock::now() + 2ms);
    const int before = a.count;
    while (a.count == before) c.run_once();
  }
  EXPECT_EQ(c.counted().spin_hits, 0u);
  EXPECT_LE(c.counted().spin_misses, 10u);
}

/// A descriptor that becomes readable when it is told to, watched by a core.
struct bell final : operation {
  explicit bell(core& c) : at(c) { at.io().watch(number, *this); }
  ~bell() { at.io().close(number); drain(); }
  void ring() { ASSERT_EQ(::eventfd_write(number, 1), 0); }
  void finished(int result, slice) override {
    eventfd_t value;
    if (result >= 0 && ::eventfd_read(number, &value) == 0) ++heard;
  }
  void drain() {
    while (pending()) at.run_once(time_point::min());
  }
  core& at;
  int number = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int heard = 0;
};

TEST(Core, tries_to_spin_again_after_a_rest) {
  core c({.spin = 1us, .buffers = 8, .buffer_size = 4096});
  bell b(c);
  // Each arrival is followed by nothing until long after the spin.
  const auto arrival_and_sleep = [&] {
    const int before = b.heard;
    b.ring();
    while (b.heard == before) c.run_once(std::chrono::steady_clock::now() + 1s);
    const auto sleeps = c.counted().sleeps;
    while (c.counted().sleeps == sleeps) c.run_once(std::chrono::steady_clock::now() + 100us);
  };
  for (unsigned i = 0; i < adaptive_spin::misses_max; ++i) arrival_and_sleep();
  EXPECT_EQ(c.counted().spin_misses, adaptive_spin::misses_max);
  for (unsigned i = 0; i < adaptive_spin::rest / 4; ++i) arrival_and_sleep();
  EXPECT_EQ(c.counted().spin_misses, adaptive_spin::misses_max) << "it rests";
  for (unsigned i = 0; i < adaptive_spin::rest; ++i) arrival_and_sleep();
  EXPECT_GT(c.counted().spin_misses, adaptive_spin::misses_max) << "and tries again";
}

TEST(Cores, start_together_and_know_themselves) {
  cores all({.count = 3, .each = small()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    core* seen = nullptr;
    all.run_on(i, [&](core& c) {
      seen = core::current();
      EXPECT_EQ(&c, seen);
    });
    EXPECT_EQ(seen, &all[i]);
  }
}

TEST(Cores, throw_on_the_caller_what_work_throws) {
  cores all({.count = 1, .each = small()});
  EXPECT_THROW(all.run_on(0, [](core&) { throw std::runtime_error("no"); }), std::runtime_error);
}

TEST(Cores, pass_work_between_each_other) {
  cores all({.count = 2, .each = small()});
  std::latch done(1);
  all[0].post([&] {
    all[1].post([&] {
      EXPECT_EQ(core::current(), &all[1]);
      all[0].post([&] {
        EXPECT_EQ(core::current(), &all[0]);
        done.count_down();
      });
    });
  });
  done.wait();
}

TEST(Cores, can_be_pinned) {
  cores all({.count = 1, .pin = true, .each = small()});
  all.run_on(0, [](core&) {
    cpu_set_t set;
    CPU_ZERO(&set);
    ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
  });
}

}  // namespace
}  // namespace engine
