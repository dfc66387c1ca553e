// Two things a simulated client's coroutine waits for besides frames: a new connection, and time.
#pragma once

#include <coroutine>

#include <engine/core/core.hpp>

namespace engine::simulation {

/// dialling call(c, where); const descriptor d = co_await call;   // or a negative errno
class dialling final : public operation {
 public:
  dialling(core& c, const address& where) { c.io().connect(where, *this); }
  bool await_ready() const { return !pending(); }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  descriptor await_resume() const { return result_; }

 private:
  void finished(int result, slice) override {
    result_ = result;
    if (waiting_) waiting_.resume();
  }
  std::coroutine_handle<> waiting_{};
  descriptor result_ = -1;
};

/// sleeping until(c, t); co_await until;
class sleeping final : public timer {
 public:
  sleeping(core& c, time_point at) : core_(c), at_(at) {}
  bool await_ready() const { return at_ <= core_.io().now(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    core_.timers().arm(*this, at_);
  }
  void await_resume() const {}

 private:
  void expired() override { waiting_.resume(); }
  core& core_;
  time_point at_;
  std::coroutine_handle<> waiting_{};
};

}  // namespace engine::simulation
