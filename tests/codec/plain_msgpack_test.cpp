// Arguments in msgpack's short forms: what is taken, and that everything else is left to the reader.
#include <codec/plain_msgpack.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>

namespace engine::detail {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// What is taken from the bytes, nullopt if they are not in a form that is taken, or not wholly.
template <class T> std::optional<T> taken(std::string_view bytes) {
  const std::string call = "\x91" + std::string(bytes) + "\x80";
  plain_msgpack in(bytes_of(call));
  T out{};
  if (!in.array(1) || !in.take(out) || !in.end_of_call()) return std::nullopt;
  return out;
}

template <class T> std::string written(const T& v) {
  output out;
  const auto to = msgpack().make_writer();
  to->start(out);
  encode(*to, v);
  std::string all;
  out.each_since({}, [&](std::span<const std::byte> part) { all.append(reinterpret_cast<const char*>(part.data()), part.size()); });
  return all;
}

TEST(PlainMsgpack, takes_every_integer_that_fits) {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{127}, std::int64_t{128}, std::int64_t{255}, std::int64_t{256}, std::int64_t{65535},
                               std::int64_t{65536}, std::int64_t{4294967295}, std::int64_t{4294967296}, std::numeric_limits<std::int64_t>::max(), std::int64_t{-1},
                               std::int64_t{-32}, std::int64_t{-33}, std::int64_t{-128}, std::int64_t{-129}, std::int64_t{-32768}, std::int64_t{-32769},
                               std::int64_t{-2147483648}, std::int64_t{-2147483649}, std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(taken<std::int64_t>(written(n)), n);
    EXPECT_EQ(taken<std::uint64_t>(written(n)).has_value(), n >= 0) << n;
    EXPECT_EQ(taken<std::int8_t>(written(n)).has_value(), std::in_range<std::int8_t>(n)) << n;
    EXPECT_EQ(taken<std::uint16_t>(written(n)).has_value(), std::in_range<std::uint16_t>(n)) << n;
  }
  EXPECT_EQ(taken<std::uint64_t>(written(std::numeric_limits<std::uint64_t>::max())), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(taken<std::int64_t>(written(std::numeric_limits<std::uint64_t>::max())), std::nullopt);
  EXPECT_EQ(taken<int>("\xd0\xff"), -1) << "as others may write it";
  EXPECT_EQ(taken<int>(std::string_view("\xcd\x00\x07", 3)), 7);
}

TEST(PlainMsgpack, takes_truth_values_and_numbers) {
  EXPECT_EQ(taken<bool>("\xc3"), true);
  EXPECT_EQ(taken<bool>("\xc2"), false);
  EXPECT_EQ(taken<double>(written(-1.5)), -1.5);
  EXPECT_EQ(taken<double>(written(std::numeric_limits<double>::infinity())), std::numeric_limits<double>::infinity());
}

TEST(PlainMsgpack, takes_short_texts_in_ascii) {
  for (const std::size_t size : {0, 1, 3, 4, 7, 8, 15, 16, 17, 31}) {
    const std::string text(size, 'x');
    EXPECT_EQ(taken<std::string>(written(text)), text);
    EXPECT_EQ(taken<std::string_view>(written(text)).has_value(), true);
  }
  for (const std::size_t size : {1, 8, 16, 17, 31})
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      std::string text(size, 'x');
      text[at] = '\xe9';
      EXPECT_EQ(taken<std::string>(static_cast<char>(0xa0 | size) + text), std::nullopt) << "the reader says what is wrong with it";
    }
}

TEST(PlainMsgpack, leaves_everything_else_to_the_reader) {
  EXPECT_EQ(taken<int>("\xc3"), std::nullopt);
  EXPECT_EQ(taken<int>(written(1.0)), std::nullopt);
  EXPECT_EQ(taken<int>("\xc0"), std::nullopt);
  EXPECT_EQ(taken<bool>("\x01"), std::nullopt);
  EXPECT_EQ(taken<bool>("\xc1"), std::nullopt);
  EXPECT_EQ(taken<double>("\x01"), std::nullopt) << "an int is a double, too, but not in this form";
  EXPECT_EQ(taken<std::string>("\x01"), std::nullopt);
  EXPECT_EQ(taken<std::string>(written(std::string(32, 'x'))), std::nullopt);
  EXPECT_EQ(taken<std::string>("\x01\x02"), std::nullopt) << "one too many";
  EXPECT_EQ(taken<int>("\x01\x81\xa1k\x02"), std::nullopt) << "and a keyword";
}

