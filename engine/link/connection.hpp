// One peer on one core: next_frame() pulls whole checked frames, outgoing() takes answers. Answers are corked: what one arrival
// produces leaves in one send. A peer that does not read its answers stops being read, so the memory behind it is bounded.
// An idle connection holds no buffers.
#pragma once

#include <sys/uio.h>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/output.hpp>
#include <engine/core/core.hpp>
#include <engine/core/task.hpp>
#include <engine/io/shared_ring.hpp>

namespace engine {

struct connection_limits {
  frame_limits frames{};
  std::size_t output_soft = std::size_t{1} << 20;  ///< bytes waiting to be sent above which nothing more is read
  std::chrono::milliseconds idle{0};               ///< close after this long without a byte from the peer (COMMTIMEOUT), 0 = never
};

/// Why a connection ended.
struct connection_end {
  enum class cause { peer_closed, reset, idle, deadline, refused_bytes, closed_here } why = cause::closed_here;
  decode_error error{};  ///< for refused_bytes: what was wrong with them
  int code = 0;          ///< for reset: the errno
  std::string to_string() const;
};

/// Everything a connection is made of, on its way to another core.
struct loose_connection {
  descriptor socket = -1;
  std::vector<std::byte> unread{};  ///< received but not consumed
  output unsent{};
  std::unique_ptr<shared_ring> offered{};  ///< to the peer, who has not answered yet
};

class ring_link;

class connection final : private core::flushable {
 public:
  connection(core&, descriptor, const connection_limits&);
  connection(core&, loose_connection&&, const connection_limits&);
  /// finish() must have been awaited, or the connection been released.
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// co_await next_frame(): the next frame, valid until the next call, or nullptr when the connection has ended (end() says why).
  /// Does not suspend while a whole frame is waiting. One waiter at a time.
  auto next_frame() {
    struct awaiter {
      connection& from;
      bool await_ready() { return from.frame_ready(); }
      void await_suspend(std::coroutine_handle<> waiting) { from.wait_for_frame(waiting); }
      const frame* await_resume() const { return from.ended_ ? nullptr : &from.frame_; }
    };
    return awaiter{*this};
  }

  /// Where answers are written; they are sent at the end of the pass, or earlier where many connections are at work.
  output& outgoing();
  /// Sends what is corked, ends politely (the peer gets every answer before the end, at most a second later) and closes.
  task<> finish();
  /// Ends at once: the waiting next_frame() returns nullptr. finish() must still be awaited.
  void close(connection_end::cause why = connection_end::cause::closed_here);

  /// Whether it could go on over memory, and does not yet.
  bool may_share_memory() const;
  /// The peer has been given the other side of this memory (docs/wire.md): its next byte says whether it goes on over it. Only if it may be shared.
  void offer(shared_ring);
  /// Goes on over shared memory, which the peer does too. Nothing may be under way.
  void go_on_over(shared_ring);
  bool shares_memory() const { return ring_ != nullptr; }

  /// Ends the connection unless done before `at`; nullopt takes the deadline away.
  void set_deadline(std::optional<time_point> at);
  void set_limits(const connection_limits&);
  frame_reader& frames() { return reader_; }
  /// What whoever waits for frames looks at with each of them, at its beginning: it is brought into the processor's cache ahead.
  void looked_at_with_frames(const void* beside) { receiving_.needed_too(0, beside); }

  bool ended() const { return ended_; }
  bool waits_for_frame() const { return waiting_for_ == waiting_for::frame; }
  /// When the peer last sent or took something.
  time_point heard() const { return heard_; }
  const connection_end& end() const { return end_; }
  core& home() { return core_; }
  address peer() const { return core_.io().peer_address(socket_); }
  descriptor socket() const { return socket_; }
  address local() const { return core_.io().local_address(socket_); }

  /// Takes the connection apart for another core. Only between frames' waits: nothing of it may be under way
  /// (can_release()). This object is dead afterwards.
  bool can_release() const { return !receiving_.pending() && !sending_.pending() && !ended_ && !ring_; }
  loose_connection release();
  /// Bytes waiting to be sent.
  std::size_t queued() const { return filling_.size() + in_flight_size_ - sent_; }
  /// Bytes that have been sent since the beginning. Where one send brings much away, they count when all of it has left.
  std::uint64_t left() const { return left_; }
  /// Heap bytes held beyond sizeof, for the budget of an idle connection.
  std::size_t memory() const { return filling_.capacity() + in_flight_.capacity() + adopted_.capacity() + reader_.memory(); }

 private:
  struct receive_operation final : operation {
    explicit receive_operation(connection& c) : of(c) {}
    void finished(int result, slice data) override { of.received(result, std::move(data)); }
    connection& of;
  };
  struct send_operation final : operation {
    explicit send_operation(connection& c) : of(c) {}
    void finished(int result, slice) override { of.sent(result); }
    connection& of;
  };
  struct limit_timer final : timer {
    explicit limit_timer(connection& c) : of(c) {}
    void expired() override { of.time_is_up(); }
    connection& of;
  };
  enum class waiting_for : unsigned char { nothing, frame, change };

  bool takes_the_offer(std::span<const std::byte>);
  void receive();
  void cancel_receive();
  bool frame_ready();
  void wait_for_frame(std::coroutine_handle<>);
  void give_buffer_back();
  void start_receive();
  void read_on();
  void received(int result, slice data);
  void sent(int result);
  void send_some();
  void flush() override;
  bool begin_sending();
  bool sent_at_once(std::size_t gone);
  std::size_t send_at_once();
  void all_sent();
  void go_on();
  void end_with(connection_end);
  void time_is_up();
  void arm_timer();
  void wake();
  bool over_soft_limit() const { return queued() > limits_.output_soft; }
  task<> drain(time_point deadline);

  auto change() {
    struct awaiter {
      connection& from;
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> waiting) {
        from.waiting_ = waiting;
        from.waiting_for_ = waiting_for::change;
      }
      void await_resume() const {}
    };
    return awaiter{*this};
  }

  // What every request touches comes first and lies together, the receive in its midst: of a thousand connections none is in the
  // processor's cache, and a backend fetches what lies around an operation before it finishes (operation::fetch_ahead).
  core& core_;
  descriptor socket_;
  waiting_for waiting_for_ = waiting_for::nothing;
  bool ended_ = false;
  bool broken_ = false;     // sending is of no use any more
  bool discarding_ = false; // finish(): what still arrives is thrown away
  bool into_room_ = false;  // the receive under way fills reader_.room()
  bool looking_ = false;    // it was cancelled only to see what has come
  std::coroutine_handle<> waiting_{};
  time_point heard_{};      // when the peer last sent or took something
  connection_limits limits_;
  std::size_t in_flight_size_ = 0, sent_ = 0;
  std::uint64_t left_ = 0;
  output filling_{};        // being written by this pass
  std::unique_ptr<ring_link> ring_{};  // shared memory, instead of sending and receiving on the socket …
  std::unique_ptr<shared_ring> offered_{};  // … perhaps: until the peer has said something
  receive_operation receiving_{*this};
  slice arrived_{};                   // what reader_ is looking at …
  std::vector<std::byte> adopted_{};  // … or what another core had received
  frame frame_{};
  frame_reader reader_;

  output in_flight_{};      // being sent
  std::array<iovec, 8> pieces_{};
  send_operation sending_{*this};
  limit_timer timer_{*this};
  connection_end end_{};
  std::optional<time_point> deadline_{};
};

}  // namespace engine
