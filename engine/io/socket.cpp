// See socket.hpp.
#include <engine/io/socket.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace engine {

namespace {

void set(descriptor d, int level, int option, int value) { ::setsockopt(d, level, option, &value, sizeof value); }

int type_flags(bool blocking) { return SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK); }

// Removes the file of a Unix socket whose server is dead: nobody accepts there. Anything else is left alone.
bool remove_stale(const address& where) {
  const std::string path = where.path();
  struct stat found{};
  if (path.empty() || path.front() == '\0' || ::stat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return false;
  const bool dead = ::connect(probe, where.data(), where.size()) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return dead && ::unlink(path.c_str()) == 0;
}

template <class Get> address name_of(descriptor d, Get get) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (get(d, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address::from(storage, size);
}

// Accepting on a descriptor that does not block fails instead of waiting in io_uring, and one that blocks holds up epoll's loop.
std::expected<descriptor, io_error> take_listener(const address& where, descriptor given, bool blocking) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(given, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0) return std::unexpected(io_error{errno, "listen"});
  if (!listening) return std::unexpected(io_error{EINVAL, "listen"});
  const descriptor mine = ::fcntl(given, F_DUPFD_CLOEXEC, 0);
  if (mine < 0) return std::unexpected(io_error{errno, "listen"});
  const int flags = ::fcntl(mine, F_GETFL);
  ::fcntl(mine, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
  tune_socket(mine, where.family());
  limit_send_buffer(mine, where);
  return mine;
}

}  // namespace

std::expected<descriptor, io_error> open_socket(int family, bool blocking) {
  const descriptor d = ::socket(family, type_flags(blocking), 0);
  if (d < 0) return std::unexpected(io_error{errno, "socket"});
  return d;
}

std::expected<descriptor, io_error> open_listener(const address& where, const listen_options& options, bool blocking) {
  if (options.given >= 0) return take_listener(where, options.given, blocking);
  const auto made = open_socket(where.family(), blocking);
  if (!made) return made;
  const auto refuse = [&](const char* doing) {
    const int code = errno;
    ::close(*made);
    return std::unexpected(io_error{code, doing});
  };
  if (!where.is_unix()) {
    if (options.reuse_address) set(*made, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reuse_port) set(*made, SOL_SOCKET, SO_REUSEPORT, 1);
    if (where.family() == AF_INET6) set(*made, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (::bind(*made, where.data(), where.size()) != 0) {
    const int first = errno;
    const bool stale = first == EADDRINUSE && where.is_unix() && remove_stale(where);
    if (!stale) errno = first;
    if (!stale || ::bind(*made, where.data(), where.size()) != 0) return refuse("bind");
  }
  tune_socket(*made, where.family());
  limit_send_buffer(*made, where);
  if (::listen(*made, options.backlog) != 0) return refuse("listen");
  return made;
}

void tune_socket(descriptor d, int family) {
  if (family == AF_UNIX) return;
  set(d, IPPROTO_TCP, TCP_NODELAY, 1);
  set(d, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(d, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(d, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(d, IPPROTO_TCP, TCP_KEEPCNT, 6);
  set(d, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

void limit_send_buffer(descriptor d, const address& peer) {
  constexpr int local_send_buffer = 256 * 1024;  // the kernel doubles it for its own overhead
  if (peer.is_loopback()) set(d, SOL_SOCKET, SO_SNDBUF, local_send_buffer);
}

ssize_t send_some(descriptor d, std::span<const iovec> from) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (from.size() == 1) return ::send(d, from[0].iov_base, from[0].iov_len, flags);  // less for the kernel to look at
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  return ::sendmsg(d, &message, flags);
}

std::size_t send_what_fits(descriptor d, std::span<const iovec> from) {
  const ssize_t n = send_some(d, from);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

std::optional<int> receive_what_is_there(descriptor d, std::span<std::byte> into, std::uint64_t& system_calls) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    ++system_calls;
    const ssize_t n = ::recv(d, into.data() + filled, into.size() - filled, MSG_DONTWAIT);
    if (n <= 0) {
      if (filled > 0) break;
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
      return n < 0 ? -errno : 0;
    }
    filled += static_cast<std::size_t>(n);
  }
  return static_cast<int>(filled);
}

int connect_result(descriptor d) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(d, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

address local_address_of(descriptor d) { return name_of(d, ::getsockname); }
address peer_address_of(descriptor d) { return name_of(d, ::getpeername); }

bool is_local(descriptor d, const address& peer) {
  if (peer.is_unix() || peer.is_loopback()) return true;
  return peer.family() != AF_UNSPEC && local_address_of(d).host() == peer.host();
}

}  // namespace engine