TEST(PlainMsgpack, never_looks_behind_the_end) {
  for (const std::string& whole : {written(std::string("text of some length")), written(-1.5), written(std::int64_t{-70'000'000'000}), written(std::uint64_t{300})}) {
    const std::string call = "\x91" + whole + "\x80";
    for (std::size_t size = 0; size < call.size(); ++size) {
      const std::string cut(call.data(), size);  // its own memory: the address sanitizer sees what is read behind it
      std::string text;
      double real = 0;
      std::int64_t number = 0;
      plain_msgpack a(bytes_of(cut)), b(bytes_of(cut)), c(bytes_of(cut));
      EXPECT_FALSE(a.array(1) && a.take(text) && a.end_of_call());
      EXPECT_FALSE(b.array(1) && b.take(real) && b.end_of_call());
      EXPECT_FALSE(c.array(1) && c.take(number) && c.end_of_call());
    }
  }
}

TEST(PlainMsgpack, counts_arguments) {
  plain_msgpack none(bytes_of("\x90\x80"));
  EXPECT_TRUE(none.array(0) && none.end_of_call());
  plain_msgpack two(bytes_of("\x92\x01\xc3\x80"));
  int n = 0;
  bool b = false;
  EXPECT_TRUE(two.array(2) && two.take(n) && two.take(b) && two.end_of_call());
  plain_msgpack other(bytes_of("\x92\x01\xc3\x80"));
  EXPECT_FALSE(other.array(1));
  plain_msgpack many(bytes_of("\xdc"));
  EXPECT_FALSE(many.array(16));
}

TEST(PlainMsgpack, walks_through_the_entries_of_a_batch) {
  const std::string add = std::string("\x93\xa3" "add\x92\x01\xcd\x07\xd0\x80"), text = "\x93\xa4" "text\x91\xa3" "abc\x80";
  const std::string batch = "\x93" + add + add + text + "\xc0";
  plain_msgpack in(bytes_of(batch), true);
  std::size_t count = 0;
  std::string_view method;
  ASSERT_TRUE(in.entries(count));
  EXPECT_EQ(count, 3u);
  ASSERT_TRUE(in.entry(method));
  EXPECT_EQ(method, "add");
  EXPECT_TRUE(in.pass_call());
  const std::string_view opening = in.opening_of(method);
  EXPECT_EQ(opening, "\x93\xa3" "add");
  EXPECT_FALSE(in.opens_with("\x93\xa3" "adx"));
  EXPECT_FALSE(in.opens_with(batch)) << "longer than what is left";
  plain_msgpack same = in;
  ASSERT_TRUE(same.opens_with(opening));
  EXPECT_TRUE(same.pass_call());
  EXPECT_FALSE(same.opens_with(opening));
  ASSERT_TRUE(in.entry_again("add"));
  EXPECT_TRUE(in.pass_call());
  EXPECT_FALSE(in.entry_again("add"));
  EXPECT_FALSE(in.entry_again("tex"));
  EXPECT_FALSE(in.entry_again("textt"));
  ASSERT_TRUE(in.entry(method));
  EXPECT_EQ(method, "text");
  EXPECT_TRUE(in.pass_call());
  EXPECT_TRUE(in.end_of_batch());
}

TEST(PlainMsgpack, looks_through_no_text_that_is_trusted) {
  const std::string odd = "\x91\xa2" "\xc3\xa9\x80";
  for (const bool trusted : {false, true}) {
    plain_msgpack in(bytes_of(odd));
    if (trusted) in.trust();
    std::string_view text;
    ASSERT_TRUE(in.array(1));
    EXPECT_EQ(in.take(text), trusted);
  }
}

TEST(PlainMsgpack, counts_entries_in_every_form) {
  const std::pair<std::string, std::size_t> lists[] = {{"\x90", 0}, {"\x9f", 15}, {std::string("\xdc\x01\x02", 3), 258}, {std::string("\xdd\x00\x01\x00\x02", 5), 65538}};
  for (const auto& [bytes, expected] : lists) {
    std::size_t count = 0;
    plain_msgpack in(bytes_of(bytes));
    EXPECT_TRUE(in.entries(count));
    EXPECT_EQ(count, expected);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::string cut = bytes.substr(0, size);
      EXPECT_FALSE(plain_msgpack(bytes_of(cut)).entries(count));
    }
  }
}

TEST(PlainMsgpack, does_not_take_the_length_of_a_long_name_for_that_of_another) {
  const std::string name(32, 'n');
  EXPECT_FALSE(plain_msgpack(bytes_of("\x93\xa0" + name), true).entry_again(name));
  EXPECT_FALSE(plain_msgpack(bytes_of("\x93\xa3" "ad"), true).entry_again("add"));
  EXPECT_FALSE(plain_msgpack(bytes_of(""), true).entry_again(""));
}

}  // namespace
}  // namespace engine::detail
