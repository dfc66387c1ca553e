// How many share something. A locked instruction takes some twenty cycles, as long as sixty others: it is left out where nobody can be counting
// at the same time.
#pragma once

#include <atomic>
#include <cstdint>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace engine::detail {

class reference_count {
 public:
  explicit reference_count(std::uint32_t first) : count_(first) {}
  void add() {
    if (alone()) add_unseen();
    else count_.fetch_add(1, std::memory_order_relaxed);
  }
  /// The same while no other thread has seen what is counted.
  void add_unseen() { count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  /// Whether those were the last: then what is counted ends, and this with it.
  [[nodiscard]] bool drop(std::uint32_t those = 1) {
    const std::uint32_t all = count_.load(std::memory_order_acquire);
    if (all == those) return true;  // nobody else is left to count
    if (!alone()) return count_.fetch_sub(those, std::memory_order_acq_rel) == those;
    count_.store(all - those, std::memory_order_relaxed);
    return false;
  }

 private:
  /// Whether this process has a single thread (GNU C Library manual, Single-Threaded).
  static bool alone() {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
  }
  std::atomic<std::uint32_t> count_;
};

}  // namespace engine::detail
