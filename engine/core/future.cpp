// See future.hpp.
#include <engine/core/future.hpp>

namespace engine::detail {

void future_state::finish() {
  if (kept_by_ == kept_by::waiter) return ready_.store(true, std::memory_order_release);
  core* home = nullptr;
  std::coroutine_handle<> waiting;
  continuation* next = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    ready_.store(true, std::memory_order_release);
    home = std::exchange(home_, nullptr);
    waiting = std::exchange(waiting_, nullptr);
    next = std::exchange(next_, nullptr);
    changed_.notify_all();
  }
  if (next) return next->source_ready();
  if (!waiting) return;
  if (kept_by_ == kept_by::its_core && home == core::current()) return waiting.resume();
  home->post([waiting] { waiting.resume(); });
}

void future_state::refuse_await() { throw std::logic_error("this future is driven by the thread that waits for it, which must not be a core's"); }

bool future_state::go_on_later(continuation& c) {
  const std::scoped_lock lock(mutex_);
  if (ready()) return false;
  next_ = &c;
  return true;
}

void future_state::wait_until(time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto done = [this] { return ready(); };
  if (deadline == time_point::max()) {
    changed_.wait(lock, done);
  } else {
    changed_.wait_until(lock, deadline, done);
  }
}

bool future_state::resume_later(core& home, std::coroutine_handle<> waiting) {
  const std::scoped_lock lock(mutex_);
  if (ready()) return false;
  home_ = &home;
  waiting_ = waiting;
  return true;
}

}  // namespace engine::detail
