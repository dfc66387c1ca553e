// One io_uring and its ring of provided buffers: set-up by a ladder of flags, tear-down, and nothing about operations.
// Facts and pitfalls: io_uring_setup(2), io_uring_register(2), io_uring_prep_recv(3).
#pragma once

#include <liburing.h>

#include <cstdint>
#include <expected>
#include <string>

#include <engine/io/buffer_pool.hpp>
#include <engine/io/io_error.hpp>

namespace engine {

class uring_ring {
 public:
  static constexpr int buffer_group = 1;

  uring_ring() = default;
  ~uring_ring();
  uring_ring(const uring_ring&) = delete;
  uring_ring& operator=(const uring_ring&) = delete;

  /// Tries SINGLE_ISSUER|DEFER_TASKRUN (6.1), SINGLE_ISSUER|COOP_TASKRUN (6.0), COOP_TASKRUN (5.19). Errors: what the kernel says to
  /// the last attempt, or to registering the buffers.
  std::expected<void, io_error> open(const buffer_pool&);

  io_uring* get() { return &ring_; }
  /// A free entry; submits what is queued when there is none.
  io_uring_sqe* entry();
  /// Gives a buffer to the kernel; publish() makes it visible.
  void provide(const buffer_pool&, std::uint32_t buffer);
  void publish();
  /// Whether an enter would find something: entries to submit, finished ones, or work that the kernel has put off until we enter. A
  /// look at shared memory, no system call.
  bool worth_entering() const;
  const std::string& flags() const { return flags_; }

 private:
  int set_up();
  int register_buffers(const buffer_pool&);

  io_uring ring_{};
  bool open_ = false;
  io_uring_buf_ring* buffers_ = nullptr;
  std::uint32_t buffer_count_ = 0;
  int unpublished_ = 0;
  std::string flags_{};
};

}  // namespace engine
