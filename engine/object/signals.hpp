// SIGINT and SIGTERM become an orderly end: while a daemon runs they only write to a descriptor, and run() returns.
#pragma once

#include <chrono>

namespace engine {

/// A one-way latch that a signal handler may trip.
class stop_signal {
 public:
  stop_signal();   ///< throws std::system_error when no descriptor can be had
  ~stop_signal();
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;
  /// Any thread, and signal handlers.
  void notify() const;
  /// Returns once notified; at once ever after.
  void wait() const;
  /// The same until `deadline`; whether it has been notified.
  bool wait_until(std::chrono::steady_clock::time_point deadline) const;
  /// Readable once notified.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// While it lives, SIGINT and SIGTERM notify `target`, unless the program has handlers of its own. A second signal then has its
/// default effect: it ends the program.
class signal_guard {
 public:
  explicit signal_guard(const stop_signal& target);
  ~signal_guard();
  signal_guard(const signal_guard&) = delete;
  signal_guard& operator=(const signal_guard&) = delete;

 private:
  bool owns_ = false;
  bool taken_[2] = {false, false};
};

}  // namespace engine
