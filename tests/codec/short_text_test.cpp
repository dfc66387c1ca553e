// The quick ways for short texts are the slow ways' results, at every size around their limits.
#include <codec/short_text.hpp>

#include <string>

#include <gtest/gtest.h>

namespace engine::detail {
namespace {

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

TEST(short_texts, are_assigned_whole_to_strings_of_any_size) {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string text = text_of(size);
    for (const std::size_t before : {0u, 1u, 15u, 16u, 17u, 31u, 100u}) {
      std::string to = std::string(before, 'x');
      assign(to, text);
      EXPECT_EQ(to, text) << "over " << before << " characters";
      EXPECT_EQ(to.c_str()[size], '\0');
    }
    std::string fresh;
    assign(fresh, text);
    EXPECT_EQ(fresh, text);
  }
}

TEST(short_texts, are_compared_and_looked_through_to_their_last_character) {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string text = text_of(size);
    EXPECT_TRUE(same_text(text, text_of(size)));
    if (size <= short_most) {
      EXPECT_TRUE(is_short_ascii(text.data(), size));
    }
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = '\xe9';
      EXPECT_FALSE(same_text(text, other)) << size << " " << i;
      if (size <= short_most) {
        EXPECT_FALSE(is_short_ascii(other.data(), size)) << size << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace engine::detail
