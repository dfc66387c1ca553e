// The io seam over io_uring: multishot accept, receive into a ring of provided buffers, everything started in a pass submitted by
// one system call. Where a plain call measured better on the way to the same completion (a send that fits the socket, a receive
// of a spinning core), that call is made instead: see send() and try_fresh().
#pragma once

#include <atomic>
#include <vector>

#include <engine/io/backend.hpp>
#include <engine/io/uring_ring.hpp>

namespace engine {

class uring_backend final : public backend, private buffer_pool::lender {
 public:
  static std::expected<std::unique_ptr<backend>, io_error> make(buffer_pool&);
  ~uring_backend() override;

  std::expected<descriptor, io_error> listen(const address&, const listen_options&) override;
  address local_address(descriptor) const override;
  address peer_address(descriptor) const override;

  void accept(descriptor listener, operation&) override;
  void connect(const address&, operation&) override;
  void receive(descriptor, operation&) override;
  void receive_into(descriptor, std::span<std::byte>, operation&) override;
  void send(descriptor, std::span<const iovec>, operation&) override;
  std::size_t send_now(descriptor, std::span<const iovec>) override;
  void close(descriptor) override;
  void shutdown(descriptor) override;
  void cancel(operation&) override;
  void watch(descriptor, operation&) override;
  void let_go(descriptor) override;

  void wait(time_point until, completions& finished) override;
  void wake() override;
  descriptor poll_descriptor() override;
  void settle() override;
  time_point now() const override { return std::chrono::steady_clock::now(); }
  std::string_view name() const override { return "io_uring"; }
  const std::string& flags() const { return ring_.flags(); }

 private:
  /// What is under way on one descriptor, so that close() can end it.
  struct users {
    operation* reader = nullptr;
    operation* writer = nullptr;
    // Of many connections each is polled for as long as it lives, which costs less than one armed receive after the other.
    bool polled = false;
    bool readable = false;          // its poll has said so since it was last found empty
    bool over = false;              // its poll has told of the end, which it does not tell twice
    std::uint32_t generation = 0;   // of the number: a poll may speak after its descriptor is closed
  };

  explicit uring_backend(buffer_pool&);
  std::expected<void, io_error> open();
  void returned(std::uint32_t buffer) override;
  users& at(descriptor d) {
    if (static_cast<std::size_t>(d) >= users_.size()) users_.resize(static_cast<std::size_t>(d) + 64);
    return users_[static_cast<std::size_t>(d)];
  }
  void start(operation&, operation::word, descriptor);
  void complete(operation&, int result, slice data = {});
  void release(operation&);
  void submit_accept(operation&);
  void submit_receive(operation&);
  void submit_watch(operation&);
  void submit_wake_read();
  void submit_fresh();
  void poll(descriptor);
  void unpoll(descriptor);
  void arrived_poll(const io_uring_cqe&);
  void take_readable();
  bool none_readable() const { return taken_ == readable_.size(); }
  void forget_taken();
  void try_fresh();
  bool try_receive(operation&);
  bool try_receive_into(operation&);
  void stop(operation&);
  void enter(time_point until);
  void make_readable();
  void drain_polled();
  void reap();
  void arrived(const io_uring_cqe&);
  void arrived_receive(operation&, const io_uring_cqe&);
  void arrived_accept(operation&, const io_uring_cqe&);
  void arrived_connect(operation&, int result);
  void retry_starved();
  void resume_accepts();
  bool collect(completions& finished);

  buffer_pool& pool_;
  uring_ring ring_{};
  int eventfd_ = -1;
  int polled_ = -1;  // for a foreign loop, once there is one
  std::uint64_t woken_count_ = 0;           // where the armed read of eventfd_ lands
  std::vector<users> users_{};              // by descriptor
  std::vector<operation*> fresh_{};         // receives noted but not yet submitted
  std::vector<operation*> readable_{};      // receives on descriptors whose poll has spoken …
  std::size_t taken_ = 0;                   // … of which so many have been taken
  std::vector<operation*> starved_{};       // receives that found no free buffer
  std::vector<std::uint32_t> held_{};       // free buffers kept back from the kernel for try_receive()
  std::uint32_t kernel_buffers_ = 0;        // free buffers the kernel has
  std::vector<completion> done_{};
  std::size_t in_kernel_ = 0;               // operations submitted, but for accepts and the wake read
  unsigned sends_this_pass_ = 0, passes_ = 0;
  std::vector<operation*> paused_{};        // accepts that found the descriptor table full …
  time_point accept_again_{};               // … and when they go on
  std::atomic<bool> sleeping_{false}, woken_{false};
};

}  // namespace engine
