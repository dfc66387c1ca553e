// The bounds of decode_limits hold in every format of the table: what goes beyond is refused with a reason and the place where it
// was noticed, whether it is read or skipped, and what just fits is read.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include <tests/support/encoded.hpp>

using namespace engine;

namespace {

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

  void expect_refused(const std::string& payload, const decode_limits& limits, std::size_t not_before) {
    const auto error = refusal(payload, limits);
    ASSERT_TRUE(error);
    EXPECT_FALSE(error->type.empty());
    EXPECT_FALSE(error->text.empty());
    EXPECT_GE(error->offset, not_before) << error->text;
    EXPECT_LE(error->offset, payload.size()) << error->text;
  }
};

/// Of the formats whose integers are no decimal text.
class BinaryBounds : public Bounds {};

TEST_P(Bounds, containers_nest_as_deep_as_allowed_and_no_deeper) {
  const std::size_t depth = decode_limits{}.depth;
  EXPECT_FALSE(refusal(nested(depth)));
  expect_refused(nested(depth + 1), {}, depth);
  EXPECT_FALSE(refusal(nested(3), {.depth = 3}));
  expect_refused(nested(4), {.depth = 3}, 3);
}

TEST_P(Bounds, a_message_deeper_than_any_stack_is_refused) {
  expect_refused(nested(1'000'000), {}, 1);
  expect_refused(nested(1'000'000, false), {}, 1);
}

TEST_P(Bounds, a_message_holds_as_many_values_as_allowed_and_no_more) {
  value::list items;
  for (int i = 0; i < 1000; ++i) items.push_back(i);
  const std::string payload = written(items);
  EXPECT_FALSE(refusal(payload, {.elements = 1001}));
  expect_refused(payload, {.elements = 900}, 0);
}

/// 2**bits, and that less one.
integer power_of_two(std::size_t bits) { return *integer::from_power_of_two("1" + std::string(bits, '0'), 1, false); }
integer all_ones(std::size_t bits) { return *integer::from_power_of_two(std::string(bits, '1'), 1, false); }
integer minus(const integer& n) { return integer::from_digits(n.magnitude(), !n.negative()); }

TEST_P(Bounds, an_integer_has_as_many_digits_as_allowed) {
  for (const integer& n : {*integer::from_decimal(std::string(50, '7')), *integer::from_decimal("-" + std::string(50, '9'))}) {
    const std::string payload = written(n);
    EXPECT_FALSE(refusal(payload, {.digits = 50}));
    expect_refused(payload, {.digits = 49}, 0);
  }
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
    SCOPED_TRACE(size);
    expect_refused(payload.substr(0, size), {}, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Bounds, testing::ValuesIn(serializers().begin(), serializers().end()),
                         [](const auto& format) { return std::string(format.param->name); });
INSTANTIATE_TEST_SUITE_P(Formats, BinaryBounds,
                         testing::Values(&marshal(), find_serializer("pickle"), find_serializer("dill"), find_serializer("cloudpickle")),
                         [](const auto& format) { return std::string(format.param->name); });

}  // namespace
