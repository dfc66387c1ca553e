// See ring_end.hpp.
#include <engine/link/ring_end.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace engine {

namespace {
constexpr unsigned looks_at_once = 32;     // what follows a look costs as much as many of them
constexpr unsigned looks_per_socket = 64;  // of those, before the socket is asked whether anybody is there still

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

bool ring_end::nothing_within(unsigned looks) const {
  for (;;) {
    if (ring_.readable() || ring_.broken()) return false;
    if (--looks == 0) return true;
    relax();
  }
}

ssize_t ring_end::read(std::span<std::byte> into, bool patiently) {
  if (nothing_within(patiently ? looks_at_once : 1)) {
    if (++looks_ % looks_per_socket == 0) look_at_socket();
    if (ended_ && !ring_.readable()) return 0;
    errno = EAGAIN;
    return -1;
  }
  looks_ = 0;
  const std::size_t come = ring_.read(into);
  if (come > 0) {
    wake_other();
    return static_cast<ssize_t>(come);
  }
  errno = ring_.broken() ? EPROTO : EAGAIN;
  return -1;
}

ssize_t ring_end::write(std::span<const iovec> from) {
  const std::size_t gone = ended_ ? 0 : ring_.write(from);
  if (gone > 0) {
    wake_other();
    return static_cast<ssize_t>(gone);
  }
  errno = ended_ ? EPIPE : ring_.broken() ? EPROTO : EAGAIN;
  return -1;
}

void ring_end::wake_other() {
  constexpr char bell = 0;
  // A socket that is full of these wakes whoever sleeps as well.
  if (ring_.wakes_other()) [[maybe_unused]] const auto sent = ::send(socket_, &bell, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ring_end::look_at_socket() {
  std::array<char, 64> bells;
  ssize_t n = 0;
  do n = ::recv(socket_, bells.data(), bells.size(), MSG_DONTWAIT);
  while (n == static_cast<ssize_t>(bells.size()) || (n < 0 && errno == EINTR));
  if (n == 0 || (n < 0 && errno != EAGAIN)) ended_ = true;
}

void ring_end::after_sleep(std::optional<ssize_t> heard) {
  ring_.awake();
  if (!heard) look_at_socket();
  else if (*heard == 0) ended_ = true;
}

bool ring_end::ended_or_readable() {
  look_at_socket();
  return ended_ || ring_.readable() || ring_.broken();
}

}  // namespace engine
