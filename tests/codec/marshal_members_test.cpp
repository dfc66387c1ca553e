// The short way of marshal's structs beside the words: whatever the bytes are, both must read the same, or refuse it in the same words at
// the same place.
#include <gtest/gtest.h>

#include <bit>

#include <codec/reader_words.hpp>
#include <codec/serializer.hpp>
#include <codec/shape.hpp>
#include <tests/support/encoded.hpp>

using namespace engine;

namespace {

struct stock {
  std::string name;
  double price = 0;
  std::vector<std::int64_t> sizes;
  std::int64_t count = 0;
  bool sold = false;
  std::vector<std::string> notes;
  bool operator==(const stock& other) const {  // the price by its bits, which may be no number
    return name == other.name && std::bit_cast<std::uint64_t>(price) == std::bit_cast<std::uint64_t>(other.price) && sizes == other.sizes &&
           count == other.count && sold == other.sold && notes == other.notes;
  }
};
ENGINE_SHAPE(stock, name, price, sizes, count, sold, notes)

struct sixteen {
  std::string abcdefghijklmnop;
  bool operator==(const sixteen&) const = default;
};
ENGINE_SHAPE(sixteen, abcdefghijklmnop)

/// Reads a struct by the words alone.
template <class T> bool decode_by_words(reader& in, T& out) {
  static constexpr auto entries = codec_of<T>::description.entries();
  static constexpr detail::member_table table{entries, codec_of<T>::description.class_name};
  return detail::read_members(in, table, codec_of<T>::description.addresses(out).data());
}

template <class T> struct outcome {
  std::vector<T> read;
  std::string error;
  std::size_t offset = 0;
  bool operator==(const outcome&) const = default;
};

template <class T, class Decode> outcome<T> run(reader& in, std::span<const std::byte> payload, const decode_limits& limits, Decode decode) {
  outcome<T> got;
  std::size_t hint = 0;
  in.start(payload, limits);
  bool good = in.enter_sequence(hint);
  while (good && in.more()) good = decode(in, got.read.emplace_back());
  if (!in.ok()) got.error = in.error().text;
  got.offset = in.offset();
  return got;
}

template <class T> class beside {
 public:
  outcome<T> read(std::span<const std::byte> payload, const decode_limits& limits = {}) {
    const auto words = run<T>(*by_words_, payload, limits, [](reader& in, T& out) { return decode_by_words(in, out); });
    const auto quick = run<T>(*quick_, payload, limits, [](reader& in, T& out) { return engine::decode(in, out); });
    EXPECT_EQ(quick.error, words.error) << test::to_hex({reinterpret_cast<const char*>(payload.data()), payload.size()});
    EXPECT_EQ(quick.offset, words.offset);
    EXPECT_EQ(quick.read, words.read);
    return quick;
  }

 private:
  std::unique_ptr<reader> quick_ = engine::marshal().make_reader(), by_words_ = engine::marshal().make_reader();
};

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
  const auto got = beside<stock>().read(with_list_remembered());
  EXPECT_EQ(got.error, "");
  ASSERT_EQ(got.read.size(), 3u);
  EXPECT_EQ(got.read[0], (stock{"ab", 1.5, {7, 7, 1000, -1}, 7, true, {"x"}}));
  EXPECT_EQ(got.read[1], (stock{"cde", 2.5, {}, 9, false, {}}));
  EXPECT_EQ(got.read[2], (stock{"x", 7, {1, 2, 3, 4, 5, 6, 7, 8, 9}, std::int64_t{1} << 32, true, {}}));
}

TEST(MarshalMembers, of_the_next_message_have_numbers_of_their_own) {
  beside<stock> both;
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
  beside<stock> both;
  const bytes whole = with_list_remembered();
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(both.read(std::span(whole).first(size)).error, "");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    bytes damaged = whole;
    for (int to = 0; to < 256; ++to) {
      damaged[at] = static_cast<std::byte>(to);
      static_cast<void>(both.read(damaged));
      if (HasFailure()) return;
    }
  }
}

TEST(MarshalMembers, count_as_the_words_count_them) {
  beside<stock> both;
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
  beside<sixteen> both;
  bytes whole = test::from_hex("db 03 00 00 00 7b da 10 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 7a 01 61 30 "
                               "7b 72 01 00 00 00 7a 01 62 30 7b 72 01 00 00 00 7a 01 63 30");
  whole.resize(whole.size() + 64);  // what follows is not read, and leaves room for the short way
  EXPECT_EQ(both.read(whole).read, (std::vector<sixteen>{{"a"}, {"b"}, {"c"}}));
  EXPECT_EQ(both.read(whole, {.elements = 12}).error, "");
  EXPECT_EQ(both.read(whole, {.elements = 11}).error, "too many values in one message");
}

}  // namespace
