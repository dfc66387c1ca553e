// The short way of marshal's structs beside the words: references in the place of keys, and what is counted.
#include <tests/codec/members_beside.hpp>

using namespace engine;
using test::beside, test::stock;

namespace {

struct sixteen {
  std::string abcdefghijklmnop;
  bool operator==(const sixteen&) const = default;
};
ENGINE_SHAPE(sixteen, abcdefghijklmnop)

/// Three of them as CPython 3.11 dumps them: marshal.dumps([{'name': 'ab', 'price': 1.5, 'sizes': [7, 7, 1000, -1], 'count': 7, 'sold': True,
/// 'notes': ['x']}, …]), the second without notes, the third with its first two members in the other order, an int of 64 bits and a long list.
constexpr std::string_view dumped =
    "5b 03 00 00 00 7b da 04 6e 61 6d 65 7a 02 61 62 da 05 70 72 69 63 65 67 00 00 00 00 00 00 f8 3f da 05 73 69 7a 65 73 5b 04 00 00 00 "
    "e9 07 00 00 00 72 04 00 00 00 69 e8 03 00 00 e9 ff ff ff ff da 05 63 6f 75 6e 74 72 04 00 00 00 da 04 73 6f 6c 64 54 "
    "da 05 6e 6f 74 65 73 5b 01 00 00 00 da 01 78 30 "
    "7b 72 01 00 00 00 7a 03 63 64 65 72 02 00 00 00 67 00 00 00 00 00 00 04 40 72 03 00 00 00 5b 00 00 00 00 72 06 00 00 00 e9 09 00 00 00 "
    "72 07 00 00 00 46 30 "
    "7b 72 02 00 00 00 72 04 00 00 00 72 01 00 00 00 72 09 00 00 00 72 03 00 00 00 5b 09 00 00 00 "
    "69 01 00 00 00 69 02 00 00 00 69 03 00 00 00 69 04 00 00 00 69 05 00 00 00 69 06 00 00 00 69 07 00 00 00 69 08 00 00 00 69 09 00 00 00 "
    "72 06 00 00 00 49 00 00 00 00 01 00 00 00 72 07 00 00 00 54 30";

bytes with_list_remembered() {
  bytes payload = test::from_hex(dumped);
  payload[0] = std::byte{0xdb};  // number 0, so that the keys have the numbers above
  return payload;
}

TEST(MarshalMembers, are_found_by_what_their_keys_refer_to) {
  const auto got = beside<stock>(engine::marshal()).read(with_list_remembered());
  EXPECT_EQ(got.error, "");
  ASSERT_EQ(got.read.size(), 3u);
  EXPECT_EQ(got.read[0], (stock{"ab", 1.5, {7, 7, 1000, -1}, 7, true, {"x"}}));
  EXPECT_EQ(got.read[1], (stock{"cde", 2.5, {}, 9, false, {}}));
  EXPECT_EQ(got.read[2], (stock{"x", 7, {1, 2, 3, 4, 5, 6, 7, 8, 9}, std::int64_t{1} << 32, true, {}}));
}

TEST(MarshalMembers, of_the_next_message_have_numbers_of_their_own) {
  beside<stock> both(engine::marshal());
  static_cast<void>(both.read(with_list_remembered()));
  // Number 1 means another member here, number 2 none, and number 3 is not there.
  const auto head = [](std::string_view keys) {
    return test::from_hex("db 02 00 00 00 7b da 05 63 6f 75 6e 74 69 05 00 00 00 da 02 6e 6f 4e 30 7b " + std::string(keys) + " 30" + " 00 00 00 00 00 00 00 00" +
                          " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
  };
  const auto got = both.read(head("72 01 00 00 00 69 06 00 00 00 72 02 00 00 00 4e"));
  ASSERT_EQ(got.read.size(), 2u);
  EXPECT_EQ(got.read[0].count, 5);
  EXPECT_EQ(got.read[1], (stock{"", 0, {}, 6, false, {}}));
  EXPECT_EQ(both.read(head("72 03 00 00 00 5b 00 00 00 00")).error, "bad marshal data (invalid reference)");
}

TEST(MarshalMembers, are_refused_where_the_words_refuse_them) {
  beside<stock> both(engine::marshal());
  both.read_damaged(with_list_remembered());
}

TEST(MarshalMembers, count_as_the_words_count_them) {
  beside<stock> both(engine::marshal());
  const bytes whole = with_list_remembered();
  for (std::size_t elements = 1; elements < 70; ++elements) {
    const std::string many = both.read(whole, {.elements = elements}).error;
    EXPECT_EQ(many, elements < 50 ? "too many values in one message" : "");
  }
  for (std::size_t depth = 0; depth < 5; ++depth) {
    const std::string deep = both.read(whole, {.depth = depth}).error;
    EXPECT_EQ(deep, depth < 3 ? "recursion limit exceeded" : "");
  }
}

TEST(MarshalMembers, whose_names_are_as_long_as_a_short_text_may_be_count_for_more_when_referred_to) {
  beside<sixteen> both(engine::marshal());
  bytes whole = test::from_hex("db 03 00 00 00 7b da 10 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 7a 01 61 30 "
                               "7b 72 01 00 00 00 7a 01 62 30 7b 72 01 00 00 00 7a 01 63 30");
  whole.resize(whole.size() + 64);  // what follows is not read, and leaves room for the short way
  EXPECT_EQ(both.read(whole).read, (std::vector<sixteen>{{"a"}, {"b"}, {"c"}}));
  EXPECT_EQ(both.read(whole, {.elements = 12}).error, "");
  EXPECT_EQ(both.read(whole, {.elements = 11}).error, "too many values in one message");
}

}  // namespace
