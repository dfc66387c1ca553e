#include <codec/float_text.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace engine {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string text_of(double value) {
  char text[float_text_size];
  char* const end = write_float(value, text);
  EXPECT_LE(end, text + sizeof text);
  return {text, end};
}

TEST(FloatText, writes_what_repr_writes) {
  const std::pair<double, const char*> expected[] = {
      {0.0, "0.0"}, {-0.0, "-0.0"}, {1.0, "1.0"}, {-1.5, "-1.5"}, {0.1, "0.1"}, {100.0, "100.0"}, {123456.789, "123456.789"},
      {0.0001, "0.0001"}, {0.00012345, "0.00012345"}, {0.00001, "1e-05"}, {1.5e-7, "1.5e-07"}, {1e15, "1000000000000000.0"},
      {1e16, "1e+16"}, {123456789012345680.0, "1.2345678901234568e+17"}, {1e100, "1e+100"}, {1.5e300, "1.5e+300"},
      {9999999999999998.0, "9999999999999998.0"}, {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"}, {-1.2345678901234567e-308, "-1.2345678901234567e-308"},
      {infinity, "inf"}, {-infinity, "-inf"}};
  for (const auto& [value, text] : expected) EXPECT_EQ(text_of(value), text);
  EXPECT_EQ(text_of(std::nan("")), "nan");
}

TEST(FloatText, reads_back_every_double_it_writes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::fabs(std::bit_cast<double>(random()));
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(parse_float(text_of(value)), value);
  }
}

TEST(FloatText, reads_pythons_literals) {
  EXPECT_EQ(parse_float("5."), 5.0);
  EXPECT_EQ(parse_float(".5"), 0.5);
  EXPECT_EQ(parse_float("1.e5"), 1e5);
  EXPECT_EQ(parse_float("007"), 7.0);
  EXPECT_EQ(parse_float("1E+5"), 1e5);
}

TEST(FloatText, overflows_to_infinity_and_underflows_to_zero) {
  for (const char* huge : {"1e309", "1e30000", "1e99999999999999999999", "123456789e305", "0.001e400"}) EXPECT_EQ(parse_float(huge), infinity) << huge;
  for (const char* tiny : {"1e-400", "1e-99999999999999999999", "0.00001e-320", "1000e-400", "0e400", "0e99999999999999999999"})
    EXPECT_EQ(parse_float(tiny), 0.0) << tiny;
  EXPECT_EQ(parse_float(std::string(400, '1')), infinity);
  EXPECT_EQ(parse_float("0." + std::string(400, '0') + "1e401"), 1.0);
  EXPECT_EQ(parse_float("0." + std::string(400, '0') + "1e300"), 1e-101);
}

TEST(FloatText, refuses_what_is_no_literal) {
  for (const char* other : {"", ".", "-1", "+1", " 1", "1 ", "inf", "nan", "1e", "1e+", "0x1", "1_0", "e5", "1.2.3"})
    EXPECT_EQ(parse_float(other), std::nullopt) << other;
}

}  // namespace
}  // namespace engine
