// See core_calls.hpp.
#include <engine/object/core_calls.hpp>

namespace engine::detail {

core_call::core_call(core& home, std::shared_ptr<remote> of, std::optional<std::chrono::milliseconds> limit)
    : reply_slot(core_remote::of(home, *of).talk()), home_(&home), of_(std::move(of)), limit_(limit), deadline_(new_deadline()), tries_(of_->retries()) {
  if (tries_ > 0) kept_ = std::make_unique<prepared>();
}

time_point core_call::new_deadline() const { return deadline_on_core(*home_, *of_, limit_); }

line core_call::on(std::uint16_t flags) {
  line made = core_remote::of(*home_, *of_).on(deadline_, flags);
  made.keep = kept_.get();
  return made;
}

void core_call::expect(std::uint16_t sequence) { core_remote::of(*home_, *of_).expect(*this, sequence, deadline_); }

void core_call::refuse_to_wait() const {
  if (core::current() == home_) throw would_block("on a core's own thread the answer would wait for itself: co_await the future there");
}

void core_call::settle(std::exception_ptr error) {
  if (!error || tries_ == 0 || forgotten_ || !recoverable(error)) return conclude(std::move(error));
  --tries_;
  // Not here: the connection is in the middle of telling all that waited for it.
  if (!home_->door()->post([this] { ask_again(); })) conclude(std::move(error));
}

void core_call::ask_again() {
  try {
    deadline_ = new_deadline();
    kept = false;
    const written request = asked().write_again(on(), *kept_);
    expect(request.sequence);
  } catch (...) {
    conclude(std::current_exception());
  }
}

void core_call::ask_to_stop(future_state& me) {
  if (core::current() == home_) return ask_to_stop_here();
  me.add_reference();
  home_->door()->post([this, kept = state_pointer<future_state>(&me)] { ask_to_stop_here(); });
}

void core_call::ask_to_stop_here() {
  try {
    core_remote::of(*home_, *of_).cancel(*this);
  } catch (const error&) {
    // The core ends, and with it all its calls.
  }
}

}  // namespace engine::detail
