// See core_channel.hpp.
#include <engine/link/core_channel.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>


namespace engine {

/// A connect under way, cancelled at its deadline.
struct core_channel::connecting final : operation, timer {
  connecting(core& c, const address& where, time_point deadline) : home(c) {
    home.io().connect(where, *this);
    if (deadline != time_point::max()) home.timers().arm(*this, deadline);
  }
  void finished(int n, slice) override {
    result = n;
    disarm();
    if (waiting) std::exchange(waiting, nullptr).resume();
  }
  void expired() override {
    late = true;
    home.io().cancel(*this);
  }
  bool await_ready() const { return result.has_value(); }
  void await_suspend(std::coroutine_handle<> h) { waiting = h; }
  int await_resume() const { return late && *result < 0 ? -ETIMEDOUT : *result; }

  core& home;
  std::optional<int> result{};
  bool late = false;
  std::coroutine_handle<> waiting{};
};

core_channel::core_channel(core& c, const frame_limits& limits, const std::string& hmac_key)
    : core_(c), limits_(limits), hmac_key_(hmac_key) {}

task<int> core_channel::open(const address& where, time_point deadline) {
  connecting under_way(core_, where, deadline);
  connecting_ = &under_way;
  const int made = co_await under_way;
  connecting_ = nullptr;
  if (made < 0) co_return -made;
  adopt(made);
  co_return 0;
}

void core_channel::adopt(descriptor socket) {
  // A client always reads: a server that waits for it to do so would never read what it has to say.
  constexpr std::size_t any = static_cast<std::size_t>(-1);
  link_.emplace(core_, socket, connection_limits{.frames = limits_, .output_soft = any});
  if (!hmac_key_.empty()) link_->frames().set_hmac_key(hmac_key_);
}

loose_connection core_channel::release() {
  loose_connection loose = link_->release();
  link_.reset();
  return loose;
}

task<> core_channel::share_memory(handover_box& box) {
  const frame* const answer = co_await link_->next_frame();
  const descriptor memory = box.take();
  if (memory < 0) co_return;
  auto ring = shared_ring::open(memory);
  ::close(memory);
  static std::byte yes{0};  // no message begins with it
  static const iovec one{&yes, 1};
  if (answer && ring && link_->can_release() && link_->queued() == 0 && core_.io().send_now(link_->socket(), std::span(&one, 1)) > 0)
    link_->go_on_over(std::move(*ring));
}

void core_channel::let_requests_go() {
  greeted_ = true;
  before_requests_ = link_->left() + link_->queued();
  if (!held_back_.empty()) {
    output& out = link_->outgoing();
    held_back_.each_since({}, [&](std::span<const std::byte> part) { out.append(part.data(), part.size()); });
    held_back_ = output();
  }
  end_if_idle();
}

void core_channel::end_when_idle() {
  ending_ = true;
  end_if_idle();
}

void core_channel::end_if_idle() {
  if (ending_ && greeted_ && outstanding() == 0) fail({.why = channel_failure::cause::closed, .text = "the proxy has been released"});
}

// ---- requests and answers

void core_channel::expect(awaited_reply& r, std::uint16_t sequence, time_point deadline) {
  const std::uint64_t written = greeted_ ? link_->left() + link_->queued() - before_requests_ : held_back_.size();
  awaited_.add(r, sequence, written, deadline);
  look_at(deadline);
}

// One that is held back waits for the answer to the handshake.
bool core_channel::has_left(const awaited_reply& r) const {
  return !greeted_ || before_requests_ + awaited_replies::asked_at(r) <= link_->left();
}

task<> core_channel::read_answers() {
  while (!failure_) {
    const frame* const f = co_await link_->next_frame();
    if (!f) break;
    awaited_reply* const r = awaited_.take(f->sequence);
    if (!r) {
      fail({.why = channel_failure::cause::out_of_sync,
            .text = "invoke: reply sequence out of sync, got " + std::to_string(f->sequence)});
      break;
    }
    if (auto ended = awaited_replies::answer(*r, *f)) fail(std::move(*ended));
    end_if_idle();
  }
  if (!failure_) fail(reason());
  task<> closing = close();
  co_await closing;
}

// `late`: one that is off the list already, and fails because its time is up.
void core_channel::fail_all(channel_failure why, awaited_reply* late) {
  if (failure_) return;
  failure_ = std::move(why);
  disarm();
  if (late) awaited_replies::fail(*late, {.why = channel_failure::cause::timed_out, .text = has_left(*late) ? "receiving: timeout" : "sending: timeout"});
  awaited_.fail_all(*failure_);
  if (link_ && !link_->ended()) link_->close();
  if (connecting_) core_.io().cancel(*connecting_);
}

channel_failure core_channel::reason() const {
  const connection_end& end = link_->end();
  using ended = connection_end::cause;
  using cause = channel_failure::cause;
  switch (end.why) {
    case ended::refused_bytes: return {.why = cause::bad_bytes, .text = end.error.text, .type = end.error.type};
    case ended::idle:
    case ended::deadline: return {.why = cause::timed_out, .text = "receiving: timeout"};
    case ended::reset: return {.why = cause::closed, .text = "receiving: " + end.to_string()};
    case ended::peer_closed:
    case ended::closed_here: break;
  }
  return {.why = cause::closed, .text = "receiving: connection lost"};
}

task<> core_channel::close() {
  if (!link_) co_return;
  if (!link_->ended()) link_->close();
  task<> finishing = link_->finish();
  co_await finishing;
}

// ---- time

// The timer stays at the earliest deadline that was seen, and looks again when it expires.
void core_channel::look_at(time_point deadline) {
  if (deadline >= looks_at_) return;
  looks_at_ = deadline;
  core_.timers().arm(*this, deadline);
}

void core_channel::expired() {
  const time_point now = core_.io().now();
  looks_at_ = time_point::max();
  awaited_reply* const late = awaited_.take_late(now);
  if (!late) return look_at(awaited_.earliest_deadline());
  fail_all({.why = channel_failure::cause::closed, .text = "receiving: connection lost: another call on it timed out"}, late);
}

}  // namespace engine
