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

class ring_link final : private core::looked_at, private timer {
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
  /// Until the backend has told of the socket's end. After it, what is sent still waits for a peer that has only said goodbye.
  bool listening() const { return bell_.pending() || ringing_.pending(); }
  /// Before its owner closes the socket, whose number may be another's then.
  void close() { ended_ = gone_ = true; }
  /// Memory to receive into.
  std::span<std::byte> room();

 private:
  struct bell final : operation {
    explicit bell(ring_link& l) : of(l) { comes_seldom(); }
    void finished(int result, slice) override { of.rung(result); }
    ring_link& of;
  };
  struct ring_bell final : operation {
    explicit ring_bell(ring_link& l) : of(l) {}
    void finished(int result, slice) override { of.gone_ = of.gone_ || result < 0; }
    ring_link& of;
  };
  void look(completions& finished) override;
  void look_for_bytes(completions& finished);
  void look_for_room(completions& finished);
  void ask_whether_it_hears();
  void expired() override { asked_ = false; }
  bool before_sleep() override;
  void after_sleep() override { ring_.awake(); }
  void rung(int result);
  void wake_other();
  void ring();
  void start(operation&, operation::word);
  void finish(operation*&, int result, completions&);
  int end() const;

  core& core_;
  const descriptor socket_;
  shared_ring ring_;
  operation* receiving_ = nullptr;
  operation* sending_ = nullptr;
  bool cancelled_ = false;  // the one that receives
  bool ended_ = false;      // the other side says nothing more …
  bool gone_ = false;       // … and hears nothing
  bool asked_ = false;      // whether it hears, once it has ended, a moment ago
  bell bell_{*this};
  ring_bell ringing_{*this};
  std::unique_ptr<std::byte[]> room_{};
};

}  // namespace engine
