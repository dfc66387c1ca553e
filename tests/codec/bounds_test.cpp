// The bounds of decode_limits hold in every format of the table: what goes beyond is refused with a reason and the place where it
// was noticed, whether it is read or skipped, and what just fits is read.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include <tests/support/encoded.hpp>

using namespace engine;

namespace {

struct fault { std::size_t offset; std::string_view text; };

/// What each format says, and at which byte.
struct faults {
  std::string_view format;
  fault four_lists;        ///< within each other, of three allowed
  fault endless_lists;     ///< a million opened
  fault ten_elements;      ///< and the list that holds them, of ten values allowed
  fault long_integer;      ///< of fifty digits, of 49 allowed
  fault long_integer_in_list;
};

constexpr std::string_view too_deep = "builtins.ValueError: containers nested too deeply";
constexpr std::string_view too_many = "builtins.ValueError: too many values in one message";
constexpr std::string_view cells_too_deep = "builtins.ValueError: containers nested too deeply, or in themselves";
constexpr std::string_view brackets = "builtins.SyntaxError: too many nested parentheses (<unknown>, line 2)";
constexpr std::string_view too_long = "builtins.ValueError: Exceeds the limit (49 digits) for integer string conversion";
constexpr std::string_view long_bytes = "builtins.ValueError: Exceeds the limit (49 digits) for integers";
constexpr std::string_view long_text =
    "builtins.ValueError: Exceeds the limit (49 digits) for integer string conversion: value has 50 digits; use "
    "sys.set_int_max_str_digits() to increase the limit";
constexpr std::string_view long_literal =
    "builtins.SyntaxError: Exceeds the limit (49 digits) for integer string conversion: value has 50 digits; use "
    "sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to avoid decimal conversion limits. "
    "(<unknown>, line 2)";

constexpr faults table[] = {
    // behind a line of 26 bytes
    {"serpent", {26 + 3, brackets}, {26 + 200, brackets}, {26 + 20, "builtins.ValueError: more than 10 values in one message"},
     {26, long_literal}, {26 + 3, long_literal}},
    {"json", {3, too_deep}, {200, too_deep}, {29, too_many}, {0, long_text}, {4, long_text}},
    // [ and four bytes of count
    {"marshal", {3 * 5, "builtins.ValueError: recursion limit exceeded"}, {200 * 5, "builtins.ValueError: recursion limit exceeded"},
     {5, too_many}, {0, too_long}, {5 + 5, too_long}},
    // the counts of whole containers are known where they open
    {"msgpack", {3, too_deep}, {200, too_deep}, {0, too_many}, {0, too_long}, {2, too_long}},
    // A pickle is run to its end before anything is read of it, so its depth is noticed there.
    {"pickle", {12, cells_too_deep}, {1'000'002, "builtins.EOFError: Ran out of input"}, {24, too_many}, {25, long_bytes}, {29, long_bytes}},
};

class Bounds : public testing::TestWithParam<const serializer*> {
 protected:
  std::string written(const value& v) { return test::encoded(*GetParam(), v).value(); }

  /// None in lists in lists, also deeper than our writers go: what stands before and behind None within one list, repeated.
  std::string nested(std::size_t depth, bool closed = true) {
    std::string none = written(value()), one = written(value::list{value()}), end;
    if (none.ends_with('.') && one.ends_with('.')) {  // a pickle says where it stops
      none.pop_back();
      one.pop_back();
      end = '.';
    }
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(none, one).in1 - none.begin());
    const std::string inside = none.substr(same);
    const std::size_t open = one.find(inside) - same;
    std::string payload = none.substr(0, same);
    for (std::size_t i = 0; i < depth; ++i) payload += one.substr(same, open);
    if (!closed) return payload;
    payload += inside;
    for (std::size_t i = 0; i < depth; ++i) payload += one.substr(same + open + inside.size());
    return payload + end;
  }

  std::optional<decode_error> refusal(const std::string& payload, const decode_limits& limits = {}) {
    const auto in = GetParam()->make_reader();
    in->start(test::as_bytes(payload), limits);
    const bool skipped = in->skip() && in->finish();
    const auto read = test::decoded<value>(*GetParam(), test::as_bytes(payload), limits);
    EXPECT_EQ(skipped, read.has_value()) << "skipping keeps the same bounds";
    if (read) return std::nullopt;
    return read.error();
  }

  /// The row of the table; dill and cloudpickle are pickle.
  const faults& expected() const {
    const bool pickled = GetParam()->make_reader == pickle().make_reader;
    return *std::ranges::find(table, pickled ? "pickle" : GetParam()->name, &faults::format);
  }

