#include <bench/common/socket.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace bench {
namespace {

constexpr std::string_view unix_prefix = "./u:";

struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool is_tcp() const { return storage.ss_family == AF_INET; }
};

socket_address parse(const std::string& text) {
  socket_address result;
  if (text.starts_with(unix_prefix)) {
    const std::string path = text.substr(unix_prefix.size());
    auto& local = reinterpret_cast<sockaddr_un&>(result.storage);
    if (path.size() >= sizeof local.sun_path) throw std::invalid_argument("the path of the Unix socket is too long");
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.c_str(), path.size() + 1);
    result.size = sizeof local;
    return result;
  }
  const auto colon = text.rfind(':');
  auto& tcp = reinterpret_cast<sockaddr_in&>(result.storage);
  if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &tcp.sin_addr) != 1)
    throw std::invalid_argument("addr= needs 127.0.0.1:PORT or ./u:/path, not " + text);
  tcp.sin_family = AF_INET;
  tcp.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
  result.size = sizeof tcp;
  return result;
}

void set_option(int socket, int level, int option) {
  const int on = 1;
  if (setsockopt(socket, level, option, &on, sizeof on) != 0) fail("setsockopt");
}

descriptor stream_socket(const socket_address& address) {
  descriptor made(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (made.number() < 0) fail("socket");
  if (address.is_tcp()) set_option(made.number(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  return made;
}

}  // namespace

descriptor::~descriptor() {
  if (number_ >= 0) close(number_);
}

void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

descriptor listen_on(const std::string& text, bool nonblocking) {
  const socket_address address = parse(text);
  descriptor listening = stream_socket(address);
  if (address.is_tcp()) set_option(listening.number(), SOL_SOCKET, SO_REUSEADDR);
  if (bind(listening.number(), address.data(), address.size) != 0) fail("bind");
  if (listen(listening.number(), 4096) != 0) fail("listen");
  if (nonblocking && fcntl(listening.number(), F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
  return listening;
}

std::string reachable_at(const descriptor& listening, const std::string& text) {
  if (text.starts_with(unix_prefix)) return text;
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  if (getsockname(listening.number(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) fail("getsockname");
  return text.substr(0, text.rfind(':') + 1) + std::to_string(ntohs(bound.sin_port));
}

descriptor dial(const std::string& text) {
  const socket_address address = parse(text);
  descriptor connected = stream_socket(address);
  if (connect(connected.number(), address.data(), address.size) != 0) fail("connect");
  return connected;
}

void send_all(int socket, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
    else if (errno != EINTR) fail("send");
  }
}

std::size_t receive_some(int socket, std::span<char> room, bool spin) {
  for (;;) {
    const ssize_t received = recv(socket, room.data(), room.size(), spin ? MSG_DONTWAIT : 0);
    if (received > 0) return static_cast<std::size_t>(received);
    if (received == 0) throw std::runtime_error("the server closed the connection");
    if (errno != EINTR && errno != EAGAIN) fail("recv");
  }
}

void receive_exactly(int socket, std::span<char> room, bool spin) {
  while (!room.empty()) room = room.subspan(receive_some(socket, room, spin));
}

void reset_on_close(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0) fail("setsockopt");
}

void raise_file_limit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) fail("getrlimit");
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) fail("setrlimit");
}

}  // namespace bench
