// See timers.hpp.
#include <engine/core/timers.hpp>

#include <algorithm>

namespace engine {

using std::chrono::milliseconds;

void timer::disarm() {
  if (!wheel_) return;
  timers::unlink(*this);
  if (wheel_->soonest_ == tick_) wheel_->soonest_ = 0;
  --wheel_->armed_;
  wheel_ = nullptr;
}

timers::~timers() {
  for (auto& wheel : heads_)
    for (timer*& head : wheel)
      while (head) head->disarm();
}

void timers::link(timer*& head, timer& t) {
  t.next_ = head;
  t.link_ = &head;
  if (head) head->link_ = &t.next_;
  head = &t;
}

void timers::unlink(timer& t) {
  *t.link_ = t.next_;
  if (t.next_) t.next_->link_ = t.link_;
  t.link_ = nullptr;
  t.next_ = nullptr;
}

void timers::arm(timer& t, time_point at) {
  t.disarm();
  const auto since = std::chrono::ceil<milliseconds>(at - start_).count();
  // The slot of the present tick has been run already: the earliest is the next one.
  t.tick_ = std::max<std::uint64_t>(since > 0 ? static_cast<std::uint64_t>(since) : 0, tick_ + 1);
  t.wheel_ = this;
  ++armed_;
  if (soonest_ > tick_) soonest_ = std::min(soonest_, t.tick_);
  place(t);
}

void timers::place(timer& t) {
  const std::uint64_t ahead = t.tick_ - tick_;
  unsigned wheel = 0;
  while (wheel + 1 < wheels && ahead >= (std::uint64_t{1} << (slot_bits * (wheel + 1)))) ++wheel;
  // Farther than the last wheel reaches (49 days): wait in its last slot and be placed again from there.
  const std::uint64_t reach = (std::uint64_t{1} << (slot_bits * wheels)) - 1;
  const std::uint64_t tick = std::min(t.tick_, tick_ + reach);
  link(heads_[wheel][(tick >> (slot_bits * wheel)) % slots], t);
}

void timers::turn(unsigned wheel) {
  timer*& head = heads_[wheel][(tick_ >> (slot_bits * wheel)) % slots];
  timer* waiting = head;
  head = nullptr;
  while (waiting) {
    timer& t = *waiting;
    waiting = t.next_;
    place(t);
  }
}

bool timers::run_slot(timer*& head) {
  const bool any = head != nullptr;
  // A timer armed from expired() lands in a later slot, so this list only shrinks.
  while (head) {
    timer& t = *head;
    t.disarm();
    t.expired();
  }
  return any;
}

bool timers::expire(time_point now) {
  const auto since = std::chrono::floor<milliseconds>(now - start_).count();
  const std::uint64_t target = since > 0 ? static_cast<std::uint64_t>(since) : 0;
  if (armed_ == 0) {
    tick_ = std::max(tick_, target);
    return false;
  }
  bool any = false;
  while (tick_ < target) {
    ++tick_;
    for (unsigned wheel = 1; wheel < wheels && tick_ % (std::uint64_t{1} << (slot_bits * wheel)) == 0; ++wheel) turn(wheel);
    any = run_slot(heads_[0][tick_ % slots]) || any;
    if (armed_ == 0) tick_ = std::max(tick_, target);
  }
  return any;
}

time_point timers::next() const {
  if (armed_ == 0) return time_point::max();
  if (soonest_ <= tick_) soonest_ = look_for_next();
  return start_ + milliseconds(soonest_);
}

std::uint64_t timers::look_for_next() const {
  // The earliest occupied slot of any wheel: for the first wheel that is a deadline, for the others the turn that spreads it.
  std::uint64_t earliest = static_cast<std::uint64_t>(-1);
  for (unsigned wheel = 0; wheel < wheels; ++wheel) {
    const unsigned shift = slot_bits * wheel;
    const std::uint64_t turn = tick_ >> shift;
    for (std::uint64_t ahead = 1; ahead <= slots; ++ahead) {
      if (!heads_[wheel][(turn + ahead) % slots]) continue;
      earliest = std::min(earliest, (turn + ahead) << shift);
      break;
    }
  }
  return earliest;
}

}  // namespace engine
