// UTF-8 as Python decodes it: which sequences are good, where a bad one begins, how long it is and how that is told.
#include <codec/utf8.hpp>

#include <gtest/gtest.h>

namespace engine {
namespace {

/// Python's words about `text`, "" if it is good.
std::string fault(std::string_view text, bool surrogates = false) {
  const auto found = find_utf8_fault(text, surrogates);
  return found ? utf8_fault_text(text, *found).substr(27) : "";  // behind "'utf-8' codec can't decode "
}

bool is_surrogate(char32_t point) { return point >= 0xd800 && point <= 0xdfff; }

TEST(Utf8, returns_every_code_point) {
  for (char32_t point = 0; point <= 0x10ffff; ++point) {
    std::string text;
    append_utf8(text, point);
    ASSERT_EQ(text.size(), point < 0x80 ? 1u : point < 0x800 ? 2u : point < 0x10000 ? 3u : 4u);
    const char* p = text.data();
    ASSERT_EQ(next_utf8(p), point);
    ASSERT_EQ(p, text.data() + text.size());
    ASSERT_EQ(valid_utf8(text), !is_surrogate(point));
    ASSERT_FALSE(find_utf8_fault(text, true));
  }
}

TEST(Utf8, tells_faults_in_pythons_words) {
  EXPECT_EQ(fault("\xff"), "byte 0xff in position 0: invalid start byte");
  EXPECT_EQ(fault("ab\x80"), "byte 0x80 in position 2: invalid start byte");
  EXPECT_EQ(fault("\xc0\x80"), "byte 0xc0 in position 0: invalid start byte");
  EXPECT_EQ(fault("\xf5\x80\x80\x80"), "byte 0xf5 in position 0: invalid start byte");
  EXPECT_EQ(fault("\xc3"), "byte 0xc3 in position 0: unexpected end of data");
  EXPECT_EQ(fault("\xc3("), "byte 0xc3 in position 0: invalid continuation byte");
  EXPECT_EQ(fault("\xe2\x82"), "bytes in position 0-1: unexpected end of data");
  EXPECT_EQ(fault("\xe2\x82("), "bytes in position 0-1: invalid continuation byte");
  EXPECT_EQ(fault("\xf0\x9f\x98"), "bytes in position 0-2: unexpected end of data");
  EXPECT_EQ(fault("\xe0\x80\x80"), "byte 0xe0 in position 0: invalid continuation byte");
  EXPECT_EQ(fault("\xed\xa0\x80"), "byte 0xed in position 0: invalid continuation byte");
  EXPECT_EQ(fault("\xed\xa0\x80", true), "");
  EXPECT_EQ(fault("\xf4\x90\x80\x80"), "byte 0xf4 in position 0: invalid continuation byte");
}

TEST(Utf8, finds_a_fault_at_every_position) {
  for (std::size_t size = 1; size < 70; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      ASSERT_EQ(fault(text), "");
      text[at] = '\xff';
      const auto found = find_utf8_fault(text);
      ASSERT_TRUE(found);
      ASSERT_EQ(found->offset, at);
    }
}

TEST(Utf8, takes_good_text_of_mixed_widths) {
  const std::string text = "aé€😀 and a tail that is long enough for the fast path: ";
  EXPECT_TRUE(valid_utf8(text + text + "€"));
  EXPECT_TRUE(valid_utf8(""));
}

}  // namespace
}  // namespace engine
