// A descriptor for a process that is reached by a connection which carries none, such as TCP's: whoever wants one opens a box that has a name on this
// machine and says its ticket over the connection; the other side puts the descriptor there. Whether the two are on one machine at all, in one network
// namespace, turns out by itself.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <utility>

#include <engine/io/io_error.hpp>
#include <engine/io/operation.hpp>

namespace engine {

class handover {
 public:
  /// Half of it names the box, which anybody on this machine may see; the other half is the word that is asked for with what is put there.
  static constexpr std::size_t ticket_size = 32;

  /// Errors: what getrandom(2), socket(2) or bind(2) refuses.
  static std::expected<handover, io_error> open();
  handover(handover&& other) noexcept : socket_(std::exchange(other.socket_, -1)), ticket_(other.ticket_) {}
  handover& operator=(handover&&) = delete;
  ~handover();

  std::span<const std::byte> ticket() const { return ticket_; }
  /// What has been put there with the right word, the caller's to close; -1 if nothing has, yet. Does not wait.
  descriptor take();

 private:
  handover() = default;
  descriptor socket_ = -1;
  std::array<std::byte, ticket_size> ticket_{};
};

/// Puts a descriptor, which stays the caller's too, into the box of that ticket. Does not wait. False: there is none on this machine, or it is full.
bool hand_over(descriptor, std::span<const std::byte> ticket);

}  // namespace engine
