// Memory that two processes share instead of a socket's buffers: a ring of bytes each way, each with one writer and one reader, in one
// sealed memfd. What is written is copied in, what is read is copied out, so nobody looks at bytes that the other side may still change; and
// what the other side says about the rings is checked each time. A side that wants to sleep says so, and is woken over their socket.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include <engine/io/io_error.hpp>
#include <engine/io/operation.hpp>

namespace engine {

/// One side of such memory, for one thread at a time.
class shared_ring {
 public:
  static constexpr std::size_t room_least = 4096, room_most = std::size_t{64} << 20;
  static constexpr std::size_t made_most = 64;  ///< rings that one process offers at a time

  struct offer;
  /// New memory with room for `room` bytes each way (rounded up to a power of two within the bounds above): one side of it, and the descriptor that
  /// the other side opens, the caller's to close. Errors: what memfd_create(2) or mmap(2) refuses; EDQUOT beyond made_most.
  static std::expected<offer, io_error> make(std::size_t room);
  /// The other side; `memory` stays the caller's. Errors: EINVAL for what is no such memory, or could be taken away while it is in use (it must be
  /// sealed, or whoever reads it would die of SIGBUS); what mmap(2) refuses.
  static std::expected<shared_ring, io_error> open(descriptor memory);

  shared_ring(shared_ring&& other) noexcept { swap(other); }
  shared_ring& operator=(shared_ring other) noexcept { return swap(other), *this; }
  ~shared_ring();

  /// Takes what has come, as much as fits. 0: nothing, for now.
  std::size_t read(std::span<std::byte> into);
  /// Brings on its way what there is room for. 0: nothing, for now.
  std::size_t write(std::span<const iovec> from);
  bool readable() const { return of_other_->written.load(std::memory_order_acquire) != read_; }
  /// The other side has said what cannot be: it is of no use any more, and read() and write() find nothing.
  bool broken() const { return broken_; }
  /// The other side sleeps until what read() or write() has just done, and has to be woken. Says so once.
  bool wakes_other();

  /// From now on the other side wakes this one when there is something to read, or a good deal of room: whatever is waited for. False: there is
  /// already, and it does not.
  bool announce_sleep(bool for_something, bool for_room);
  /// Nobody here sleeps any more.
  void awake() { of_mine_->asleep.store(0, std::memory_order_relaxed); }

  std::size_t room() const { return room_; }

 private:
  /// What one side says, in lines that only it writes. Of what it reads, the other needs to know seldom.
  struct side {
    alignas(128) std::atomic<std::uint64_t> written;  ///< bytes, since the beginning
    std::atomic<std::uint32_t> asleep;                ///< bytes_wanted, room_wanted
    alignas(128) std::atomic<std::uint64_t> read;
  };
  static constexpr std::uint32_t bytes_wanted = 1, room_wanted = 2;
  static std::uint32_t wanted(bool something, bool room) { return (something ? bytes_wanted : 0) | (room ? room_wanted : 0); }
  static constexpr std::size_t head = 4096;  // the sides, before the rings
  static_assert(2 * sizeof(side) <= head && std::atomic<std::uint64_t>::is_always_lock_free);

  shared_ring() = default;
  static std::expected<shared_ring, io_error> map(descriptor memory, std::size_t room, bool first);
  void swap(shared_ring& other) noexcept;
  void copy_in(std::span<const std::byte> bytes);
  bool believe_reader();
  /// Who waits for less is woken too often.
  bool a_good_deal_of_room(std::uint64_t written, std::uint64_t read) const { return room_ - (written - read) >= room_ / 4; }

  std::byte* memory_ = nullptr;
  side *of_mine_ = nullptr, *of_other_ = nullptr;
  std::byte *outgoing_ = nullptr, *incoming_ = nullptr;
  std::size_t room_ = 0;
  // Ours are kept here too: in the memory the other side could change them.
  std::uint64_t written_ = 0, read_ = 0;
  std::uint64_t read_there_ = 0;  // what the other side had read, when it was last looked at
  bool broken_ = false;
  bool counted_ = false;          // towards made_most
};

struct shared_ring::offer {
  shared_ring ring;
  descriptor memory;
};

}  // namespace engine
