#include <codec/base64.hpp>
#include <codec/base64_blocks.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace engine {
namespace {

std::string encoded(std::string_view data) {
  std::string text(base64_encoded_size(data.size()), '?');
  EXPECT_EQ(base64_encode(std::as_bytes(std::span(data)), text.data()), text.data() + text.size());
  return text;
}

std::string decoded(std::string_view text) {
  std::vector<std::byte> data(base64_decoded_room(text.size()));
  const auto size = base64_decode(text, data.data());
  return size ? std::string(reinterpret_cast<const char*>(data.data()), *size) : "! " + size.error();
}

TEST(Base64, makes_the_texts_of_the_rfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [data, text] : vectors) {
    EXPECT_EQ(encoded(data), text);
    EXPECT_EQ(decoded(text), data);
  }
}

TEST(Base64, returns_every_byte_at_every_length) {
  std::string data;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(decoded(encoded(data)), data);
    data += static_cast<char>(i * 7 + i / 256);
  }
  EXPECT_EQ(encoded("\xfb\xff\xbf"), "+/+/");
}

/// What a way does from the front: the characters it has done, and their bytes. It may stop before a foreign character or the end only.
std::string blocks(const detail::base64_blocks& way, std::string_view text, std::size_t& done) {
  std::vector<std::byte> data(base64_decoded_room(text.size()));  // exactly, so that sanitizers see a byte too many
  done = way.decode(text, data.data());
  return {reinterpret_cast<const char*>(data.data()), done / 4 * 3};
}

TEST(Base64, is_read_alike_by_every_way_this_processor_has) {
  std::mt19937 random(1);
  const auto& portable = detail::base64_block_ways().back();
  for (const auto& way : detail::base64_block_ways()) {
    if (!way.usable()) continue;
    for (int i = 0; i < 20000; ++i) {
      std::string data(random() % 300, '\0');
      for (char& c : data) c = static_cast<char>(random());
      std::string text = encoded(data);
      if (i % 3 == 0 && !text.empty()) text[random() % text.size()] = static_cast<char>(random());
      std::size_t done = 0, most = 0;
      const std::string all = blocks(portable, text, most), got = blocks(way, text, done);
      ASSERT_LE(done, most) << way.name;
      ASSERT_EQ(done % 4, 0u) << way.name;
      ASSERT_LT(most - done, 64u) << way.name;
      ASSERT_EQ(got, all.substr(0, got.size())) << way.name;
    }
  }
}

TEST(Base64, takes_exactly_the_alphabet_in_every_way_and_place) {
  for (const auto& way : detail::base64_block_ways()) {
    if (!way.usable()) continue;
    for (std::size_t place = 0; place < 32; ++place) {
      for (int c = 0; c < 256; ++c) {
        std::string text(128, 'A');
        text[place] = static_cast<char>(c);
        std::size_t done = 0;
        const std::string got = blocks(way, text, done);
        const bool plain = std::isalnum(c) || c == '+' || c == '/';
        if (!plain) {
          ASSERT_LE(done, place) << way.name << ' ' << c;
        } else {
          ASSERT_GE(done, 64u) << way.name << ' ' << c;
          ASSERT_EQ(encoded(got), text.substr(0, done)) << way.name << ' ' << c;
        }
      }
    }
  }
}

/// What base64_decode() makes of the plain front of a text where this way is the best: what it leaves, the portable one goes on with.
std::string front(const detail::base64_blocks& way, std::string_view text) {
  std::size_t done = 0, more = 0;
  const std::string first = blocks(way, text, done);
  return first + blocks(detail::base64_block_ways().back(), text.substr(done), more);
}

TEST(Base64, is_read_alike_by_every_way_at_every_length_and_with_every_foreign_byte_in_it) {
  const auto& portable = detail::base64_block_ways().back();
  for (const auto& way : detail::base64_block_ways()) {
    if (!way.usable()) continue;
    std::string data;
    for (std::size_t length = 0; length <= 200; ++length) {
      const std::string text = encoded(data);
      ASSERT_EQ(front(way, text), front(portable, text)) << way.name << ", length " << length;
      for (std::size_t c = 0; c < 256 && length != 0; ++c) {
        if (std::isalnum(static_cast<int>(c)) || c == '+' || c == '/') continue;
        std::string bad = text;
        const std::size_t place = (length * 11 + c * 5) % text.size();
        bad[place] = static_cast<char>(c);
        const std::string got = front(way, bad);
        ASSERT_EQ(got, front(portable, bad)) << way.name << ", length " << length << ", byte " << c << " at " << place;
        ASSERT_EQ(got, data.substr(0, std::min(place / 4 * 3, data.size() / 3 * 3))) << way.name << ", length " << length << ", byte " << c;
      }
      data += static_cast<char>(length * 37 + 11);
    }
  }
}

TEST(Base64, skips_what_is_not_of_the_alphabet_as_python_does) {
  EXPECT_EQ(decoded("Zm\n9v"), "foo");
  EXPECT_EQ(decoded("Zm9v Yg = ="), "foob");
  EXPECT_EQ(decoded("Zm9vYg==ignored"), "foob");
  EXPECT_EQ(decoded("=Zm9v"), "foo");
  EXPECT_EQ(decoded("\xff"), "");
}

TEST(Base64, refuses_incomplete_text_in_pythons_words) {
  EXPECT_EQ(decoded("Zm9vYg"), "! Incorrect padding");
  EXPECT_EQ(decoded("Zm9vYg="), "! Incorrect padding");
  EXPECT_EQ(decoded("Zm9vYmE"), "! Incorrect padding");
  EXPECT_EQ(decoded("Zm9vY"), "! Invalid base64-encoded string: number of data characters (5) cannot be 1 more than a multiple of 4");
}

}  // namespace
}  // namespace engine
