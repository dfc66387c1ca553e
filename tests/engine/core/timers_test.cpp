// The wheel against a naive list: nothing early, nothing more than a tick late, whatever the order and distance.
#include <engine/core/timers.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>

namespace engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct probe final : timer {
  std::function<void()> action;
  int count = 0;
  void expired() override {
    ++count;
    if (action) action();
  }
};

const time_point start{};

TEST(Timers, expire_at_their_deadline_and_not_before) {
  timers wheel(start);
  probe p;
  wheel.arm(p, start + milliseconds(10));
  wheel.expire(start + milliseconds(9));
  EXPECT_EQ(p.count, 0);
  wheel.expire(start + milliseconds(10));
  EXPECT_EQ(p.count, 1);
  EXPECT_FALSE(p.armed());
  wheel.expire(start + milliseconds(500));
  EXPECT_EQ(p.count, 1);
}

TEST(Timers, know_when_the_next_one_is_due) {
  timers wheel(start);
  EXPECT_EQ(wheel.next(), time_point::max());
  probe near, far;
  wheel.arm(far, start + hours(1));
  EXPECT_LE(wheel.next(), start + hours(1));
  EXPECT_GT(wheel.next(), start + hours(1) - milliseconds(1 << 16));
  wheel.arm(near, start + milliseconds(7));
  EXPECT_EQ(wheel.next(), start + milliseconds(7));
  near.disarm();
  EXPECT_GT(wheel.next(), start + milliseconds(256));
}

TEST(Timers, know_when_the_next_one_is_due_however_it_changes) {
  timers wheel(start);
  probe first, second, third;
  wheel.arm(first, start + milliseconds(50));
  EXPECT_EQ(wheel.next(), start + milliseconds(50));
  wheel.arm(second, start + milliseconds(20));  // nearer than what was asked about
  EXPECT_EQ(wheel.next(), start + milliseconds(20));
  wheel.arm(second, start + milliseconds(80));  // moved away
  EXPECT_EQ(wheel.next(), start + milliseconds(50));
  wheel.arm(third, start + milliseconds(50));
  first.disarm();  // another is due at the same time
  EXPECT_EQ(wheel.next(), start + milliseconds(50));
  wheel.expire(start + milliseconds(60));
  EXPECT_EQ(third.count, 1);
  EXPECT_EQ(wheel.next(), start + milliseconds(80));
  second.disarm();
  EXPECT_EQ(wheel.next(), time_point::max());
  wheel.arm(second, start + milliseconds(90));
  EXPECT_EQ(wheel.next(), start + milliseconds(90));
  wheel.expire(start + milliseconds(90));
  EXPECT_EQ(wheel.next(), time_point::max());
}

TEST(Timers, follow_next_to_the_exact_tick_however_far) {
  for (const auto distance : {milliseconds(1), milliseconds(255), milliseconds(256), milliseconds(257), milliseconds(65'535),
                              milliseconds(65'536), milliseconds(1'000'000), milliseconds(20'000'000)}) {
    timers wheel(start);
    probe p;
    wheel.arm(p, start + distance);
    time_point now = start;
    int steps = 0;
    while (p.count == 0 && ++steps < 1000) {
      now = wheel.next();
      wheel.expire(now);
    }
    EXPECT_EQ(now, start + distance);
    EXPECT_LE(steps, 4) << "a far deadline must not wake the core often";
  }
}

TEST(Timers, may_be_armed_again_from_their_own_expiry) {
  timers wheel(start);
  probe p;
  p.action = [&] {
    if (p.count < 3) wheel.arm(p, start + milliseconds(10 * (p.count + 1)));
  };
  wheel.arm(p, start + milliseconds(10));
  wheel.expire(start + milliseconds(100));
  EXPECT_EQ(p.count, 3);
}

TEST(Timers, armed_in_the_past_expire_at_the_next_tick) {
  timers wheel(start);
  wheel.expire(start + milliseconds(50));
  probe p;
  wheel.arm(p, start);
  wheel.expire(start + milliseconds(51));
  EXPECT_EQ(p.count, 1);
}

TEST(Timers, disarm_each_other_from_expiry) {
  timers wheel(start);
  probe a, b;
  a.action = [&] { b.disarm(); };
  b.action = [&] { a.disarm(); };
  wheel.arm(a, start + milliseconds(5));
  wheel.arm(b, start + milliseconds(5));
  wheel.expire(start + milliseconds(5));
  EXPECT_EQ(a.count + b.count, 1);
  EXPECT_EQ(wheel.armed(), 0u);
}

TEST(Timers, outlived_by_their_timers_disarm_them) {
  probe p;
  {
    timers wheel(start);
    wheel.arm(p, start + milliseconds(5));
  }
  EXPECT_FALSE(p.armed());
}

TEST(Timers, agree_with_a_naive_list_on_random_workloads) {
  std::mt19937 random(7);
  timers wheel(start);
  std::deque<probe> probes(200);
  std::vector<std::int64_t> due(probes.size(), -1);
  std::int64_t now = 0;
  for (int step = 0; step < 2000; ++step) {
    const std::size_t i = random() % probes.size();
    if (random() % 4 == 0) {
      probes[i].disarm();
      due[i] = -1;
    } else {
      const std::int64_t ahead = 1 + static_cast<std::int64_t>(random() % (1u << (random() % 20)));
      wheel.arm(probes[i], start + milliseconds(now + ahead));
      due[i] = now + ahead;
    }
    now += static_cast<std::int64_t>(random() % 300);
    wheel.expire(start + milliseconds(now));
    for (std::size_t k = 0; k < probes.size(); ++k) {
      const bool expected = due[k] >= 0 && due[k] <= now;
      ASSERT_EQ(probes[k].count, expected ? 1 : 0) << "timer " << k << " at " << now << ", due " << due[k];
      if (expected) due[k] = -1;
      probes[k].count = 0;
    }
  }
}

}  // namespace
}  // namespace engine
