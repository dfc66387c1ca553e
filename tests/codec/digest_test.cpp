// HMAC-SHA1 by the vectors of RFC 2202 and FIPS 180, whatever pieces it comes in, and Pyro's way of signing a message.
#include <codec/digest.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <tests/codec/frame_support.hpp>

namespace engine {
namespace {

using test::as_bytes;

std::string hex(const sha1_digest& digest) {
  std::string text = test::to_hex(test::text_of(digest));
  std::erase(text, ' ');
  return text;
}

std::string mac_of(std::string_view key, std::string_view data) {
  hmac_sha1 mac(key);
  mac.update(as_bytes(data));
  return hex(mac.finish());
}

TEST(HmacSha1, gives_the_digests_of_rfc_2202) {
  EXPECT_EQ(mac_of(std::string(20, '\x0b'), "Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(mac_of("Jefe", "what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(mac_of(std::string(20, '\xaa'), std::string(50, '\xdd')), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
  EXPECT_EQ(mac_of(std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
  EXPECT_EQ(mac_of(std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
            "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
}

TEST(HmacSha1, of_nothing_is_pythons) { EXPECT_EQ(mac_of("", ""), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"); }

TEST(HmacSha1, of_a_million_bytes_is_pythons) {
  EXPECT_EQ(mac_of("secr3t", std::string(1000000, 'a')), "1be505ddb3af4a7e33daf9a850bf287d4d6d8604");
}

// Around the 55, 56 and 64 bytes at which SHA-1's padding changes its shape.
TEST(HmacSha1, does_not_care_about_pieces) {
  for (std::size_t size = 0; size <= 200; ++size) {
    std::string data;
    for (std::size_t i = 0; i < size; ++i) data += static_cast<char>(i * 7);
    const std::string whole = mac_of("key", data);
    for (const std::size_t piece : {1u, 3u, 55u, 63u, 64u, 65u}) {
      hmac_sha1 mac("key");
      for (std::size_t at = 0; at < size; at += piece) mac.update(as_bytes(std::string_view(data).substr(at, piece)));
      ASSERT_EQ(hex(mac.finish()), whole) << size << " bytes in pieces of " << piece;
    }
  }
}

// One digest over the digests of 0 … 199 bytes, by Python's hmac: every padding length once.
TEST(HmacSha1, of_every_length_is_pythons) {
  std::string all;
  for (std::size_t size = 0; size < 200; ++size) all += mac_of("key", std::string(size, 'x'));
  EXPECT_EQ(mac_of("", all), "3de9390c220e22f83d035fcccebad585bcf7ce8b");
}

struct message_parts {
  std::string payload;
  test::annotation_list annotations;
};

std::string signature(const message_parts& m) {
  std::vector<annotation> views;
  for (const auto& [key, value] : m.annotations) views.push_back({key, as_bytes(value)});
  return hex(message_digest("secr3t", as_bytes(m.payload), views));
}

TEST(MessageDigest, is_pyros) {
  EXPECT_EQ(signature({"# serpent utf-8 python3.2\n('thing','one',(1,),{})", test::with_correlation}),
            "78c265e4e7078eb30d28cd94369633deb54f5bfa");
}

TEST(MessageDigest, takes_values_by_ascending_key_and_leaves_the_hmac_out) {
  const std::string expected = mac_of("secr3t", "dataonetwothree");
  EXPECT_EQ(signature({"data", {{"CCCC", "three"}, {"AAAA", "one"}, {"HMAC", "itself"}, {"BBBB", "two"}}}), expected);
}

TEST(MessageDigest, takes_the_last_of_equal_keys) {
  EXPECT_EQ(signature({"data", {{"AAAA", "old"}, {"BBBB", "two"}, {"AAAA", "one"}}}), mac_of("secr3t", "dataonetwo"));
}

TEST(SameDigest, is_equality) {
  const bytes a = test::from_hex("00010203");
  EXPECT_TRUE(same_digest(a, test::from_hex("00010203")));
  EXPECT_FALSE(same_digest(a, test::from_hex("00010202")));
  EXPECT_FALSE(same_digest(a, test::from_hex("80010203")));
  EXPECT_FALSE(same_digest(a, test::from_hex("000102")));
  EXPECT_TRUE(same_digest({}, {}));
}

}  // namespace
}  // namespace engine
