// When a spinning thread gives its processor away. Never, and two spinners that share one starve each other for whole time slices;
// each time, and half of what a spin costs is the yield, which is what the arrival then waits for. So: seldom while a yield comes
// straight back, and each time while it lets somebody else run.
#pragma once

#include <sched.h>

#include <chrono>

namespace engine {

class yield_rhythm {
 public:
  using duration = std::chrono::nanoseconds;

  /// Whether the look that just found nothing is followed by a yield.
  bool due() { return --left_ == 0; }
  /// What that yield took: longer than a system call means that somebody else has run.
  void took(duration d) { left_ = d > own ? 1 : seldom; }

  static constexpr unsigned seldom = 32;  // looks, about ten microseconds: what the first arrival on a shared processor waits
  static constexpr duration own{1500};

 private:
  unsigned left_ = 1;
};

/// Called by a spinning thread after each look that found nothing.
inline void yield_in(yield_rhythm& rhythm) {
  if (!rhythm.due()) return;
  const auto before = std::chrono::steady_clock::now();
  ::sched_yield();
  rhythm.took(std::chrono::steady_clock::now() - before);
}

}  // namespace engine
