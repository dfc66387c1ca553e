// What a simulated descriptor stands for, and the pipe, one direction of a stream: bounded bytes, each with the time it arrives,
// then how it ends. The order in a pipe never changes; only when things arrive, and how many at once, is up to the network.
// No operations here and no chance: the network draws, the backend decides, this remembers.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include <engine/io/address.hpp>
#include <engine/io/operation.hpp>

namespace engine {

class simulated_pipe {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit simulated_pipe(std::size_t capacity) : capacity_(capacity) {}

  // The writer's side.
  std::size_t room() const { return capacity_ - held_; }
  /// A write finishes now, whether or not there is room: nobody reads any more.
  bool deaf() const { return state_ == reader::gone; }
  bool broken() const { return state_ == reader::refuses; }
  /// Why a write to a broken pipe fails: -ECONNRESET the first time, -EPIPE afterwards.
  int refusal();
  /// Copies `count` bytes, no more than room(). To a deaf pipe they are lost, as on a real network, where only the answer
  /// to them tells: the pipe is broken from then on.
  void put(std::span<const iovec> from, std::size_t count, time_point arrives);
  /// After what was put comes the end of the stream.
  void end(time_point arrives);

  // The reader's side.
  std::size_t arrived(time_point now) const;
  /// When there is something to read, be it the end: time_point::max() if nothing is on its way.
  time_point readable_at() const;
  /// Moves min(into.size(), arrived()) bytes.
  std::size_t take(std::span<std::byte> into, time_point now);
  /// What a read answers after the last byte: 0, or -ECONNRESET the first time after a reset.
  int ending();
  /// The reader closed.
  void abandon();

  // Both.
  /// What has not arrived never will; after what has, the reader finds a reset.
  void cut(time_point now, time_point reset_arrives);
  /// Drops everything: the next read and the next write find a reset.
  void reset(time_point now);

 private:
  enum class tail : std::uint8_t { open, end, reset };
  enum class reader : std::uint8_t { listens, gone, refuses };
  struct chunk {
    std::vector<std::byte> bytes;
    std::size_t taken;
    time_point arrives;
  };

  bool ended(time_point now) const;  // every byte and the end were there to be read: nothing is left to lose
  void drop_unarrived(time_point now);

  std::size_t capacity_;
  std::size_t held_ = 0;  // bytes put and not taken; held_ ≤ capacity_
  std::deque<chunk> chunks_;
  time_point last_arrival_{};
  tail tail_ = tail::open;
  time_point tail_arrives_{};
  reader state_ = reader::listens;
  bool refused_ = false;
};

struct simulated_socket {
  enum class sort : std::uint8_t { listener, stream, foreign };
  struct waiting_peer {
    descriptor peer;
    simulated_pipe::time_point arrives;
  };

  sort kind;
  unsigned host;
  address local{};
  address peer{};

  // Of a stream. Shared with the socket at the other end.
  std::shared_ptr<simulated_pipe> in{};
  std::shared_ptr<simulated_pipe> out{};
  bool shut = false;  // by its own shutdown()

  // Of a listener.
  std::deque<waiting_peer> backlog{};
  std::size_t backlog_max = 0;
  bool reuse_port = false;
  simulated_pipe::time_point paused_until{};

  // Of a foreign descriptor.
  bool readable = false;
};

}  // namespace engine
