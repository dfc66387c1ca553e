// See replies.hpp.
#include <engine/object/replies.hpp>

namespace engine::detail {

void pending_call::settle(std::exception_ptr error) {
  lost_ = error && tries_ > 0 && !forgotten_ && recoverable(error);
  if (!lost_) conclude(std::move(error));
}

void pending_call::await_answer(time_point until) {
  for (;;) {
    if (until < deadline_) {
      if (!of_->drive(*this, until)) return;
    } else {
      of_->drive_or_fail(*this, deadline_);
    }
    if (!kept_ || !ask_again()) return;
  }
}

bool pending_call::ask_again() {
  {
    const auto held = of_->locked();
    if (!std::exchange(lost_, false)) return false;
  }
  --tries_;
  try {
    deadline_ = new_deadline();
    auto held = of_->acquire(limit_ ? deadline_ : time_point::max());
    kept = false;
    const written request = of_->talk().write_again(of_->on(deadline_), *kept_);
    of_->post(held, *this, request.sequence, deadline_);
  } catch (...) {
    settle(std::current_exception());
  }
  return true;
}

void pending_call::forget() {
  // Else the two would keep each other: the connection this answer, and this the connection.
  const auto of = std::move(of_);
  if (!kept_) return;
  const auto held = of->locked();
  forgotten_ = true;
  if (std::exchange(lost_, false)) conclude(std::make_exception_ptr(connection_closed("nobody waited for another try")));
}

void pending_call::ask_to_stop() {
  if (of_) of_->cancel(*this);
}

void pending_call::refuse_on_core() {
  throw would_block("this future was made on a plain thread, and is driven by the thread that waits for it: make the call on the core "
                    "that awaits it, or wait for it on a plain thread");
}

}  // namespace engine::detail
