// One host of a simulated network: the seam's words, spoken over simulated sockets. Everything started is kept in one list in
// the order it was started; wait() walks the list and finishes what can finish now. No event queue: when something can
// finish is computed from the state of its socket, so it cannot disagree with it.
#pragma once

#include <atomic>

#include <engine/io/simulated.hpp>

namespace engine {

class simulated_backend final : public backend {
 public:
  simulated_backend(simulated_network&, buffer_pool&, unsigned host);
  ~simulated_backend() override;

  std::expected<descriptor, io_error> listen(const address&, const listen_options&) override;
  address local_address(descriptor) const override;
  address peer_address(descriptor) const override;

  void accept(descriptor listener, operation&) override;
  void connect(const address&, operation&) override;
  void receive(descriptor, operation&) override;
  void receive_into(descriptor, std::span<std::byte>, operation&) override;
  void send(descriptor, std::span<const iovec>, operation&) override;
  void close(descriptor) override;
  void shutdown(descriptor) override;
  void cancel(operation&) override;
  void watch(descriptor, operation&) override;

  void wait(time_point until, completions& finished) override;
  void wake() override { woken_.store(true, std::memory_order_release); }
  descriptor poll_descriptor() override { return -1; }
  void settle() override {}
  time_point now() const override { return network_.now(); }
  std::string_view name() const override { return "simulated"; }
  bool passes_descriptors() const override { return false; }

  /// When this host can next do something; at or before now(): at once.
  time_point next_event() const;

 private:
  struct started {
    operation* op;
    time_point not_before;
    const address* target = nullptr;    // of a connect
    std::uint64_t fingerprint = 0;      // of a send: the bytes as they were at the start
    bool delay_drawn = false;
    bool exhaustion_drawn = false;
    bool starved = false;
    bool stop = false;                  // cancelled, or its descriptor closed
    bool late = false;                  // … but it may still finish with what is there
  };

  started& start(operation&, operation::word, descriptor);
  simulated_socket& own(descriptor, simulated_socket::sort);
  void adopt(simulated_socket&);
  time_point ready_at(const started&) const;
  void collect(completions&);
  void reorder(completions&, std::size_t first);

  // Each answers whether the operation is over.
  bool attempt(started&, completions&);
  bool attempt_word(started&, completions&);
  bool attempt_accept(started&, completions&);
  bool attempt_connect(started&, completions&);
  bool attempt_receive(started&, completions&);
  bool attempt_send(started&, completions&);
  bool attempt_watch(started&, completions&);
  bool delayed(started&);
  bool starved(started&, std::uint32_t& buffer);
  bool finish(started&, int result, completions&, slice data = {});
  void deliver(operation&, int result, completions&, slice data, bool last);

  simulated_network& network_;
  buffer_pool& pool_;
  unsigned host_;
  std::vector<started> started_;
  time_point sleeps_until_ = time_point::max();
  std::atomic<bool> woken_ = false;
};

}  // namespace engine