  void expect_refused(const std::string& payload, const decode_limits& limits, const fault& at) {
    const auto error = refusal(payload, limits);
    ASSERT_TRUE(error);
    EXPECT_EQ(std::string(error->type) + ": " + error->text, at.text);
    EXPECT_EQ(error->offset, at.offset);
  }
};

/// Of the formats whose integers are no decimal text.
class BinaryBounds : public Bounds {};

TEST_P(Bounds, containers_nest_as_deep_as_allowed_and_no_deeper) {
  const std::size_t depth = decode_limits{}.depth;
  EXPECT_FALSE(refusal(nested(depth)));
  EXPECT_TRUE(refusal(nested(depth + 1)));
  EXPECT_FALSE(refusal(nested(3), {.depth = 3}));
  expect_refused(nested(4), {.depth = 3}, expected().four_lists);
}

TEST_P(Bounds, a_message_deeper_than_any_stack_is_refused) {
  EXPECT_TRUE(refusal(nested(1'000'000)));
  expect_refused(nested(1'000'000, false), {}, expected().endless_lists);
}

TEST_P(Bounds, a_message_holds_as_many_values_as_allowed_and_no_more) {
  const auto counted = [this](int size) {
    value::list items;
    for (int i = 0; i < size; ++i) items.push_back(i);
    return written(items);
  };
  EXPECT_FALSE(refusal(counted(10), {.elements = 11}));
  expect_refused(counted(10), {.elements = 10}, expected().ten_elements);
  EXPECT_FALSE(refusal(counted(1000), {.elements = 1001}));
  EXPECT_TRUE(refusal(counted(1000), {.elements = 1000}));
}

/// 2**bits, and that less one.
integer power_of_two(std::size_t bits) { return *integer::from_power_of_two("1" + std::string(bits, '0'), 1, false); }
integer all_ones(std::size_t bits) { return *integer::from_power_of_two(std::string(bits, '1'), 1, false); }
integer minus(const integer& n) { return integer::from_digits(n.magnitude(), !n.negative()); }

TEST_P(Bounds, an_integer_has_as_many_digits_as_allowed) {
  const integer n = *integer::from_decimal(std::string(50, '7'));
  EXPECT_FALSE(refusal(written(n), {.digits = 50}));
  EXPECT_FALSE(refusal(written(minus(n)), {.digits = 50}));
  expect_refused(written(n), {.digits = 49}, expected().long_integer);
  expect_refused(written(value::list{1, n, 2}), {.digits = 49}, expected().long_integer_in_list);
  EXPECT_TRUE(refusal(written(minus(n)), {.digits = 49}));
}

TEST_P(BinaryBounds, an_integer_is_refused_from_the_bit_on_by_which_it_surely_has_more_digits) {
  for (const std::size_t digits : {20, 49, 50, 77, 100, 4300}) {
    const decode_limits limits{.digits = digits};
    const std::size_t bits = bits_of_digits(digits);
    for (const integer& n : {all_ones(bits), minus(all_ones(bits)), power_of_two(bits - 1), minus(power_of_two(bits - 1))})
      EXPECT_FALSE(refusal(written(n), limits)) << digits << " digits, " << n.bit_length() << " bits";
    for (const integer& n : {all_ones(bits + 1), minus(all_ones(bits + 1)), power_of_two(bits), minus(power_of_two(bits))}) {
      const auto error = refusal(written(n), limits);
      ASSERT_TRUE(error) << digits << " digits, " << n.bit_length() << " bits";
      EXPECT_TRUE(error->text.starts_with("Exceeds the limit (" + std::to_string(digits) + " digits) for integer")) << error->text;
    }
  }
}

TEST_P(Bounds, a_message_that_ends_too_early_is_refused_wherever_it_ends) {
  const value whole = value::list{1, 2.5, "text", value::dict{{"a", value::list{true, value()}}, {"b", "c"}}, *integer::from_decimal(std::string(30, '9'))};
  const std::string payload = written(whole);
  ASSERT_FALSE(refusal(payload));
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const auto error = refusal(payload.substr(0, size));
    ASSERT_TRUE(error) << size;
    EXPECT_FALSE(error->type.empty()) << size;
    EXPECT_FALSE(error->text.empty()) << size;
    EXPECT_LE(error->offset, size) << error->text;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Bounds, testing::ValuesIn(serializers().begin(), serializers().end()),
                         [](const auto& format) { return std::string(format.param->name); });
INSTANTIATE_TEST_SUITE_P(Formats, BinaryBounds,
                         testing::Values(&marshal(), find_serializer("pickle"), find_serializer("dill"), find_serializer("cloudpickle")),
                         [](const auto& format) { return std::string(format.param->name); });

}  // namespace
