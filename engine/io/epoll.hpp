// The io seam over epoll, for kernels and containers that refuse io_uring. Readiness is turned into completions: what is ready is
// done at once, into a pool buffer, and reported. Registrations are kept while a connection lives, so that a steady
// call costs no epoll_ctl.
#pragma once

#include <atomic>
#include <vector>

#include <engine/io/backend.hpp>

namespace engine {

class epoll_backend final : public backend, private buffer_pool::lender {
 public:
  static std::expected<std::unique_ptr<backend>, io_error> make(buffer_pool&);
  ~epoll_backend() override;

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
  void let_go(descriptor) override;
  void cancel(operation&) override;
  void watch(descriptor, operation&) override;

  void wait(time_point until, completions& finished) override;
  void wake() override;
  descriptor poll_descriptor() override;
  void settle() override;
  time_point now() const override { return std::chrono::steady_clock::now(); }
  std::string_view name() const override { return "epoll"; }

 private:
  /// What waits on one descriptor.
  struct waiters {
    operation* reader = nullptr;  // accept, receive, receive_into, watch
    operation* writer = nullptr;  // send, connect
    std::uint32_t events = 0;     // what epoll reports to us
    bool registered = false;
    bool fresh = false;           // reader started since the last look: in fresh_
  };

  epoll_backend(buffer_pool&, int epoll, int eventfd);
  void returned(std::uint32_t buffer) override;
  waiters& at(descriptor);
  void start(operation&, operation::word, descriptor);
  void start_reader(operation&, operation::word, descriptor);
  void complete(operation&, int result, slice data = {});
  void listen_for(descriptor, std::uint32_t events);
  void ignore(descriptor);
  bool attempt(operation&);
  bool attempt_receive(operation&);
  bool attempt_receive_into(operation&);
  bool attempt_accept(operation&);
  bool attempt_send(operation&);
  void finish_connect(operation&);
  void try_fresh();
  void retry_starved();
  void resume_accepts();
  bool paused(operation&) const;
  void listen_for_fresh();
  void poll_once(int timeout_ms);
  void ready(descriptor, std::uint32_t events);
  void forget(operation&);
  bool collect(completions& finished);
  int timeout_for(time_point until);

  buffer_pool& pool_;
  int epoll_, eventfd_;
  std::vector<waiters> waiters_;            // by descriptor
  std::vector<descriptor> fresh_;
  std::vector<operation*> starved_;         // receives that found no free buffer
  std::vector<completion> done_;
  std::vector<operation*> paused_;          // accepts that found the descriptor table full …
  time_point accept_again_{};               // … and when they go on
  unsigned passes_ = 0;
  std::atomic<bool> sleeping_{false}, woken_{false};
};

}  // namespace engine
