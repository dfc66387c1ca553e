// Where connections come from: one listening socket, accepting on one core. Its owner pulls peers out of it, one after another.
#pragma once

#include <coroutine>
#include <deque>
#include <expected>
#include <memory>

#include <engine/core/core.hpp>

namespace engine {

class listener final : private operation {
 public:
  /// Listens on `where` (a TCP port 0 picks a free one). Core thread. Errors: what bind and listen refuse.
  static std::expected<std::unique_ptr<listener>, io_error> open(core&, const address& where, const listen_options&);
  /// After stop(), next() must have returned -1, or the core's loop have ended.
  ~listener();

  /// The address it is bound to, with the real port.
  const engine::address& local() const { return local_; }
  descriptor socket() const { return descriptor_; }

  /// co_await next(): the next peer's descriptor, or -1 once stop() was called. One waiter at a time.
  auto next() {
    struct awaiter {
      listener& from;
      bool await_ready() const { return !from.peers_.empty() || (from.stopping_ && !from.pending()); }
      void await_suspend(std::coroutine_handle<> waiting) { from.waiting_ = waiting; }
      descriptor await_resume() { return from.take(); }
    };
    return awaiter{*this};
  }

  /// No more peers; the socket is closed (and the file of a Unix socket removed, unless it was given).
  void stop();

 private:
  listener(core& c, descriptor d, const address& local, bool given);
  void finished(int result, slice data) override;
  descriptor take();
  void wake();

  core& core_;
  descriptor descriptor_;
  engine::address local_;
  std::deque<descriptor> peers_;
  std::coroutine_handle<> waiting_{};
  const bool given_;  // its file is somebody else's
  bool stopping_ = false;
};

}  // namespace engine
