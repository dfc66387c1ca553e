// A descriptor for a process that is reached by a connection which carries none, such as TCP's. The giver has a name on this machine and tells it over the
// connection; whoever wants a descriptor opens a box for that giver, into which nobody else can put anything, and says the box's ticket. Whether the
// two are on one machine at all, in one network namespace, turns out by itself.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <utility>

#include <engine/io/io_error.hpp>
#include <engine/io/operation.hpp>

namespace engine {

/// A datagram socket with a random name: abstract (unix(7)), so that no file has to be removed, and seen by everybody on this machine.
class named_datagrams {
 public:
  static constexpr std::size_t name_size = 16;
  using name_bytes = std::array<std::byte, name_size>;

 protected:
  named_datagrams() = default;
  named_datagrams(named_datagrams&& other) noexcept : socket_(std::exchange(other.socket_, -1)), name_(other.name_) {}
  named_datagrams& operator=(named_datagrams&&) = delete;
  ~named_datagrams();
  std::expected<void, io_error> open();
  std::expected<void, io_error> take_a_name();

  descriptor socket_ = -1;
  name_bytes name_{};
};

/// Who puts descriptors into boxes. Any thread.
class handover_giver final : private named_datagrams {
 public:
  /// Errors: what getrandom(2), socket(2), shutdown(2) or bind(2) refuses.
  static std::expected<handover_giver, io_error> open();
  std::span<const std::byte, name_size> name() const { return name_; }
  /// Puts a descriptor, which stays the caller's too, into the box of that ticket. Does not wait. False: there is no such box, it is not for this giver, or
  /// it is full.
  bool give(descriptor, std::span<const std::byte> ticket) const;

 private:
  handover_giver() = default;
};

/// Where a descriptor is put. One thread at a time.
class handover_box final : private named_datagrams {
 public:
  /// Half of it names the box; the other half, which nobody else sees, is asked for with what is put there: the giver may have other customers.
  static constexpr std::size_t ticket_size = 2 * name_size;

  /// For the giver of that name. Errors: EINVAL for what is no name, ECONNREFUSED if there is no such giver on this machine; as above.
  static std::expected<handover_box, io_error> open(std::span<const std::byte> giver);
  std::span<const std::byte> ticket() const { return ticket_; }
  /// What has been put there with the right word, the caller's to close; -1 if nothing has, yet. Does not wait.
  descriptor take();

 private:
  handover_box() = default;
  std::array<std::byte, ticket_size> ticket_{};
};

}  // namespace engine
