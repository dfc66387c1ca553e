// The pool and its slices: shares counted, buffers going back where they belong, none twice.
#include <engine/io/buffer_pool.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace engine {
namespace {

slice taken(buffer_pool& pool, std::size_t size) {
  std::uint32_t buffer = 0;
  EXPECT_TRUE(pool.take(buffer));
  return slice(pool, buffer, 0, size);
}

TEST(BufferPool, lends_each_buffer_once) {
  buffer_pool pool(8, 128);
  std::set<std::uint32_t> all;
  std::uint32_t buffer = 0;
  while (pool.take(buffer)) EXPECT_TRUE(all.insert(buffer).second);
  EXPECT_EQ(all.size(), pool.count());
  for (const std::uint32_t b : all) pool.put_back(b);
}

TEST(BufferPool, gives_buffers_that_do_not_overlap) {
  buffer_pool pool(4, 100);
  for (std::uint32_t i = 0; i < 4; ++i) std::memset(pool.data(i), static_cast<int>(i), pool.buffer_size());
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(pool.data(i)[0], std::byte(i));
    EXPECT_EQ(pool.data(i)[99], std::byte(i));
  }
}

TEST(BufferPool, takes_a_buffer_back_with_its_last_share) {
  buffer_pool pool(1, 128);
  std::uint32_t none = 0;
  slice one = taken(pool, 10);
  slice two = one;
  EXPECT_EQ(pool.in_use(), 1u);
  one.reset();
  EXPECT_FALSE(pool.take(none)) << "somebody still reads it";
  two.reset();
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_TRUE(pool.take(none));
  pool.put_back(none);
}

TEST(BufferPool, reuses_the_buffer_that_came_back_last) {
  buffer_pool pool(4, 128);
  std::uint32_t first = 0, again = 0;
  ASSERT_TRUE(pool.take(first));
  { const slice s(pool, first, 0, 1); }
  ASSERT_TRUE(pool.take(again));
  EXPECT_EQ(again, first);
  pool.put_back(again);
}

TEST(BufferPool, returns_buffers_to_their_lender) {
  struct ring final : buffer_pool::lender {
    std::vector<std::uint32_t> got;
    void returned(std::uint32_t buffer) override { got.push_back(buffer); }
  } ring;
  buffer_pool pool(2, 128);
  pool.set_lender(&ring);
  std::uint32_t buffer = 0, other = 0;
  ASSERT_TRUE(pool.take(buffer));
  { const slice s(pool, buffer, 0, 1); }
  EXPECT_EQ(ring.got, std::vector{buffer});
  ASSERT_TRUE(pool.take(other));
  EXPECT_NE(other, buffer) << "it is the lender's now";
  EXPECT_FALSE(pool.take(other));
}

TEST(Slice, moves_without_counting_and_drops_what_was_read) {
  buffer_pool pool(1, 128);
  slice s = taken(pool, 10);
  std::memcpy(pool.data(0), "0123456789", 10);
  slice moved = std::move(s);
  EXPECT_TRUE(s.empty());
  moved.drop_front(4);
  EXPECT_EQ(moved.size(), 6u);
  EXPECT_EQ(moved.bytes().front(), std::byte{'4'});
  moved = slice();
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(Slice, can_be_assigned_to_itself) {
  buffer_pool pool(1, 128);
  slice s = taken(pool, 10);
  const slice& same = s;
  s = same;
  EXPECT_EQ(s.size(), 10u);
  EXPECT_EQ(pool.in_use(), 1u);
}

#ifndef NDEBUG
TEST(BufferPoolDeathTest, must_outlive_its_slices) {
  EXPECT_DEATH(
      {
        slice s;
        buffer_pool pool(1, 128);
        s = taken(pool, 1);
      },
      "every slice must be gone");
}
#endif

}  // namespace
}  // namespace engine
