// See core_calls.hpp.
#include <engine/object/core_calls.hpp>

#include <engine/object/call_context.hpp>

namespace engine::detail {

namespace {
[[gnu::tls_model("initial-exec")]] thread_local const hosting* goes_on_for = nullptr;

/// Whose method calls: the one that has just begun, or the one that goes on because an answer has come.
const hosting* who_calls() {
  const call_context* const call = current_call();
  return call ? &call->host() : goes_on_for;
}

/// Says for its lifetime whose method goes on.
class going_on {
 public:
  explicit going_on(const hosting* whose) : before_(std::exchange(goes_on_for, whose)) {}
  ~going_on() { goes_on_for = before_; }
  going_on(const going_on&) = delete;
  going_on& operator=(const going_on&) = delete;

 private:
  const hosting* before_;
};
}  // namespace

core_call::core_call(core& home, std::shared_ptr<remote> of, time_limit limit)
    : reply_slot(core_remote::of(home, *of).talk()), home_(&home), of_(std::move(of)), limit_(limit), deadline_(new_deadline()), tries_(of_->retries()), made_for_(who_calls()) {
  if (tries_ > 0) kept_ = std::make_unique<prepared>();
}

time_point core_call::new_deadline() const { return deadline_on_core(*home_, *of_, limit_); }

line core_call::on(std::uint16_t flags) {
  line made = core_remote::of(*home_, *of_).on(deadline_, flags);
  made.keep = kept_.get();
  return made;
}

void core_call::expect(std::uint16_t sequence) { core_remote::of(*home_, *of_).expect(*this, sequence, deadline_); }

void core_call::refuse_on_core() { throw would_block("on a core's own thread the answer would wait for itself: co_await the future there"); }

void core_call::end(std::exception_ptr error) {
  const going_on with(made_for_);
  conclude(std::move(error));
}

void core_call::give_up(std::exception_ptr why) {
  if (std::exchange(given_up_, true)) return;
  ask_to_stop_here();
  as_state().add_reference();  // the channel keeps its share until the answer has come
  end(std::move(why));
}

void core_call::settle(std::exception_ptr error) {
  if (given_up_) return as_state().release();
  if (!error || tries_ == 0 || forgotten_ || !recoverable(error)) return end(std::move(error));
  --tries_;
  // Not here: the connection is in the middle of telling all that waited for it.
  if (!home_->door()->post([this] { ask_again(); })) end(std::move(error));
}

void core_call::ask_again() {
  try {
    deadline_ = new_deadline();
    kept = false;
    const written request = asked().write_again(on(), *kept_);
    expect(request.sequence);
  } catch (...) {
    end(std::current_exception());
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
