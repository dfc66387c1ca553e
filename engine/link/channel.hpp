// The client's end of one connection, driven by whoever waits: no thread of its own and no hand-off. A waiting thread polls for a
// while (the spin that saves a wake-up), then sleeps in recv(2), or in poll(2) if it has a deadline or something to write.
// Several threads may wait at once: one drives the socket, the others sleep until their answer is there or it is their turn to drive.
// The owner's mutex guards everything here; each word that needs it takes the held lock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include <codec/frame_reader.hpp>
#include <codec/output.hpp>
#include <engine/core/spin.hpp>
#include <engine/core/yield_rhythm.hpp>
#include <engine/io/address.hpp>
#include <engine/io/backend.hpp>
#include <engine/io/handover.hpp>
#include <engine/link/awaited_reply.hpp>
#include <engine/link/ring_end.hpp>

namespace engine {

struct channel_options {
  frame_limits frames{};
  std::string hmac_key{};
  std::chrono::nanoseconds spin{50'000};  ///< longest poll before sleeping, 0 = none
};

class channel {
 public:
  using lock = std::unique_lock<std::mutex>;

  /// Connects; blocks until `deadline`. Errors: what connect refuses, ETIMEDOUT.
  static std::expected<std::unique_ptr<channel>, io_error> connect(const address&, time_point deadline, const channel_options&);
  /// Over a socket that is connected already; takes it over.
  channel(int socket, const channel_options&);
  ~channel();
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Where requests are written. What has been written leaves by send(), or when a thread waits.
  output& outgoing() { return writing_; }
  /// Announces a request just written; answers are matched by sequence number.
  void expect(awaited_reply& r, std::uint16_t sequence) { awaited_.add(r, sequence, left_ + unsent(), time_point::max()); }
  /// Sends what is written, without waiting for answers. `eager`: all of it, so that nothing borrowed is needed any more; otherwise
  /// a little is held back while answers are outstanding, so that a burst of requests leaves together. At the deadline the
  /// channel fails with timed_out.
  void send(lock&, bool eager, time_point deadline);
  /// Whether send() would hold everything back, unless it is eager.
  bool holds_back() const { return outstanding() > 1 && unsent() < held_back_max; }
  /// As send(), for requests whose answers are waited for later. Where bursts of them follow each other, the first of one is kept back as well, for
  /// whoever waits. True: as of send_lazily().
  bool send_posted(lock&, time_point deadline);
  /// As send(), for requests without answers: when they follow each other quickly, a little is kept back for a moment, so that they leave
  /// together. True: something is kept for the first time, and somebody has to call send_rest() now and then until it says false.
  bool send_lazily(lock&, time_point deadline);
  /// What send_lazily() does where what is written is kept for somebody who will send it. False: it is not, and nothing has happened.
  bool keeps_back() {
    if (!keeping_ || failure_ || writing_.borrows() || unsent() >= held_back_max) return false;
    return kept_ = true;
  }
  /// Nobody will call send_rest() after all.
  void keep_nothing(lock& held, time_point deadline) {
    keeping_ = kept_ = false;
    send(held, true, deadline);
  }
  /// Sends what was kept back. False: there was nothing since the last time, and requests leave at once again.
  bool send_rest();
  /// Drives until `reply` is done; at the deadline it fails with timed_out and the connection ends, as Pyro's does: everything
  /// else that is outstanding fails with closed.
  void wait(lock&, awaited_reply& reply, time_point deadline);
  /// As wait(), but at the deadline nothing fails: returns whether it is done.
  bool wait_quietly(lock&, awaited_reply& reply, time_point deadline);

  bool usable() const { return !failure_; }
  const std::optional<channel_failure>& failure() const { return failure_; }
  /// Everything outstanding fails; the connection ends, its descriptor is closed with the channel.
  void fail(channel_failure);
  /// The shared secret of what is read from now on, empty = none.
  void set_hmac_key(const std::string& key) { reader_.set_hmac_key(key); }
  /// Whether the connection has been used so much that it is time to ask the peer for memory to share: once, if it may be.
  void may_share_memory() { shares_after_ = calls_before_sharing; }
  bool shares_now() {
    if (shares_after_ == 0 || (--shares_after_ > 0 && left_ + come_ < bytes_before_sharing)) return false;
    shares_after_ = 0;
    return true;
  }
  /// Asks, with a question just written that is announced by it; when memory is in the box then, and nothing has been written in between, goes on
  /// over it instead of the socket (docs/wire.md). At the deadline the channel fails with timed_out.
  void share_memory(lock&, handover_box& box, awaited_reply& answer, std::uint16_t sequence, time_point deadline);
  bool shares_memory() const { return ring_.has_value(); }
  /// Where this end of the connection is, and the other.
  address local() const;
  address remote() const;
  int socket() const { return socket_; }
  /// The peer has closed or sent something unasked: looked at before a channel that was idle is used again, for a moment at least.
  bool stale();
  std::size_t outstanding() const { return awaited_.size(); }
  const address& peer() const { return peer_; }

  struct counters {
    std::uint64_t system_calls = 0, sleeps = 0;
  };
  const counters& counted() const { return counters_; }

 private:
  // It costs as much as ten calls.
  static constexpr unsigned calls_before_sharing = 16;
  static constexpr std::uint64_t bytes_before_sharing = 1 << 20;
  void go_on_over(descriptor memory);
  static constexpr std::size_t held_back_max = 16 * 1024;  // a burst leaves in sends of about this size
  enum class progress { none, some, failed };
  template <class Done> bool drive(lock&, Done done, time_point deadline);
  progress write_some();
  progress read_some();
  std::span<std::byte> room();
  progress arrived(std::span<std::byte> into, ssize_t n, int error);
  bool sleeps_receiving(time_point deadline) const;
  bool sleep_receiving(lock&);
  bool sleep_polling(lock&, time_point deadline);
  bool sleep_sharing(lock&, time_point deadline);
  std::size_t unsent() const { return writing_.size() - written_; }
  void take_frames();
  bool begins_another_burst();
  bool pause(lock&, time_point deadline, time_point& spin_until, bool& slept);
  void push(lock&, time_point deadline);

  int socket_;
  address peer_{};
  frame_reader reader_;
  std::unique_ptr<std::byte[]> arrived_{};  // never written but by arrivals: of an idle proxy little of it is real memory
  output writing_{};
  std::size_t written_ = 0;  // bytes of writing_ already sent
  std::uint64_t left_ = 0;   // bytes sent since the beginning …
  std::uint64_t come_ = 0;   // … and received
  awaited_replies awaited_{};
  std::optional<channel_failure> failure_{};
  adaptive_spin spin_;
  yield_rhythm yields_{};
  time_point looked_{};       // when somebody last looked whether something came
  time_point sent_lazily_{};  // when a request without an answer left by itself
  std::uint64_t burst_left_ = 0;  // left_, when a request was posted while no answer was outstanding …
  time_point burst_at_{};         // … and when, where it seemed to begin a burst
  bool keeping_ = false;      // somebody calls send_rest()
  bool kept_ = false;         // something was kept since its last call
  bool driving_ = false;
  bool asleep_ = false;      // the one who drives is in recv(2) or poll(2)
  bool receives_asleep_ = true;  // the socket blocks
  unsigned shares_after_ = 0;  // so many calls, 0: never (again)
  std::optional<ring_end> ring_{};  // what is sent and received instead of on the socket
  bool pushing_ = false;     // another one waits for room to write meanwhile
  std::size_t waiting_ = 0;  // threads asleep on turn_
  std::condition_variable turn_{};
  counters counters_{};
};

}  // namespace engine
