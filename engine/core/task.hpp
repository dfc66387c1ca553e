// The coroutine type of a core. Lazy: it starts when awaited (or spawned), runs on the core that starts it, and hands its result
// or exception to whoever awaits it. House idiom: start on one line, await the name on the next (docs/hacking.md says why).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include <engine/core/recycled.hpp>

namespace engine {

template <class T = void> class task;

namespace detail {

struct task_promise_base : recycled {
  task_promise_base() = default;  // and no aggregate, which a coroutine would make from its parameters
  std::coroutine_handle<> awaiting = std::noop_coroutine();
  std::exception_ptr error{};
  bool started = false;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct final_awaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise> std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().awaiting;
    }
    void await_resume() noexcept {}
  };
  final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T> struct task_promise : task_promise_base {
  std::optional<T> result{};
  task<T> get_return_object();
  template <class U> void return_value(U&& value) { result.emplace(std::forward<U>(value)); }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*result);
  }
};

template <> struct task_promise<void> : task_promise_base {
  task<void> get_return_object();
  void return_void() noexcept {}
  void take() {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

/// Owns one coroutine. Destroying it destroys the coroutine wherever it is suspended.
template <class T> class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<T>;
  using handle = std::coroutine_handle<promise_type>;

  task() = default;
  explicit task(handle h) : handle_(h) {}
  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  explicit operator bool() const { return handle_ != nullptr; }
  bool done() const { return !handle_ || handle_.done(); }
  /// Runs it up to its first suspension, on this thread and inside this call; once. Whether it has ended. Awaiting it does
  /// this by itself: for those who must do something between its first part and the waiting.
  bool start() {
    handle_.promise().started = true;
    handle_.resume();
    return handle_.done();
  }

  struct awaiter {
    handle running;
    bool await_ready() const noexcept { return running.done(); }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
      running.promise().awaiting = waiting;
      if (std::exchange(running.promise().started, true)) return std::noop_coroutine();
      return running;
    }
    T await_resume() { return running.promise().take(); }
  };
  awaiter operator co_await() & noexcept { return {handle_}; }
  awaiter operator co_await() && noexcept { return {handle_}; }

 private:
  handle handle_ = nullptr;
};

template <class T> task<T> detail::task_promise<T>::get_return_object() {
  return task<T>(std::coroutine_handle<task_promise<T>>::from_promise(*this));
}
inline task<void> detail::task_promise<void>::get_return_object() {
  return task<void>(std::coroutine_handle<task_promise<void>>::from_promise(*this));
}

namespace detail {
struct detached {
  struct promise_type : recycled {
    promise_type() = default;
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};
inline detached run_detached(task<void> work) { co_await work; }
}  // namespace detail

/// Starts a task that nobody waits for; it frees itself when it ends. It must not throw: an exception out of it is a bug and
/// terminates the program.
inline void spawn(task<void> work) { detail::run_detached(std::move(work)); }

}  // namespace engine
