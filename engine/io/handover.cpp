// See handover.hpp.
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

constexpr std::size_t name_size = named_datagrams::name_size, word_size = handover_box::ticket_size - name_size;

// With a prefix, so that what is said from outside names nobody else's socket.
struct socket_name {
  explicit socket_name(std::span<const std::byte> name) {
    constexpr std::string_view prefix("\0engine handover ", 17), digits = "0123456789abcdef";
    where.sun_family = AF_UNIX;
    char* to = std::ranges::copy(prefix, where.sun_path).out;
    for (const std::byte each : name.first(name_size)) {
      *to++ = digits[std::to_integer<unsigned>(each) >> 4];
      *to++ = digits[std::to_integer<unsigned>(each) & 15];
    }
    size = static_cast<socklen_t>(to - reinterpret_cast<char*>(&where));
  }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&where); }
  sockaddr_un where{};
  socklen_t size = 0;
};

std::span<const std::byte> word_of(std::span<const std::byte> ticket) { return ticket.subspan(name_size); }

std::unexpected<io_error> failed(const char* doing) { return std::unexpected(io_error{errno, doing}); }

std::expected<void, io_error> fill_by_chance(std::span<std::byte> all) {
  if (::getrandom(all.data(), all.size(), 0) != static_cast<ssize_t>(all.size())) return failed("getrandom");
  return {};
}

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

std::expected<void, io_error> named_datagrams::open() {
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return failed("socket");
  return fill_by_chance(name_);
}

std::expected<void, io_error> named_datagrams::take_a_name() {
  const socket_name name(name_);
  if (::bind(socket_, name.data(), name.size) != 0) return failed("bind");
  return {};
}

named_datagrams::~named_datagrams() {
  if (socket_ >= 0) ::close(socket_);
}

std::expected<handover_giver, io_error> handover_giver::open() {
  handover_giver made;
  if (auto opened = made.named_datagrams::open(); !opened) return std::unexpected(opened.error());
  if (::shutdown(made.socket_, SHUT_RD) != 0) return failed("shutdown");  // nobody can send it anything
  if (auto named = made.take_a_name(); !named) return std::unexpected(named.error());
  return made;
}

bool handover_giver::give(descriptor given, std::span<const std::byte> ticket) const {
  if (ticket.size() != handover_box::ticket_size) return false;
  socket_name to(ticket);
  const auto word = word_of(ticket);
  iovec part{const_cast<std::byte*>(word.data()), word.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof given)]{};
  msghdr message{};
  message.msg_name = &to.where;
  message.msg_namelen = to.size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const along = CMSG_FIRSTHDR(&message);
  along->cmsg_level = SOL_SOCKET;
  along->cmsg_type = SCM_RIGHTS;
  along->cmsg_len = CMSG_LEN(sizeof given);
  std::memcpy(CMSG_DATA(along), &given, sizeof given);
  return ::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

std::expected<handover_box, io_error> handover_box::open(std::span<const std::byte> giver) {
  if (giver.size() != name_size) return std::unexpected(io_error{EINVAL, "the name of a giver"});
  handover_box made;
  if (auto opened = made.named_datagrams::open(); !opened) return std::unexpected(opened.error());
  // Before others can see its name: a connected socket takes datagrams from its peer only. What strangers put into it could hold up whoever closes it.
  const socket_name theirs(giver);
  if (::connect(made.socket_, theirs.data(), theirs.size) != 0) return failed("connect");
  if (auto named = made.take_a_name(); !named) return std::unexpected(named.error());
  std::ranges::copy(made.name_, made.ticket_.begin());
  if (auto word = fill_by_chance(std::span(made.ticket_).subspan(name_size)); !word) return std::unexpected(word.error());
  return made;
}

descriptor handover_box::take() {
  // What the giver was asked for by somebody who knows the name but not the word is passed over: a few times, for the kernel queues some ten
  // (net.unix.max_dgram_qlen). Who fills the queue keeps the owner from what was to come, and from nothing else.
  for (int looks = 0; looks < 16; ++looks) {
    parcel each;
    if (!each.receive(socket_)) return -1;
    if (each.come >= 0 && std::ranges::equal(each.word, word_of(ticket_))) return each.come;
    if (each.come >= 0) ::close(each.come);
  }
  return -1;
}

}  // namespace engine
