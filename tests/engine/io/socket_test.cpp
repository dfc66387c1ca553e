// What real sockets are tuned to: seen by getsockopt on listeners, accepted and connected sockets, in both real worlds.
#include <engine/io/socket.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "backend_support.hpp"

namespace engine {
namespace {

using namespace testing_support;

class Socket : public backend_test {};
INSTANTIATE_TEST_SUITE_P(Io, Socket, real_worlds, world_name);

int option(descriptor d, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(d, level, name, &value, &size), 0);
  return value;
}

TEST_P(Socket, of_a_tcp_stream_sends_at_once_and_notices_a_dead_peer) {
  const stream s = connected();
  for (const descriptor d : {s.near, s.far}) {
    EXPECT_NE(option(d, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_NE(option(d, SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(option(d, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    EXPECT_EQ(option(d, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    EXPECT_EQ(option(d, IPPROTO_TCP, TCP_KEEPCNT), 6);
    EXPECT_EQ(option(d, IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
  }
}

TEST_P(Socket, is_not_inherited_by_programs_started) {
  const stream s = connected();
  for (const descriptor d : {s.near, s.far, s.listener}) EXPECT_NE(::fcntl(d, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(Socket, of_a_listener_takes_an_address_over_only_where_that_is_wanted) {
  for (const bool reuse : {true, false}) {
    const auto made = io->listen(address::numeric("127.0.0.1", 0).value(), {.reuse_address = reuse});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(option(*made, SOL_SOCKET, SO_REUSEADDR), reuse ? 1 : 0);
  }
}

TEST_P(Socket, of_ipv6_leaves_ipv4_to_another_listener) {
  const auto made = io->listen(address::numeric("::", 0).value(), {});
  if (!made) GTEST_SKIP() << "no IPv6 here: " << made.error().to_string();
  EXPECT_EQ(option(*made, IPPROTO_IPV6, IPV6_V6ONLY), 1);
}

TEST(SocketErrors, say_what_was_being_done) {
  EXPECT_EQ((io_error{EADDRINUSE, "bind"}.to_string()), "bind: Address already in use");
  EXPECT_EQ((io_error{ECONNREFUSED, ""}.to_string()), "Connection refused");
  const auto none = open_listener(address::unix_socket("/no/such/folder/socket").value(), {}, false);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().to_string(), "bind: No such file or directory");
  EXPECT_EQ(open_socket(-1, false).error().code, EAFNOSUPPORT);
}

TEST(SocketErrors, a_refused_listener_leaves_no_descriptor_behind) {
  const int before = ::dup(0);
  ::close(before);
  EXPECT_FALSE(open_listener(address::numeric("203.0.113.1", 1).value(), {}, false).has_value());
  const int after = ::dup(0);
  ::close(after);
  EXPECT_EQ(after, before);
}

TEST(SocketNames, of_no_socket_are_nowhere) {
  EXPECT_EQ(local_address_of(-1).to_string(), "nowhere");
  EXPECT_EQ(peer_address_of(-1).to_string(), "nowhere");
}

// ---- whether the other end is here

/// An address of this machine that is not loopback, if it has one.
std::string own_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string found;
  for (const ifaddrs* each = all; each && found.empty(); each = each->ifa_next) {
    if (!each->ifa_addr || each->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, each->ifa_addr, sizeof(sockaddr_in));
    const address at = address::from(storage, sizeof(sockaddr_in));
    if (!at.is_loopback()) found = at.host();
  }
  ::freeifaddrs(all);
  return found;
}

bool reaches_locally(const std::string& host) {
  const descriptor listening = open_listener(address::numeric(host, 0).value(), {}, true).value();
  const address where = local_address_of(listening);
  const descriptor near = open_socket(where.family(), true).value();
  EXPECT_EQ(::connect(near, where.data(), where.size()), 0) << host;
  const descriptor far = ::accept(listening, nullptr, nullptr);
  const bool both = is_local(near, where) && is_local(far, peer_address_of(far));
  EXPECT_EQ(is_local(near, where), is_local(far, peer_address_of(far)));
  for (const descriptor each : {near, far, listening}) ::close(each);
  return both;
}

TEST(LocalPeers, are_those_of_unix_sockets) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_TRUE(is_local(ends[0], peer_address_of(ends[0])));
  for (const int each : ends) ::close(each);
}

TEST(LocalPeers, are_those_that_an_address_of_this_machine_leads_to) {
  EXPECT_TRUE(reaches_locally("127.0.0.1"));
  EXPECT_TRUE(reaches_locally("127.0.0.77"));
  const std::string own = own_address();
  if (own.empty()) GTEST_SKIP() << "this machine has no address but loopback";
  EXPECT_TRUE(reaches_locally(own));
}

TEST(LocalPeers, are_not_those_with_another_address) {
  EXPECT_FALSE(is_local(-1, peer_address_of(-1)));
  const descriptor s = open_socket(AF_INET, true).value();
  const address here = address::numeric("127.0.0.1", 0).value();
  ASSERT_EQ(::bind(s, here.data(), here.size()), 0);
  EXPECT_FALSE(is_local(s, address::numeric("192.0.2.1", 9).value())) << "RFC 5737: nobody's";
  EXPECT_FALSE(is_local(s, address::numeric("2001:db8::1", 9).value()));
  ::close(s);
}

}  // namespace
}  // namespace engine
