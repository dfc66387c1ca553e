// See shared_ring.hpp. Positions only grow; where they are in a ring is their low bits. A position is told after its bytes (release) and
// looked at before them (acquire). Telling it and then asking whether the other side sleeps must not change places, on either side: else both
// would miss each other. So these are sequentially consistent.
#include <engine/io/shared_ring.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace engine {

namespace {

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr unsigned not_executable = 0x0008;  // MFD_NOEXEC_SEAL, which older headers and kernels do not know
constexpr std::size_t told_at_once = 32 * 1024;  // while more is copied in, the other side may copy out what is there

std::atomic<std::size_t> made{0};

descriptor sealed_memory(std::size_t size) {
  int memory = ::memfd_create("engine connection", MFD_CLOEXEC | MFD_ALLOW_SEALING | not_executable);
  if (memory < 0 && errno == EINVAL) memory = ::memfd_create("engine connection", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory < 0) return -1;
  if (::ftruncate(memory, static_cast<off_t>(size)) == 0 && ::fcntl(memory, F_ADD_SEALS, seals) == 0) return memory;
  const int code = errno;
  ::close(memory);
  errno = code;
  return -1;
}

bool count_one() {
  if (made.fetch_add(1, std::memory_order_relaxed) < shared_ring::made_most) return true;
  made.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

std::expected<shared_ring::offer, io_error> shared_ring::make(std::size_t room) {
  room = std::bit_ceil(std::clamp(room, room_least, room_most));
  if (!count_one()) return std::unexpected(io_error{EDQUOT, "sharing memory"});
  const descriptor memory = sealed_memory(head + 2 * room);
  auto mine = memory < 0 ? std::unexpected(io_error{errno, "sharing memory"}) : map(memory, room, true);
  if (!mine) {
    made.fetch_sub(1, std::memory_order_relaxed);
    if (memory >= 0) ::close(memory);
    return std::unexpected(mine.error());
  }
  mine->counted_ = true;
  return offer{std::move(*mine), memory};
}

std::expected<shared_ring, io_error> shared_ring::open(descriptor memory) {
  const io_error no_such{EINVAL, "sharing memory"};
  // The seals first: before them the size may still change. What cannot be sealed, like a file, says -1.
  const int sealed = ::fcntl(memory, F_GET_SEALS);
  struct stat found{};
  if (sealed < 0 || (sealed & seals) != seals || ::fstat(memory, &found) != 0) return std::unexpected(no_such);
  const auto size = static_cast<std::size_t>(found.st_size);
  if (size <= head || (size - head) % 2 != 0) return std::unexpected(no_such);
  const std::size_t room = (size - head) / 2;
  if (!std::has_single_bit(room) || room < room_least || room > room_most) return std::unexpected(no_such);
  return map(memory, room, false);
}

std::expected<shared_ring, io_error> shared_ring::map(descriptor memory, std::size_t room, bool first) {
  void* const at = ::mmap(nullptr, head + 2 * room, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (at == MAP_FAILED) return std::unexpected(io_error{errno, "sharing memory"});
  shared_ring ring;
  ring.memory_ = static_cast<std::byte*>(at);
  ring.room_ = room;
  // New memory is zero, which is how a side begins.
  side* const sides = static_cast<side*>(at);
  ring.of_mine_ = sides + (first ? 0 : 1);
  ring.of_other_ = sides + (first ? 1 : 0);
  ring.outgoing_ = ring.memory_ + head + (first ? 0 : room);
  ring.incoming_ = ring.memory_ + head + (first ? room : 0);
  return ring;
}

shared_ring::~shared_ring() {
  if (memory_) ::munmap(memory_, head + 2 * room_);
  if (counted_) made.fetch_sub(1, std::memory_order_relaxed);
}

void shared_ring::swap(shared_ring& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(of_mine_, other.of_mine_);
  std::swap(of_other_, other.of_other_);
  std::swap(outgoing_, other.outgoing_);
  std::swap(incoming_, other.incoming_);
  std::swap(room_, other.room_);
  std::swap(written_, other.written_);
  std::swap(read_, other.read_);
  std::swap(read_there_, other.read_there_);
  std::swap(broken_, other.broken_);
  std::swap(counted_, other.counted_);
}

std::size_t shared_ring::read(std::span<std::byte> into) {
  if (broken_) return 0;
  const std::uint64_t there = of_other_->written.load(std::memory_order_acquire) - read_;
  if (there > room_) return broken_ = true, 0;
  const std::size_t count = std::min<std::size_t>(there, into.size());
  if (count == 0) return 0;
  const std::size_t at = read_ & (room_ - 1);
  const std::size_t to_the_end = std::min(count, room_ - at);
  std::memcpy(into.data(), incoming_ + at, to_the_end);
  if (to_the_end < count) std::memcpy(into.data() + to_the_end, incoming_, count - to_the_end);
  read_ += count;
  of_mine_->read.store(read_, std::memory_order_seq_cst);
  return count;
}

/// Looks how much the other side has read.
bool shared_ring::believe_reader() {
  read_there_ = of_other_->read.load(std::memory_order_acquire);
  if (written_ - read_there_ > room_) broken_ = true;
  return !broken_;
}

void shared_ring::copy_in(std::span<const std::byte> bytes) {
  const std::size_t at = written_ & (room_ - 1);
  const std::size_t to_the_end = std::min(bytes.size(), room_ - at);
  std::memcpy(outgoing_ + at, bytes.data(), to_the_end);
  if (to_the_end < bytes.size()) std::memcpy(outgoing_, bytes.data() + to_the_end, bytes.size() - to_the_end);
  written_ += bytes.size();
}

std::size_t shared_ring::write(std::span<const iovec> from) {
  if (broken_) return 0;
  std::size_t gone = 0, told = 0;
  for (const iovec& each : from) {
    std::span<const std::byte> rest(static_cast<const std::byte*>(each.iov_base), each.iov_len);
    while (!rest.empty()) {
      std::size_t free = room_ - (written_ - read_there_);
      if (free < rest.size() && believe_reader()) free = room_ - (written_ - read_there_);
      const std::size_t count = broken_ ? 0 : std::min({free, rest.size(), told_at_once});
      if (count == 0) break;
      copy_in(rest.first(count));
      rest = rest.subspan(count);
      gone += count;
      if (gone - told >= told_at_once) {
        of_mine_->written.store(written_, std::memory_order_release);
        told = gone;
      }
    }
    if (!rest.empty()) break;
  }
  if (gone > 0) of_mine_->written.store(written_, std::memory_order_seq_cst);
  return gone;
}

bool shared_ring::wakes_other() {
  const std::uint32_t sleeps = of_other_->asleep.load(std::memory_order_seq_cst);
  if (sleeps == 0) [[likely]] return false;
  // It has been told of all that is written; room it is told of when there is a good deal.
  const bool bytes = (sleeps & bytes_wanted) != 0 && of_other_->read.load(std::memory_order_acquire) != written_;
  const bool room = (sleeps & room_wanted) != 0 && a_good_deal_of_room(of_other_->written.load(std::memory_order_acquire), read_);
  return (bytes || room) && of_other_->asleep.exchange(0, std::memory_order_relaxed) != 0;
}

bool shared_ring::announce_sleep(bool for_something, bool for_room) {
  const std::uint32_t mine = wanted(for_something, for_room);
  const std::uint32_t before = of_mine_->asleep.fetch_or(mine, std::memory_order_seq_cst);
  const bool something = for_something && of_other_->written.load(std::memory_order_seq_cst) != read_;
  const bool room = for_room && a_good_deal_of_room(written_, of_other_->read.load(std::memory_order_seq_cst));
  if (!something && !room && !broken_) return true;
  of_mine_->asleep.fetch_and(~(mine & ~before), std::memory_order_relaxed);  // another thread may wait for the same
  return false;
}

}  // namespace engine
