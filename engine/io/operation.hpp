// Something started and not finished. Its starter owns it and keeps it alive until it has finished; the backend links it into
// its lists meanwhile, so starting allocates nothing. Completions are collected first and run afterwards: finished() is never
// called from inside the call that started the operation.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <engine/io/buffer_pool.hpp>

namespace engine {

using descriptor = int;

class operation {
 public:
  operation() = default;
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;

  /// The answer: bytes, a descriptor or 0 by the word that started it, or a negative errno (-ECANCELED after cancel()).
  /// `data` holds what a receive() brought. `pending()` is already false, except for an accept() or watch() that goes on.
  virtual void finished(int result, slice data) = 0;

  bool pending() const { return state_ != state::idle; }

  /// For a backend that is about to finish it: has what lies around it brought into the processor's cache meanwhile, and the beginning of what
  /// needed_too() has named. Of what its owner needs then, the owner keeps as much as it can within these bounds.
  [[gnu::always_inline]] void fetch_ahead() const {
    constexpr std::ptrdiff_t before = 192, behind = 448, of_others = 192;
    fetch(this, -before, behind);
    for (const void* other : needed_too_)
      if (other) fetch(other, 0, of_others);
  }
  /// Something else that its owner needs each time, or nullptr; it is never looked into. There is room for two, 0 and 1.
  void needed_too(std::size_t place, const void* other) { needed_too_[place] = other; }

  /// What it waits for comes seldom: no backend is to look for it in each pass.
  void comes_seldom() { seldom_ = true; }

  /// For the loop that collected a completion: makes the operation free again (if this was its last one) and tells its owner. Until
  /// then it is pending, so an owner that is told of something else in the same batch does not free it too early.
  void deliver(int result, slice data, bool last) {
    if (last) state_ = state::idle;
    finished(result, std::move(data));
  }

 protected:
  ~operation() { assert(!pending() && "an operation must outlive its completion"); }

 private:
  // Always inline: g++ leaves out calls of functions that do nothing but this, as if nothing came of it.
  [[gnu::always_inline]] static void fetch(const void* from, std::ptrdiff_t begin, std::ptrdiff_t end) {
    constexpr std::ptrdiff_t line = 64;
    for (std::ptrdiff_t at = begin; at < end; at += line) __builtin_prefetch(static_cast<const char*>(from) + at);
  }
  friend class uring_backend;
  friend class epoll_backend;
  friend class simulated_backend;
  friend class ring_link;
  // What a backend needs to remember; nobody else looks.
  enum class state : std::uint8_t { idle, started, cancelling, completed };
  enum class word : std::uint8_t { accept, connect, receive, receive_into, send, close, watch };
  state state_ = state::idle;
  word word_ = word::receive;
  bool flag_ = false;
  bool seldom_ = false;
  descriptor descriptor_ = -1;
  std::array<const void*, 2> needed_too_{};
  std::span<std::byte> into_{};
  std::span<const iovec> from_{};
  msghdr message_{};
  operation* previous_ = nullptr;
  operation* next_ = nullptr;
};

/// One finished operation, on its way to its owner.
struct completion {
  operation* op = nullptr;
  int result = 0;
  slice data{};
  bool last = true;  ///< false: the operation goes on (multishot accept, watch)
  /// Tells the owner.
  void run() { op->deliver(result, std::move(data), last); }
};

}  // namespace engine
