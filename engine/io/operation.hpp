// Something started and not finished. Its starter owns it and keeps it alive until it has finished; the backend links it into
// its lists meanwhile, so starting allocates nothing. Completions are collected first and run afterwards: finished() is never
// called from inside the call that started the operation.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

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

  /// For a backend that is about to finish it: has what lies around it brought into the processor's cache meanwhile. Of what its owner needs
  /// then, the owner keeps as much as it can within these bounds.
  void fetch_ahead() const {
    constexpr std::ptrdiff_t line = 64, before = 192, behind = 448;
    const char* const here = reinterpret_cast<const char*>(this);
    for (std::ptrdiff_t at = -before; at < behind; at += line) __builtin_prefetch(here + at);
  }

  /// For the loop that collected a completion: makes the operation free again (if this was its last one) and tells its owner. Until
  /// then it is pending, so an owner that is told of something else in the same batch does not free it too early.
  void deliver(int result, slice data, bool last) {
    if (last) state_ = state::idle;
    finished(result, std::move(data));
  }

 protected:
  ~operation() { assert(!pending() && "an operation must outlive its completion"); }

 private:
  friend class uring_backend;
  friend class epoll_backend;
  friend class simulated_backend;
  // What a backend needs to remember; nobody else looks.
  enum class state : std::uint8_t { idle, started, cancelling, completed };
  enum class word : std::uint8_t { accept, connect, receive, receive_into, send, close, watch };
  state state_ = state::idle;
  word word_ = word::receive;
  bool flag_ = false;
  descriptor descriptor_ = -1;
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
