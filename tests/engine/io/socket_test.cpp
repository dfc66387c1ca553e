// What real sockets are tuned to: seen by getsockopt on listeners, accepted and connected sockets, in both real worlds.
#include <engine/io/socket.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

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

// ---- descriptors that come along

class GivenDescriptors : public ::testing::Test {
 protected:
  GivenDescriptors() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0); }
  ~GivenDescriptors() override {
    for (const int each : ends) ::close(each);
  }
  std::size_t send(std::string_view text, descriptor given) {
    const iovec part{const_cast<char*>(text.data()), text.size()};
    return send_what_fits(ends[0], std::span(&part, 1), given);
  }
  std::string receive(descriptor& given) {
    std::string text(100, '\0');
    const ssize_t n = receive_given(ends[1], std::as_writable_bytes(std::span(text)), MSG_DONTWAIT, given);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
  static bool same_file(int a, int b) {
    struct stat of_a{}, of_b{};
    return ::fstat(a, &of_a) == 0 && ::fstat(b, &of_b) == 0 && of_a.st_ino == of_b.st_ino && of_a.st_dev == of_b.st_dev;
  }
  int ends[2]{};
};

TEST_F(GivenDescriptors, arrive_with_the_bytes_they_were_sent_with) {
  int file[2];
  ASSERT_EQ(::pipe(file), 0);
  EXPECT_EQ(send("hello", file[0]), 5u);
  descriptor given = -1;
  EXPECT_EQ(receive(given), "hello");
  ASSERT_GE(given, 0);
  EXPECT_TRUE(same_file(given, file[0]));
  EXPECT_NE(::fcntl(given, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(same_file(file[0], file[1])) << "the sender's stays open";
  for (const int each : {file[0], file[1], given}) ::close(each);
}

TEST_F(GivenDescriptors, are_not_there_when_none_was_sent) {
  ASSERT_EQ(::send(ends[0], "plain", 5, 0), 5);
  descriptor given = -1;
  EXPECT_EQ(receive(given), "plain");
  EXPECT_EQ(given, -1);
  EXPECT_EQ(receive(given), "");
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(GivenDescriptors, are_not_kept_when_there_are_several) {
  const std::size_t before = static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
  int file[2];
  ASSERT_EQ(::pipe(file), 0);
  // Two in one message, then two messages.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof file)]{};
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const along = CMSG_FIRSTHDR(&message);
  along->cmsg_level = SOL_SOCKET;
  along->cmsg_type = SCM_RIGHTS;
  along->cmsg_len = CMSG_LEN(sizeof file);
  std::memcpy(CMSG_DATA(along), file, sizeof file);
  ASSERT_EQ(::sendmsg(ends[0], &message, 0), 1);
  EXPECT_EQ(send("y", file[0]), 1u);
  descriptor given = -1;
  std::string heard = receive(given);
  while (heard.size() < 2) heard += receive(given);
  ASSERT_GE(given, 0);
  for (const int each : {file[0], file[1], given}) ::close(each);
  EXPECT_EQ(static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})), before);
}

TEST_F(GivenDescriptors, cannot_be_sent_to_nobody) {
  ::shutdown(ends[0], SHUT_WR);
  EXPECT_EQ(send("hello", 0), 0u);
  EXPECT_EQ(send_what_fits(-1, {}, 0), 0u);
}

}  // namespace
}  // namespace engine
