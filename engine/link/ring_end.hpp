// The caller's end of a connection over memory shared with the peer (io/shared_ring.hpp), for threads that wait in poll(2): the words of a
// socket that does not block. On the socket itself come only bytes that wake, and its end, which is the connection's.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <engine/io/shared_ring.hpp>

namespace engine {

class ring_end {
 public:
  /// The socket stays its owner's.
  ring_end(descriptor socket, shared_ring ring) : socket_(socket), ring_(std::move(ring)) {}

  /// As recv(2) and sendmsg(2) with MSG_DONTWAIT, EAGAIN among the errors. EPROTO: the peer has spoilt the memory. `patiently`: looks for a
  /// microsecond before it says that there is nothing.
  ssize_t read(std::span<std::byte> into, bool patiently);
  ssize_t write(std::span<const iovec> from);
  /// Before sleeping until the socket can be read, which it can when there is what is waited for. False: there is already.
  bool before_sleep(bool for_something, bool for_room) { return !ended_ && ring_.announce_sleep(for_something, for_room); }
  /// Afterwards, for who waited for something to read. `heard`: what recv(2) has said, or nullopt to ask it.
  void after_sleep(std::optional<ssize_t> heard);
  /// The peer is gone, or has said something.
  bool ended_or_readable();

 private:
  void look_at_socket();
  void wake_other();
  bool nothing_within(unsigned looks) const;

  const descriptor socket_;
  shared_ring ring_;
  bool ended_ = false;
  unsigned looks_ = 0;
};

}  // namespace engine
