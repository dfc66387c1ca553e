// Addresses: read from text, shown as in URIs, compared, resolved; and what is no address.
#include <engine/io/address.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace engine {
namespace {

TEST(Address, of_ipv4_shows_host_and_port) {
  const address a = address::numeric("127.0.0.1", 9090).value();
  EXPECT_EQ(a.to_string(), "127.0.0.1:9090");
  EXPECT_EQ(a.host(), "127.0.0.1");
  EXPECT_EQ(a.port(), 9090);
  EXPECT_EQ(a.family(), AF_INET);
  EXPECT_EQ(a.path(), "");
}

TEST(Address, of_ipv6_stands_in_brackets) {
  const address a = address::numeric("::1", 65535).value();
  EXPECT_EQ(a.to_string(), "[::1]:65535");
  EXPECT_EQ(a.host(), "::1");
  EXPECT_EQ(a.port(), 65535);
}

TEST(Address, of_ipv6_keeps_its_scope) {
  EXPECT_EQ(address::numeric("fe80::1%2", 1).value().host(), "fe80::1%2");
  EXPECT_EQ(address::numeric("fe80::1%eth0", 1).error().code, EINVAL) << "names of interfaces are for resolve()";
  EXPECT_EQ(address::numeric("fe80::1%", 1).error().code, EINVAL);
}

TEST(Address, must_be_numeric) {
  for (const char* text : {"", "localhost", "127.0.0", "127.0.0.1.1", "256.0.0.1", "1.2.3.4%1", ":::", "[::1]", " 127.0.0.1"})
    EXPECT_EQ(address::numeric(text, 1).error().code, EINVAL) << text;
}

TEST(Address, of_a_unix_socket_is_its_path) {
  const address a = address::unix_socket("/tmp/x.sock").value();
  EXPECT_EQ(a.to_string(), "./u:/tmp/x.sock");
  EXPECT_EQ(a.path(), "/tmp/x.sock");
  EXPECT_TRUE(a.is_unix());
  EXPECT_EQ(a.port(), 0);
  EXPECT_EQ(a.host(), "");
}

TEST(Address, may_be_abstract_and_then_keeps_every_byte) {
  const std::string name("\0a\0b", 4);
  EXPECT_EQ(address::unix_socket(name).value().path(), name);
}

TEST(Address, of_a_unix_socket_has_a_greatest_length) {
  EXPECT_EQ(address::unix_socket(std::string(107, 'x')).value().path(), std::string(107, 'x'));
  EXPECT_EQ(address::unix_socket(std::string(108, 'x')).error().code, ENAMETOOLONG);
  EXPECT_EQ(address::unix_socket("").error().code, EINVAL);
}

TEST(Address, without_anything_is_nowhere) {
  EXPECT_EQ(address().to_string(), "nowhere");
  EXPECT_EQ(address().family(), AF_UNSPEC);
}

TEST(Address, equals_only_the_same_place) {
  const address a = address::numeric("127.0.0.1", 1).value();
  EXPECT_EQ(a, address::numeric("127.0.0.1", 1).value());
  EXPECT_FALSE(a == address::numeric("127.0.0.1", 2).value());
  EXPECT_FALSE(a == address::numeric("127.0.0.2", 1).value());
  EXPECT_FALSE(a == address::unix_socket("x").value());
  EXPECT_FALSE(address::unix_socket("x").value() == address::unix_socket("xy").value());
}

TEST(Address, resolves_numbers_without_asking_anybody) {
  const auto found = address::resolve("127.0.0.1", 80, 0).value();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front(), address::numeric("127.0.0.1", 80).value());
}

TEST(Address, resolves_only_the_version_asked_for) {
  const auto four = address::resolve("localhost", 1, 4);
  ASSERT_TRUE(four.has_value());
  EXPECT_TRUE(std::ranges::all_of(*four, [](const address& a) { return a.family() == AF_INET; }));
  const auto numeric = address::resolve("::1", 1, 4);  // PREFER_IP_VERSION is 4 by default: a URI's [::1] must work all the same
  ASSERT_TRUE(numeric.has_value());
  EXPECT_EQ(numeric->front().family(), AF_INET6);
}

TEST(Address, of_an_unknown_host_is_an_error) {
  const auto found = address::resolve("no such host", 1, 0);
  ASSERT_FALSE(found.has_value());
  EXPECT_STREQ(found.error().doing, "resolve");
}

TEST(Address, knows_the_loopback_network_in_each_of_its_spellings) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "::ffff:127.0.1.1"}) EXPECT_TRUE(address::numeric(host, 1)->is_loopback()) << host;
  for (const char* host : {"128.0.0.1", "10.0.0.1", "::2", "::ffff:10.0.0.1", "2001:db8::127"}) EXPECT_FALSE(address::numeric(host, 1)->is_loopback()) << host;
}

}  // namespace
}  // namespace engine
