// The short way of pickle's structs beside the words: keys fetched from the memo, and what is counted.
#include <tests/codec/members_beside.hpp>

using namespace engine;
using test::beside, test::stock;

namespace {

/// Three of them as CPython 3.11 dumps them by protocols 5 and 2; the second without notes, the third with its first two members in the other
/// order, an int for a float, one of 64 bits and a longer list.
constexpr std::string_view protocol_5 =
    "80 05 95 b1 00 00 00 00 00 00 00 5d 94 28 7d 94 28 8c 04 6e 61 6d 65 94 8c 02 61 62 94 8c 05 70 72 69 63 65 94 47 3f f8 00 00 00 "
    "00 00 00 8c 05 73 69 7a 65 73 94 5d 94 28 4b 07 4b 07 4d e8 03 4a ff ff ff ff 65 8c 05 63 6f 75 6e 74 94 4b 07 8c 04 73 6f 6c 64 "
    "94 88 8c 05 6e 6f 74 65 73 94 5d 94 8c 01 78 94 61 75 7d 94 28 68 02 8c 03 63 64 65 94 68 04 47 40 04 00 00 00 00 00 00 68 05 5d "
    "94 68 07 4b 09 68 08 89 75 7d 94 28 68 04 4b 07 68 02 68 0b 68 05 5d 94 28 4b 01 4b 02 4b 03 4b 04 4b 05 4b 06 4b 07 4b 08 4b 09 "
    "65 68 07 8a 05 00 00 00 00 01 68 08 88 75 65 2e";
constexpr std::string_view protocol_2 =
    "80 02 5d 71 00 28 7d 71 01 28 58 04 00 00 00 6e 61 6d 65 71 02 58 02 00 00 00 61 62 71 03 58 05 00 00 00 70 72 69 63 65 71 04 47 "
    "3f f8 00 00 00 00 00 00 58 05 00 00 00 73 69 7a 65 73 71 05 5d 71 06 28 4b 07 4b 07 4d e8 03 4a ff ff ff ff 65 58 05 00 00 00 63 "
    "6f 75 6e 74 71 07 4b 07 58 04 00 00 00 73 6f 6c 64 71 08 88 58 05 00 00 00 6e 6f 74 65 73 71 09 5d 71 0a 58 01 00 00 00 78 71 0b "
    "61 75 7d 71 0c 28 68 02 58 03 00 00 00 63 64 65 71 0d 68 04 47 40 04 00 00 00 00 00 00 68 05 5d 71 0e 68 07 4b 09 68 08 89 75 7d "
    "71 0f 28 68 04 4b 07 68 02 68 0b 68 05 5d 71 10 28 4b 01 4b 02 4b 03 4b 04 4b 05 4b 06 4b 07 4b 08 4b 09 65 68 07 8a 05 00 00 00 "
    "00 01 68 08 88 75 65 2e";

const std::vector<stock> stocks = {
    {"ab", 1.5, {7, 7, 1000, -1}, 7, true, {"x"}}, {"cde", 2.5, {}, 9, false, {}}, {"x", 7, {1, 2, 3, 4, 5, 6, 7, 8, 9}, std::int64_t{1} << 32, true, {}}};

TEST(PickleMembers, are_found_by_what_their_keys_fetch) {
  for (const auto dumped : {protocol_5, protocol_2}) {
    const auto got = beside<stock>(engine::pickle()).read(test::from_hex(dumped));
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(got.read, stocks);
  }
}

TEST(PickleMembers, are_refused_where_the_words_refuse_them) {
  for (const auto dumped : {protocol_5, protocol_2}) beside<stock>(engine::pickle()).read_damaged(test::from_hex(dumped));
}

TEST(PickleMembers, of_the_next_message_are_looked_at_anew) {
  beside<stock> both(engine::pickle());
  bytes payload = test::from_hex(protocol_5);
  EXPECT_EQ(both.read(payload).read, stocks);
  // The same memory holds another key where that of the first member was: "nama", which is none.
  const auto key = std::ranges::search(payload, test::as_bytes("name"));
  ASSERT_FALSE(key.empty());
  key.back() = std::byte{'a'};
  std::vector<stock> nameless = stocks;
  for (stock& one : nameless) one.name.clear();
  EXPECT_EQ(both.read(payload).read, nameless);
}

TEST(PickleMembers, count_as_the_words_count_them) {
  beside<stock> both(engine::pickle());
  const bytes whole = test::from_hex(protocol_5);
  for (std::size_t elements = 1; elements < 70; ++elements) EXPECT_EQ(both.read(whole, {.elements = elements}).error.empty(), elements >= 50) << elements;
  for (std::size_t depth = 0; depth < 5; ++depth) EXPECT_EQ(both.read(whole, {.depth = depth}).error.empty(), depth >= 3) << depth;
}

}  // namespace
