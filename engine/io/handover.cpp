// See handover.hpp. Boxes are abstract datagram sockets (unix(7)): no file has to be removed, and the name ends with its socket.
#include <engine/io/handover.hpp>

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace engine {

namespace {

constexpr std::size_t word_size = handover::ticket_size / 2;

// With a prefix, so that a ticket from outside names nobody else's socket.
struct box_name {
  explicit box_name(std::span<const std::byte> ticket) {
    constexpr std::string_view prefix("\0engine handover ", 17), digits = "0123456789abcdef";
    where.sun_family = AF_UNIX;
    char* to = std::ranges::copy(prefix, where.sun_path).out;
    for (const std::byte each : ticket.first(word_size)) {
      *to++ = digits[std::to_integer<unsigned>(each) >> 4];
      *to++ = digits[std::to_integer<unsigned>(each) & 15];
    }
    size = static_cast<socklen_t>(to - reinterpret_cast<char*>(&where));
  }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&where); }
  sockaddr_un where{};
  socklen_t size = 0;
};

std::span<const std::byte> word_of(std::span<const std::byte> ticket) { return ticket.subspan(word_size); }

descriptor open_datagrams() { return ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

/// One datagram of the word's size, with room for one descriptor: what there is no room for the kernel closes by itself; what padding lets in
/// is closed here.
struct parcel {
  std::array<std::byte, word_size> word{};
  descriptor come = -1;

  bool receive(descriptor from) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(descriptor))];
    iovec part{word.data(), word.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return false;
    for (cmsghdr* along = CMSG_FIRSTHDR(&message); along; along = CMSG_NXTHDR(&message, along)) {
      if (along->cmsg_level != SOL_SOCKET || along->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (along->cmsg_len - CMSG_LEN(0)) / sizeof come;
      for (std::size_t i = 0; i < count; ++i) keep(CMSG_DATA(along) + i * sizeof come);
    }
    if (static_cast<std::size_t>(n) != word.size() || (message.msg_flags & MSG_TRUNC)) word = {};
    return true;
  }

 private:
  void keep(const unsigned char* at) {
    if (come >= 0) ::close(come);
    std::memcpy(&come, at, sizeof come);
  }
};

}  // namespace

std::expected<handover, io_error> handover::open() {
  handover made;
  if (::getrandom(made.ticket_.data(), made.ticket_.size(), 0) != static_cast<ssize_t>(made.ticket_.size())) return std::unexpected(io_error{errno, "getrandom"});
  made.socket_ = open_datagrams();
  if (made.socket_ < 0) return std::unexpected(io_error{errno, "socket"});
  const box_name name(made.ticket_);
  if (::bind(made.socket_, name.data(), name.size) != 0) return std::unexpected(io_error{errno, "bind"});
  return made;
}

handover::~handover() {
  if (socket_ >= 0) ::close(socket_);
}

descriptor handover::take() {
  // The kernel queues some ten datagrams (net.unix.max_dgram_qlen): who floods the box keeps only its owner from what was to come.
  for (int looks = 0; looks < 16; ++looks) {
    parcel each;
    if (!each.receive(socket_)) return -1;
    if (each.come >= 0 && std::ranges::equal(each.word, word_of(ticket_))) return each.come;
    if (each.come >= 0) ::close(each.come);
  }
  return -1;
}

bool hand_over(descriptor given, std::span<const std::byte> ticket) {
  if (ticket.size() != handover::ticket_size) return false;
  const descriptor sender = open_datagrams();
  if (sender < 0) return false;
  box_name name(ticket);
  const auto word = word_of(ticket);
  iovec part{const_cast<std::byte*>(word.data()), word.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof given)]{};
  msghdr message{};
  message.msg_name = &name.where;
  message.msg_namelen = name.size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const along = CMSG_FIRSTHDR(&message);
  along->cmsg_level = SOL_SOCKET;
  along->cmsg_type = SCM_RIGHTS;
  along->cmsg_len = CMSG_LEN(sizeof given);
  std::memcpy(CMSG_DATA(along), &given, sizeof given);
  const bool gone = ::sendmsg(sender, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  ::close(sender);
  return gone;
}

}  // namespace engine
