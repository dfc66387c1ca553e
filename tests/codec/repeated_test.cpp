// What a few bytes may mean by referring to what was there before, in the formats that can: the bounds that are kept when nobody has set
// any, and what they cost at most. Nothing here sets a limit unless it says so.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <tests/support/allocations.hpp>
#include <tests/support/encoded.hpp>

using namespace engine;
using namespace std::string_literals;

namespace {

std::string little(std::uint32_t n) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(n >> 8 * i);
  return bytes;
}
std::string repeated(std::string_view what, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += what;
  return all;
}

/// How a format writes what the tests here need.
struct format {
  const serializer& by;
  std::string (*laughs)(std::size_t levels);            ///< lists of ten times the list before, the innermost of ten times None
  std::string (*rows)(std::size_t rows, std::size_t columns);  ///< [[None] * columns] * rows, one row referred to
  std::string (*texts)(std::string_view text, std::size_t times);
};

const format pickled{pickle(),
                     [](std::size_t levels) {
                       std::string all = "]q\0("s + std::string(10, 'N') + "e";
                       for (std::size_t i = 1; i < levels; ++i) {
                         const char before = static_cast<char>(i - 1);
                         all += "]("s + repeated("h"s + before, 10) + "eq" + static_cast<char>(i);
                       }
                       return all + ".";
                     },
                     [](std::size_t rows, std::size_t columns) {
                       return "](]q\0("s + std::string(columns, 'N') + "e" + repeated("h\0"s, rows - 1) + "e.";
                     },
                     [](std::string_view text, std::size_t times) {
                       return "](X"s + little(static_cast<std::uint32_t>(text.size())) + std::string(text) + "q\0"s + repeated("h\0"s, times - 1) + "e.";
                     }};

const format marshalled{marshal(),
                        [](std::size_t levels) {
                          // The outermost is number 0, and each holds the next one and nine references to it.
                          std::string all;
                          for (std::size_t i = 1; i < levels; ++i) all += "\xdb"s + little(10);
                          all += "\xdb"s + little(10) + std::string(10, 'N');
                          for (std::size_t i = levels - 1; i > 0; --i) all += repeated("r" + little(static_cast<std::uint32_t>(i)), 9);
                          return all;
                        },
                        [](std::size_t rows, std::size_t columns) {
                          return "["s + little(static_cast<std::uint32_t>(rows)) + "\xdb" + little(static_cast<std::uint32_t>(columns)) +
                                 std::string(columns, 'N') + repeated("r" + little(0), rows - 1);
                        },
                        [](std::string_view text, std::size_t times) {
                          return "["s + little(static_cast<std::uint32_t>(times)) + "\xe1" + little(static_cast<std::uint32_t>(text.size())) +
                                 std::string(text) + repeated("r" + little(0), times - 1);
                        }};

class Repeated : public testing::TestWithParam<const format*> {
 protected:
  std::string refusal(const std::string& payload, const decode_limits& limits = {}) {
    const auto before = testing_support::allocations_here().taken_bytes;
    const auto read = test::decoded<value>(GetParam()->by, test::as_bytes(payload), limits);
    taken = testing_support::allocations_here().taken_bytes - before;
    return read ? "none" : std::string(read.error().type) + ": " + read.error().text;
  }
  std::uint64_t taken = 0;  ///< bytes allocated by reading
};

TEST_P(Repeated, lists_of_lists_cost_no_more_than_a_bound_whoever_sends_them) {
  const std::string payload = GetParam()->laughs(9);
  EXPECT_LT(payload.size(), 500u);
  EXPECT_EQ(refusal(payload), "builtins.ValueError: too many values in one message");
  EXPECT_LT(taken, 64u << 20);
  EXPECT_EQ(refusal(GetParam()->laughs(3)), "none");
}

TEST_P(Repeated, rows_that_are_one_and_the_same_are_read_up_to_a_quarter_million_values) {
  EXPECT_EQ(refusal(GetParam()->rows(500, 500)), "none");
  const std::string most = GetParam()->rows(513, 512);
  EXPECT_EQ(refusal(most, {.repeated = 513 * 512 + 514 - most.size()}), "none");
  EXPECT_EQ(refusal(most, {.repeated = 513 * 512 + 513 - most.size()}), "builtins.ValueError: too many values in one message");
  EXPECT_EQ(refusal(GetParam()->rows(2000, 2000)), "builtins.ValueError: too many values in one message");
  EXPECT_LT(taken, 64u << 20);
}

TEST_P(Repeated, text_costs_no_more_than_a_bound_and_what_it_is_long) {
  const std::string text(1000, 'x');
  EXPECT_EQ(refusal(GetParam()->texts(text, 2000)), "none");
  EXPECT_NE(refusal(GetParam()->texts(text, 40'000)), "none");
  EXPECT_LT(taken, 64u << 20);
}

TEST_P(Repeated, is_not_counted_where_nothing_is_repeated) {
  const decode_limits none{.repeated = 0, .repeated_bytes = 0};
  const value plain = value::list{value::list{1, 2, 3}, "text", std::string(5000, 'x'), value::dict{{"a", value()}}};
  EXPECT_EQ(refusal(test::encoded(GetParam()->by, plain).value(), none), "none");
  EXPECT_NE(refusal(GetParam()->laughs(3), none), "none");
}

TEST(Repeated, bounds_that_are_huge_do_not_wrap_around) {
  EXPECT_EQ((decode_limits{.elements = SIZE_MAX, .repeated = SIZE_MAX}.elements_of(5)), SIZE_MAX);
  EXPECT_EQ((decode_limits{.elements = 7, .repeated = SIZE_MAX}.elements_of(5)), 7u);
  EXPECT_EQ((decode_limits{.repeated = 3}.elements_of(5)), 8u);
}

INSTANTIATE_TEST_SUITE_P(Formats, Repeated, testing::Values(&pickled, &marshalled), [](const auto& f) { return std::string(f.param->by.name); });

}  // namespace
