// Who drops the last reference, on one thread and on many at once.
#include <engine/core/reference_count.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace engine::detail {
namespace {

TEST(ReferenceCount, the_last_to_drop_is_told) {
  reference_count count(2);
  count.add();
  count.add_unseen();
  EXPECT_FALSE(count.drop());
  EXPECT_FALSE(count.drop(2));
  EXPECT_TRUE(count.drop());
}

TEST(ReferenceCount, several_at_once_may_be_the_last) {
  reference_count count(5);
  EXPECT_FALSE(count.drop(2));
  EXPECT_TRUE(count.drop(3));
}

TEST(ReferenceCount, of_many_threads_one_is_told) {
  constexpr int threads = 4, times = 20'000;
  for (int round = 0; round < 20; ++round) {
    reference_count count(threads);
    std::atomic<int> told{0};
    std::vector<std::thread> all;
    for (int i = 0; i < threads; ++i)
      all.emplace_back([&] {
        for (int left = times / 20; left > 0; --left) {
          count.add();
          told += count.drop();
        }
        told += count.drop();
      });
    for (auto& each : all) each.join();
    EXPECT_EQ(told, 1);
  }
}

}  // namespace
}  // namespace engine::detail
