// See future.hpp.
#include <engine/core/future.hpp>

namespace engine::detail {

void future_state::finish() {
  if (driven_) return ready_.store(true, std::memory_order_release);
  core* home = nullptr;
  std::coroutine_handle<> waiting;
  {
    const std::scoped_lock lock(mutex_);
    ready_.store(true, std::memory_order_release);
    home = std::exchange(home_, nullptr);
    waiting = std::exchange(waiting_, nullptr);
    changed_.notify_all();
  }
  if (waiting) home->post([waiting] { waiting.resume(); });
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
