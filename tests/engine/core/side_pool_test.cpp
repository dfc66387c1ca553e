// Side threads: how many there are, what waits, and the way there and back for a coroutine.
#include <engine/core/side_pool.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <engine/core/cores.hpp>
#include <engine/core/task.hpp>

namespace engine {
namespace {

TEST(side_pools, start_threads_as_work_waits_up_to_their_limit) {
  side_pool pool({.least = 1, .most = 3});
  EXPECT_EQ(pool.size(), 0u);
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  std::latch three(3), all(5);
  for (int i = 0; i < 3; ++i)
    pool.post([&, opened] {
      three.count_down();
      opened.wait();
      all.count_down();
    });
  three.wait();
  EXPECT_EQ(pool.size(), 3u);
  EXPECT_TRUE(pool.full());
  for (int i = 0; i < 2; ++i) pool.post([&] { all.count_down(); });
  EXPECT_EQ(pool.size(), 3u);
  gate.set_value();
  all.wait();
}

TEST(side_pools, use_a_thread_again_before_they_start_another) {
  side_pool pool({.least = 1, .most = 8});
  for (int i = 0; i < 20; ++i) {
    std::promise<void> done;
    pool.post([&] { done.set_value(); });
    done.get_future().wait();
    while (pool.idle() == 0) std::this_thread::yield();  // it is back a moment after its work is done
  }
  EXPECT_EQ(pool.size(), 1u);
}

TEST(side_pools, shrink_to_their_least_when_nothing_is_left_to_do) {
  side_pool pool({.least = 2, .most = 6, .patience = std::chrono::milliseconds(5)});
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  for (int i = 0; i < 6; ++i) pool.post([opened] { opened.wait(); });
  EXPECT_EQ(pool.size(), 6u);
  gate.set_value();
  while (pool.size() > 2) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(pool.size(), 2u) << "these stay";
}

TEST(side_pools, finish_what_they_were_given_before_they_end) {
  std::atomic<int> ran{0};
  {
    side_pool pool({.least = 1, .most = 1});
    for (int i = 0; i < 100; ++i) pool.post([&] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

task<> there_and_back(side_pool& pool, std::promise<std::string>& told) {
  core* const home = core::current();
  core* elsewhere = home;
  auto running = pool.run([&] { elsewhere = core::current(); });
  co_await running;
  std::string text = elsewhere == nullptr && core::current() == home ? "aside and home" : "lost";
  auto failing = pool.run([] { throw std::runtime_error(" and failed"); });
  try {
    co_await failing;
  } catch (const std::runtime_error& e) {
    text += e.what();
  }
  told.set_value(text);
}

TEST(side_pools, take_a_coroutine_aside_and_bring_it_home) {
  cores threads({.count = 1});
  side_pool pool({});
  std::promise<std::string> told;
  threads[0].post([&] { spawn(there_and_back(pool, told)); });
  EXPECT_EQ(told.get_future().get(), "aside and home and failed");
}

task<> walk(cores& all, std::promise<bool>& told) {
  core* const first = core::current();
  co_await move_to(all[1]);
  const bool there = core::current() == &all[1];
  co_await move_to(*first);
  told.set_value(there && core::current() == first);
}

TEST(side_pools, and_cores_are_moved_between) {
  cores threads({.count = 2});
  std::promise<bool> told;
  threads[0].post([&] { spawn(walk(threads, told)); });
  EXPECT_TRUE(told.get_future().get());
}

}  // namespace
}  // namespace engine
