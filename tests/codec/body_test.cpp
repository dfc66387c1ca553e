// The memory of large bodies: aligned, padded, virtual until it is written, and kept for the next one of a like size.
#include <codec/body.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>
#include <tests/support/encoded.hpp>
#include <tests/support/resident.hpp>

namespace engine {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

class Body : public ::testing::Test {
 protected:
  Body() { body::release_kept(); }
};

TEST_F(Body, of_nothing_is_false) {
  body none;
  EXPECT_FALSE(none);
  EXPECT_TRUE(none.bytes().empty());
  EXPECT_EQ(none.capacity(), 0u);
}

TEST_F(Body, is_page_aligned_and_has_spare_bytes_behind_it) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096 - 64}, std::size_t{4096 - 63}, 2 * mib - 64, 2 * mib, 5 * mib + 1}) {
    body b = body::allocate(size);
    ASSERT_TRUE(b);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.bytes().data()) % 4096, 0u);
    EXPECT_EQ(b.bytes().size(), size);
    ASSERT_GE(b.capacity(), size + body::padding);
    std::memset(b.bytes().data(), 'x', size + body::padding);
  }
}

TEST_F(Body, commits_nothing_until_bytes_arrive) {
  SKIP_UNLESS_RESIDENT_IS_OURS();
  const std::size_t before = test::resident_bytes();
  body b = body::allocate(0x7fffffff);
  EXPECT_LT(test::resident_bytes(), before + 8 * mib);
  std::memset(b.bytes().data(), 'x', 16 * mib);
  EXPECT_GT(test::resident_bytes(), before + 12 * mib);
  EXPECT_LT(test::resident_bytes(), before + 32 * mib);
}

TEST_F(Body, throws_when_even_addresses_run_out) { EXPECT_THROW(body::allocate(std::size_t{1} << 60), std::bad_alloc); }

TEST_F(Body, is_kept_for_the_next_of_a_like_size) {
  const std::byte* place = nullptr;
  {
    body b = body::allocate(3 * mib);
    place = b.bytes().data();
  }
  body same = body::allocate(3 * mib);
  EXPECT_EQ(same.bytes().data(), place);
  EXPECT_EQ(same.bytes().size(), 3 * mib);
}

TEST_F(Body, serves_a_smaller_one_but_not_a_much_smaller_one) {
  const std::byte* place = nullptr;
  std::size_t capacity = 0;
  {
    body b = body::allocate(16 * mib);
    place = b.bytes().data();
    capacity = b.capacity();
  }
  {
    body much_smaller = body::allocate(mib);
    EXPECT_LT(much_smaller.capacity(), capacity);
  }
  body smaller = body::allocate(8 * mib);
  EXPECT_EQ(smaller.bytes().data(), place);
  EXPECT_EQ(smaller.bytes().size(), 8 * mib);
  EXPECT_EQ(smaller.capacity(), capacity);
}

TEST_F(Body, is_never_shared_by_two) {
  { body b = body::allocate(3 * mib); }
  body one = body::allocate(3 * mib), two = body::allocate(3 * mib);
  std::memset(one.bytes().data(), 1, one.bytes().size());
  std::memset(two.bytes().data(), 2, two.bytes().size());
  EXPECT_TRUE(std::ranges::all_of(one.bytes(), [](std::byte b) { return b == std::byte{1}; }));
}

TEST_F(Body, keeps_the_two_largest_and_gives_the_rest_back) {
  SKIP_UNLESS_RESIDENT_IS_OURS();
  const std::size_t before = test::resident_bytes();
  {
    body bodies[8];
    for (body& b : bodies) {
      b = body::allocate(8 * mib);
      std::memset(b.bytes().data(), 'x', b.bytes().size());
    }
    EXPECT_GT(test::resident_bytes(), before + 60 * mib);
  }
  EXPECT_LT(test::resident_bytes(), before + 24 * mib);
  body::release_kept();
  EXPECT_LT(test::resident_bytes(), before + 4 * mib);
}

TEST_F(Body, moves_without_moving_its_bytes) {
  body a = body::allocate(100000);
  a.bytes()[99999] = std::byte{7};
  const std::byte* const place = a.bytes().data();
  body b(std::move(a));
  EXPECT_FALSE(a);  // NOLINT: what is moved from is empty
  EXPECT_EQ(b.bytes().data(), place);
  body c;
  c = std::move(b);
  EXPECT_EQ(c.bytes()[99999], std::byte{7});
  c = {};
  EXPECT_FALSE(c);
}

// A body may end on another thread than it began on: it stays there.
TEST_F(Body, may_end_on_another_thread) {
  body b = body::allocate(3 * mib);
  const std::byte* const place = b.bytes().data();
  std::thread([place, moved = std::move(b)]() mutable {
    moved = {};
    EXPECT_EQ(body::allocate(3 * mib).bytes().data(), place);
  }).join();
}

/// The flags of the mapping that holds an address, as in /proc/self/smaps.
std::string flags_at(const void* where) {
  std::ifstream maps("/proc/self/smaps");
  const auto address = reinterpret_cast<std::uintptr_t>(where);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx ", &begin, &end) == 2) inside = begin <= address && address < end;
    else if (inside && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

TEST(FreshMemory, is_asked_for_in_huge_pages_where_it_holds_some) {
  std::vector<std::byte> small, large, received;
  small.reserve(2 * mib);
  prefer_huge_pages({small.data(), 2 * mib - 1});
  prefer_huge_pages({});
  large.reserve(64 * mib);
  prefer_huge_pages({large.data(), 64 * mib});
  const std::string flags = flags_at(large.data() + 32 * mib);
  ASSERT_FALSE(flags.empty());
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) GTEST_SKIP() << "this kernel has none";
  EXPECT_NE(flags.find(" hg"), std::string::npos) << flags;
}

TEST(FreshMemory, of_large_bytes_that_are_read_holds_all_of_them) {
  std::vector<std::byte> sent(5 * mib + 3), got{std::byte{1}};
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::byte>(i * 31 >> 4);
  const auto payload = test::encoded(msgpack(), sent);
  ASSERT_TRUE(payload.has_value());
  const auto in = msgpack().make_reader();
  for (int again = 0; again < 2; ++again) {
    in->start(std::as_bytes(std::span(*payload)));
    ASSERT_TRUE(decode(*in, got));
    EXPECT_EQ(got, sent);
  }
}

}  // namespace
}  // namespace engine
