// A limit is there or is not, and none of nothing is one of zero.
#include <engine/object/time_limit.hpp>

#include <gtest/gtest.h>

namespace engine::detail {
namespace {

using std::chrono::milliseconds;

TEST(TimeLimit, is_there_only_if_it_was_given) {
  EXPECT_FALSE(time_limit());
  EXPECT_FALSE(time_limit(std::nullopt));
  EXPECT_EQ(time_limit().value_or(milliseconds(3)), milliseconds(3));
  for (const auto given : {milliseconds(0), milliseconds(-1), milliseconds(250), milliseconds::max()}) {
    const time_limit limit = given;
    ASSERT_TRUE(limit);
    EXPECT_EQ(*limit, given);
    EXPECT_EQ(limit.value_or(milliseconds(3)), given);
  }
  const time_limit least = milliseconds::min();
  ASSERT_TRUE(least);
  EXPECT_LT(*least, milliseconds(0));
}

}  // namespace
}  // namespace engine::detail
