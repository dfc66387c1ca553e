// zlib there and back, bounded: what Python deflated, results of exactly the limit, bombs, and every way a stream can break.
#include <codec/compress.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include <tests/codec/frame_support.hpp>

namespace engine {
namespace {

using test::as_bytes;
using test::text_of;

std::string packed(std::string_view text, int level = 6) { return text_of(compress(as_bytes(text), level)); }

/// What `data` inflates to, or the error.
std::string unpacked(std::string_view data, std::size_t limit = std::size_t{1} << 30) {
  std::vector<std::byte> out;
  const auto done = decompress(as_bytes(data), limit, out);
  return done ? text_of(out) : test::words(done.error());
}

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < size) text += static_cast<char>(random());
  return text;
}

TEST(Compress, gives_back_what_went_in) {
  for (const std::string& text : {std::string(), std::string("x"), std::string(100000, 'a'), noise(100000)}) {
    for (int level = 0; level <= 9; ++level) ASSERT_EQ(unpacked(packed(text, level)), text) << text.size() << " at level " << level;
  }
}

TEST(Compress, writes_pythons_default_header) { EXPECT_EQ(test::to_hex(packed("hello")).substr(0, 5), "78 9c"); }

TEST(Compress, reads_what_python_wrote) {
  EXPECT_EQ(unpacked(test::dump("789ccb48cdc9c957c8402701680308b1")), "hello hello hello hello");
  EXPECT_EQ(unpacked(test::dump("78dacb48cdc9c957c8402701680308b1")), "hello hello hello hello");
  EXPECT_EQ(unpacked(test::dump("7801011700e8ff68656c6c6f2068656c6c6f2068656c6c6f2068656c6c6f680308b1")), "hello hello hello hello");
}

// Both kinds of data: copied as they are, and matches that run up to the last byte.
TEST(Compress, takes_a_result_of_exactly_the_limit) {
  for (const std::size_t size : {1u, 63u, 64u, 65u, 257u, 258u, 259u, 1000u, 4096u, 70000u}) {
    for (const std::string& text : {std::string(size, 'a'), noise(size)}) {
      for (const int level : {0, 1, 6, 9}) {
        ASSERT_EQ(unpacked(packed(text, level), size), text) << size << " at level " << level;
        if (size == 1) continue;
        ASSERT_EQ(unpacked(packed(text, level), size - 1),
                  "MessageTooLargeError: max message size exceeded (more than " + std::to_string(size - 1) + " after decompression)");
      }
    }
  }
}

TEST(Compress, does_not_spend_more_than_the_limit_on_a_bomb) {
  const std::string bomb = packed(std::string(std::size_t{64} << 20, '\0'), 9);
  ASSERT_LT(bomb.size(), 70000u);
  std::vector<std::byte> out;
  const auto done = decompress(as_bytes(bomb), 1 << 20, out);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().type, wire_class::message_too_large);
  EXPECT_LE(out.capacity(), std::size_t{2} << 20);
}

TEST(Compress, spends_no_more_than_a_stream_really_gives) {
  std::vector<std::byte> out;
  ASSERT_TRUE(decompress(as_bytes(packed("short")), std::size_t{1} << 30, out));
  EXPECT_LE(out.capacity(), 4096u);
}

TEST(Compress, reuses_the_memory_it_is_given) {
  std::vector<std::byte> out;
  ASSERT_TRUE(decompress(as_bytes(packed(std::string(50000, 'a'))), 1 << 20, out));
  const std::byte* const before = out.data();
  ASSERT_TRUE(decompress(as_bytes(packed(std::string(40000, 'b'))), 1 << 20, out));
  EXPECT_EQ(out.data(), before);
  EXPECT_EQ(text_of(out), std::string(40000, 'b'));
}

TEST(Compress, words_what_is_broken_as_python_does) {
  const std::string good = packed(noise(500));
  EXPECT_EQ(unpacked(""), "ValueError: Error -5 while decompressing data: incomplete or truncated stream");
  EXPECT_EQ(unpacked("hello"), "ValueError: Error -3 while decompressing data: incorrect header check");
  EXPECT_EQ(unpacked(test::dump("78 9c ff ff ff ff")), "ValueError: Error -3 while decompressing data: invalid block type");
  EXPECT_EQ(unpacked(good.substr(0, good.size() - 1)), "ValueError: Error -5 while decompressing data: incomplete or truncated stream");
  std::string wrong_sum = good;
  wrong_sum.back() ^= 1;
  EXPECT_EQ(unpacked(wrong_sum), "ValueError: Error -3 while decompressing data: incorrect data check");
  EXPECT_EQ(unpacked(test::dump("78 bb") + "needs a dictionary"), "ValueError: Error 2 while decompressing data");
}

TEST(Compress, refuses_a_stream_that_ends_anywhere) {
  const std::string good = packed(std::string(300, 'a') + noise(300));
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_EQ(unpacked(good.substr(0, size)), "ValueError: Error -5 while decompressing data: incomplete or truncated stream") << size;
}

TEST(Compress, ignores_what_follows_the_stream) { EXPECT_EQ(unpacked(packed("hello") + "trailing"), "hello"); }

TEST(Compress, does_not_fall_over_changed_bytes) {
  const std::string text(2000, 'q'), good = packed(text + noise(200));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const std::string read = unpacked(bad, 5000);
      EXPECT_TRUE(read.starts_with("ValueError") || read.starts_with("MessageTooLarge") || read == text + noise(200)) << at;
    }
  }
}

}  // namespace
}  // namespace engine
