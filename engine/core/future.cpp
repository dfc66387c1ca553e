// See future.hpp.
#include <engine/core/future.hpp>

namespace engine::detail {

void future_state::finish() {
  if (kept_by_ == kept_by::waiter) return ready_.store(true, std::memory_order_release);
  core* home = nullptr;
  std::coroutine_handle<> waiting;
  continuation* next = nullptr;
  {
    const std::scoped_lock lock(meeting_->mutex);
    ready_.store(true, std::memory_order_release);
    home = std::exchange(meeting_->home, nullptr);
    waiting = std::exchange(meeting_->waiting, nullptr);
    next = std::exchange(meeting_->next, nullptr);
    meeting_->changed.notify_all();
  }
  if (next) return next->source_ready();
  if (!waiting) return;
  if (kept_by_ == kept_by::its_core && home == core::current()) return waiting.resume();
  home->post([waiting] { waiting.resume(); });
}

void future_state::refuse_await() { throw std::logic_error("this future is driven by the thread that waits for it, which must not be a core's"); }

void future_state::refuse_wait() const { throw std::logic_error("on a core's own thread this future would wait for itself: co_await it there"); }

bool future_state::go_on_later(continuation& c) {
  const std::scoped_lock lock(meeting_->mutex);
  if (ready()) return false;
  meeting_->next = &c;
  return true;
}

void future_state::wait_until(time_point deadline) {
  if (!ready() && meeting_->made_on && meeting_->made_on == core::current()) refuse_wait();
  std::unique_lock lock(meeting_->mutex);
  const auto done = [this] { return ready(); };
  if (deadline == time_point::max()) {
    meeting_->changed.wait(lock, done);
  } else {
    meeting_->changed.wait_until(lock, deadline, done);
  }
}

bool future_state::resume_later(core& home, std::coroutine_handle<> waiting) {
  const std::scoped_lock lock(meeting_->mutex);
  if (ready()) return false;
  meeting_->home = &home;
  meeting_->waiting = waiting;
  return true;
}

}  // namespace engine::detail
