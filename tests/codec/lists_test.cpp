// Readers take lists of plain numbers and text at once where they can, and a struct's keys in a shorter way than others. Nobody may
// tell: of every message, whole, cut off or damaged, the outcome is that of reading one value after another.
#include <deque>

#include <gtest/gtest.h>

#include <codec/shape.hpp>
#include <tests/support/encoded.hpp>

using namespace engine;

namespace lists_test {
struct pair {
  std::int64_t left = 0;
  std::string right{};
};
ENGINE_SHAPE(pair, left, right)
}  // namespace lists_test

namespace {

class Lists : public testing::TestWithParam<const serializer*> {
 protected:
  template <class T> std::string outcome(std::string_view payload, const decode_limits& limits) {
    const auto read = test::decoded<T>(*GetParam(), test::as_bytes(payload), limits);
    if (!read) return std::string(read.error().type) + ": " + read.error().text;
    return test::encoded(*GetParam(), *read).value();
  }
  template <class AtOnce, class OneByOne> void expect_alike(const std::string& payload, const decode_limits& limits = {}) {
    ASSERT_EQ((outcome<AtOnce>(payload, limits)), (outcome<OneByOne>(payload, limits))) << test::to_hex(payload);
  }
  /// The message cut off anywhere, with any byte replaced, and under bounds that it breaks.
  template <class AtOnce, class OneByOne> void expect_alike_however_damaged(const std::string& payload) {
    for (std::size_t size = 0; size <= payload.size(); ++size) expect_alike<AtOnce, OneByOne>(payload.substr(0, size));
    for (std::size_t at = 0; at < payload.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string damaged = payload;
        damaged[at] = static_cast<char>(byte);
        expect_alike<AtOnce, OneByOne>(damaged);
      }
    }
    for (std::size_t bound = 0; bound < 12; ++bound) {
      expect_alike<AtOnce, OneByOne>(payload, {.elements = bound});
      expect_alike<AtOnce, OneByOne>(payload, {.depth = bound});
    }
  }
  template <class Element> void expect_alike_however_damaged(const value& list) {
    expect_alike_however_damaged<std::vector<Element>, std::deque<Element>>(test::encoded(*GetParam(), list).value());
  }
};

TEST_P(Lists, of_integers_are_the_same_read_at_once_or_one_by_one) {
  expect_alike_however_damaged<std::int64_t>(value::list{1, -2, 300, 70'000, -5'000'000'000});
  expect_alike_however_damaged<std::int64_t>(value::list{1, 2, 3});
  expect_alike_however_damaged<std::int64_t>(value::tuple{1, true});
}

TEST_P(Lists, of_floats_are_the_same_read_at_once_or_one_by_one) {
  expect_alike_however_damaged<double>(value::list{1.5, -0.0, 1e300});
  expect_alike_however_damaged<double>(value::list{1.5, 2, 2.5});
}

TEST_P(Lists, of_text_are_the_same_read_at_once_or_one_by_one) {
  expect_alike_however_damaged<std::string>(value::list{"", "a", "h\xc3\xa9", "a text of more than sixteen bytes"});
}

TEST_P(Lists, of_lists_are_the_same_read_at_once_or_one_by_one) {
  using at_once = std::vector<std::vector<std::int64_t>>;
  using one_by_one = std::deque<std::deque<std::int64_t>>;
  const value nested = value::list{value::list{1, 2}, value::list{}, value::list{3, 4, 5}};
  expect_alike_however_damaged<at_once, one_by_one>(test::encoded(*GetParam(), nested).value());
}

TEST_P(Lists, of_structs_keep_to_the_same_rules_for_keys_as_dicts) {
  const value whole = value::list{value::dict{{"left", 1}, {"right", "a"}}, value::dict{{"right", "b"}, {"left", -1}}};
  const std::string payload = test::encoded(*GetParam(), whole).value();
  const auto read = test::decoded<std::vector<lists_test::pair>>(*GetParam(), test::as_bytes(payload));
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)[1].right, "b");
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const std::string part = payload.substr(0, size);
    ASSERT_FALSE(test::decoded<std::vector<lists_test::pair>>(*GetParam(), test::as_bytes(part))) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Lists, testing::ValuesIn(serializers().begin(), serializers().end()),
                         [](const auto& format) { return std::string(format.param->name); });

}  // namespace
