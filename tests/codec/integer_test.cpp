// integer against known Python results and against machine arithmetic.
#include <codec/integer.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using engine::bits_of_digits;
using engine::integer;

namespace {

__extension__ using wide_t = unsigned __int128;

integer decimal(const char* text) { return *integer::from_decimal(text); }

TEST(Integer, prints_what_it_read) {
  for (const char* text : {"0", "1", "-1", "999999999", "1000000000", "-1000000000000000000", "18446744073709551616",
                           "-340282366920938463463374607431768211456", "100000000000000000000000000000000000000000000001"})
    EXPECT_EQ(decimal(text).to_string(), text);
}

TEST(Integer, reads_signs_and_leading_zeros) {
  EXPECT_EQ(decimal("+007"), integer(7));
  EXPECT_EQ(decimal("-0"), integer(0));
  EXPECT_FALSE(decimal("-0").negative());
}

TEST(Integer, refuses_what_is_no_decimal) {
  for (const char* text : {"", "-", "+", "1a", " 1", "1 ", "--1", "1_0", "0x1"}) EXPECT_FALSE(integer::from_decimal(text)) << text;
}

TEST(Integer, reads_digits_of_powers_of_two) {
  EXPECT_EQ(integer::from_power_of_two("ff", 4, false)->to_int64(), 255);
  EXPECT_EQ(integer::from_power_of_two("DeadBeefDeadBeefDeadBeef", 4, true)->to_string(), "-68915718021581205938132336367");
  EXPECT_EQ(integer::from_power_of_two("1777777777777777777777", 3, false)->to_uint64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(integer::from_power_of_two("101", 1, false)->to_int64(), 5);
  EXPECT_FALSE(integer::from_power_of_two("8", 3, false));
  EXPECT_FALSE(integer::from_power_of_two("2", 1, false));
  EXPECT_FALSE(integer::from_power_of_two("", 4, false));
  EXPECT_FALSE(integer::from_power_of_two("1", 2, false));
}

TEST(Integer, has_the_bit_length_of_its_magnitude) {
  EXPECT_EQ(integer(0).bit_length(), 0u);
  EXPECT_EQ(integer(1).bit_length(), 1u);
  EXPECT_EQ(integer(-255).bit_length(), 8u);
  EXPECT_EQ(integer(-256).bit_length(), 9u);
  EXPECT_EQ(decimal("4294967296").bit_length(), 33u);
  EXPECT_EQ(decimal("18446744073709551615").bit_length(), 64u);
}

TEST(Integer, knows_how_many_bits_so_many_digits_take) {
  EXPECT_EQ(bits_of_digits(0), 0u);
  for (std::size_t digits = 1; digits <= 1500; ++digits) {
    const integer most = *integer::from_decimal(std::string(digits, '9'));
    ASSERT_EQ(bits_of_digits(digits), most.bit_length()) << digits;
    const auto twice = integer::from_power_of_two("1" + std::string(most.bit_length(), '0'), 1, false);
    ASSERT_GT(twice->to_string().size(), digits) << "of one bit more there are none with so few digits";
  }
  EXPECT_EQ(bits_of_digits(4300), integer::from_decimal(std::string(4300, '9'))->bit_length());
  EXPECT_EQ(bits_of_digits(std::numeric_limits<std::size_t>::max()), std::numeric_limits<std::size_t>::max());
}

TEST(Integer, converts_to_machine_integers_only_in_range) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(integer(lowest).to_int64(), lowest);
  EXPECT_EQ(decimal("-9223372036854775808").to_int64(), lowest);
  EXPECT_FALSE(decimal("-9223372036854775809").to_int64());
  EXPECT_FALSE(decimal("9223372036854775808").to_int64());
  EXPECT_EQ(decimal("9223372036854775808").to_uint64(), std::uint64_t(1) << 63);
  EXPECT_FALSE(decimal("18446744073709551616").to_uint64());
  EXPECT_FALSE(integer(-1).to_uint64());
}

TEST(Integer, rounds_to_the_nearest_double_and_ties_to_even) {
  EXPECT_EQ(decimal("9007199254740993").to_double(), 9007199254740992.0);
  EXPECT_EQ(decimal("18446744073709551616").to_double(), 0x1p64);
  EXPECT_EQ(decimal("340282366920938463463374607431768211455").to_double(), 0x1p128);
  const integer tie = *integer::from_power_of_two("100000000000008" + std::string(20, '0'), 4, false);
  EXPECT_EQ(tie.to_double(), std::ldexp(1.0, 136));
  const integer above = *integer::from_power_of_two("100000000000008" + std::string(19, '0') + "1", 4, true);
  EXPECT_EQ(above.to_double(), -std::nextafter(std::ldexp(1.0, 136), HUGE_VAL));
  EXPECT_EQ(decimal(("1" + std::string(400, '0')).c_str()).to_double(), HUGE_VAL);
}

TEST(Integer, orders_as_numbers_do) {
  const std::vector<integer> ascending{decimal("-18446744073709551617"), decimal("-18446744073709551616"), integer(-5), integer(-4),
                                       integer(0), integer(4), integer(5), decimal("18446744073709551616"), decimal("99999999999999999999999")};
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t j = 0; j < ascending.size(); ++j) EXPECT_EQ(ascending[i] <=> ascending[j], i <=> j);
}

TEST(Integer, agrees_with_128_bit_arithmetic) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t high = random() >> (random() % 64), low = random();
    auto rest = static_cast<wide_t>(high) << 64 | low;
    std::string text;
    do text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    while ((rest /= 10) != 0);
    const auto made = integer::from_digits({static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32),
                                            static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32)}, false);
    ASSERT_EQ(made.to_string(), text);
    ASSERT_EQ(integer::from_decimal(text), made);
    ASSERT_EQ(made.to_double(), static_cast<double>(static_cast<wide_t>(high) << 64 | low));
  }
}

}  // namespace
