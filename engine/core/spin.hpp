// How long to poll before sleeping. Waking a halted core costs forty times the work of a call (DESIGN §0.1), so waiting starts
// with a spin; but only while that has been paying off. Measured and self-limiting: after `misses_max` spins in a row that
// found nothing the next `rest` waits sleep at once, then one is tried again.
#pragma once

#include <chrono>
#include <cstdint>

namespace engine {

class adaptive_spin {
 public:
  using duration = std::chrono::nanoseconds;
  /// `budget`: the longest spin, 0 = never spin.
  explicit adaptive_spin(duration budget) : budget_(budget) {}

  /// How long the wait that begins now may spin.
  duration allowance() const { return resting_ > 0 ? duration{0} : budget_; }
  /// The wait ended while spinning: something came within the allowance.
  void hit() { misses_ = 0; }
  /// The allowance was used up, or there is none while it rests, and the thread goes to sleep.
  void miss() {
    if (resting_ > 0) {
      --resting_;
    } else if (++misses_ >= misses_max) {
      misses_ = misses_max - 1;  // after the rest a single miss is enough to rest again
      resting_ = rest;
    }
  }
  /// While resting: what came, came so soon after falling asleep that a spin would have caught it.
  void soon() {
    if (resting_ > 1) resting_ = 1;
  }
  bool resting() const { return resting_ > 0; }
  duration budget() const { return budget_; }

  static constexpr std::uint32_t misses_max = 8, rest = 64;

 private:
  duration budget_;
  std::uint32_t misses_ = 0, resting_ = 0;
};

}  // namespace engine
