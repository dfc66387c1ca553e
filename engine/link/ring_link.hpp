// A connection's bytes over memory shared with the peer (io/shared_ring.hpp), in the words of the io seam: what is started finishes by an
// operation, in a later pass. The socket stays: a byte on it wakes whoever sleeps, and its end is the connection's end. Bytes that were
// written before that end are still read.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include <engine/core/core.hpp>
#include <engine/io/shared_ring.hpp>

namespace engine {

class ring_link final : private core::looked_at {
 public:
  /// The socket stays its owner's, who sends and receives nothing on it any more. What the core's backend has to say of it before it is
  /// closed comes here: listening() must have ended before this is destroyed.
  ring_link(core&, descriptor socket, shared_ring);
  ~ring_link();
  ring_link(const ring_link&) = delete;
  ring_link& operator=(const ring_link&) = delete;

  /// As backend::receive_into; the result is 0 at the end of the stream, when all that was written before has been read, and -EPROTO if the
  /// peer has spoilt the memory.
  void receive_into(std::span<std::byte>, operation&);
  /// As backend::send and send_now. After the end: -EPIPE, and 0.
  void send(std::span<const iovec>, operation&);
  std::size_t send_now(std::span<const iovec>);
  void cancel(operation&);
  /// Until the backend has told of the socket's end; after it nothing that is started waits.
  bool listening() const { return bell_.pending() || ringing_.pending(); }
  /// Memory to receive into.
  std::span<std::byte> room();

 private:
  struct bell final : operation {
    explicit bell(ring_link& l) : of(l) { comes_seldom(); }
    void finished(int result, slice) override { of.rung(result); }
    ring_link& of;
  };
  struct ring_bell final : operation {
    void finished(int, slice) override {}
  };
  void look(completions& finished) override;
  bool before_sleep() override;
  void after_sleep() override { ring_.awake(); }
  void rung(int result);
  void wake_other();
  void start(operation&, operation::word);
  void finish(operation*&, int result, completions&);
  int end() const;

  core& core_;
  const descriptor socket_;
  shared_ring ring_;
  operation* receiving_ = nullptr;
  operation* sending_ = nullptr;
  bool cancelled_ = false;  // the one that receives
  bool ended_ = false;
  bell bell_{*this};
  ring_bell ringing_{};
  std::unique_ptr<std::byte[]> room_{};
};

}  // namespace engine
