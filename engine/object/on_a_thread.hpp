// Work that a core must not do itself, because it may wait for seconds: looking up names, waiting for connections. It gets a thread of its own,
// and its coroutine goes on when that is done.
#pragma once

#include <coroutine>
#include <functional>
#include <thread>

#include <engine/core/core.hpp>

namespace engine::detail {

/// co_await, by name: until `work`, which must not throw, has been done by another thread. Resumes on `home`.
struct on_a_thread {
  core& home;
  std::function<void()> work;
  std::jthread thread{};
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    thread = std::jthread([this, waiting] {
      work();
      home.post([waiting] { waiting.resume(); });
    });
  }
  void await_resume() { thread.join(); }
};

}  // namespace engine::detail
