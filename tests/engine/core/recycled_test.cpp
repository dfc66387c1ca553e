// Memory for what comes and goes with every call: given out again by the thread that was given it back, and never more kept than the bound.
#include <engine/core/recycled.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <engine/core/future.hpp>

namespace engine::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool recycles = false;  // each end is shown to the sanitizer
#else
constexpr bool recycles = true;
#endif

TEST(Recycled, memory_is_given_out_again_for_about_the_same_size) {
  void* const first = take_recycled(100);
  give_recycled(first, 100);
  void* const other = take_recycled(300);
  EXPECT_NE(first, other);
  void* const again = take_recycled(120);
  EXPECT_EQ(first == again, recycles);
  give_recycled(again, 120);
  give_recycled(other, 300);
}

TEST(Recycled, memory_that_is_in_use_is_nobody_elses) {
  std::vector<std::pair<char*, std::size_t>> held;
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::size_t size = 1 + i * 7 % 600;  // some are larger than what is kept
    auto* const p = static_cast<char*>(take_recycled(size));
    std::memset(p, static_cast<int>(i % 251), size);
    held.emplace_back(p, size);
    if (i % 3 == 0) {
      auto& [gone, its_size] = held[i * 31 % held.size()];
      give_recycled(gone, its_size);
      std::swap(held[i * 31 % held.size()], held.back());
      held.pop_back();
    }
  }
  std::set<char*> different;
  for (const auto& [p, size] : held) {
    different.insert(p);
    EXPECT_TRUE(std::all_of(p, p + size, [&](char c) { return c == *p; }));
  }
  EXPECT_EQ(different.size(), held.size());
  for (const auto& [p, size] : held) give_recycled(p, size);
}

TEST(Recycled, memory_may_be_given_back_on_another_thread_and_behind_its_end) {
  struct keeper {
    std::vector<void*> held{};
    ~keeper() {
      for (void* const p : held) give_recycled(p, 64);  // the thread's store may be gone by now
    }
  };
  std::vector<void*> mine(2000);
  for (void*& p : mine) p = take_recycled(64);
  std::thread other([&] {
    thread_local keeper last;
    last.held = mine;
    void* const used = take_recycled(64);
    give_recycled(used, 64);
  });
  other.join();
}

TEST(Recycled, futures_are_made_of_it) {
  struct counted : recycled {
    std::array<char, 200> room{};
  };
  auto first = std::make_unique<counted>();
  const void* const where = first.get();
  first.reset();
  const auto second = std::make_unique<counted>();
  EXPECT_EQ(second.get() == where, recycles);
  promise<int> p;
  auto f = p.get_future();
  std::thread([&] { p.succeed(7); }).join();
  EXPECT_EQ(f.get(), 7);
}

}  // namespace
}  // namespace engine::detail
