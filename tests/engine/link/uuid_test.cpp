// Random identities, and how they are written.
#include <engine/link/uuid.hpp>

#include <cstdint>

#include <gtest/gtest.h>

namespace engine {
namespace {

TEST(random_uuids, are_version_four_and_differ) {
  const auto a = random_uuid(), b = random_uuid();
  EXPECT_EQ(std::to_integer<int>(a[6]) >> 4, 4);
  EXPECT_EQ(std::to_integer<int>(a[8]) >> 6, 2);
  EXPECT_NE(a, b);
}

TEST(uuid_texts, are_written_in_groups_of_lower_case_digits) {
  std::array<std::byte, 16> id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(i * 17);
  EXPECT_EQ(hex_text(id), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(uuid_text(id), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(hex_text({}), "");
}

}  // namespace
}  // namespace engine
