#include <codec/base64.hpp>

#include <gtest/gtest.h>

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
