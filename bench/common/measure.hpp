// Time, latency percentiles and the one JSON line a benchmark client prints. Every loop is timed by the same `timing`, so
// that warm-up, start and end mean the same for each competitor.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <bench/common/arguments.hpp>

namespace bench {

/// Monotonic clock, nanoseconds.
std::uint64_t now_ns();

class latencies {
 public:
  latencies() { samples_.reserve(std::size_t(4) << 20); }  // growing would copy megabytes in the middle of a measurement
  void add(std::uint64_t ns) { samples_.push_back(ns > 0xffffffffu ? 0xffffffffu : static_cast<std::uint32_t>(ns)); }
  bool empty() const { return samples_.empty(); }
  /// The p-quantile (0..1) in microseconds; 0 without samples. Reorders the samples.
  double percentile_us(double p);

 private:
  std::vector<std::uint32_t> samples_{};  ///< nanoseconds
};

/// A warm-up that is not counted, then a timed window. Settings: `warm` and `secs`, in seconds. The window stays open until
/// something was counted, so that a tiny run on a busy machine ends with a number too.
class timing {
 public:
  explicit timing(const arguments&);

  std::uint64_t now() const { return now_; }  ///< when something last finished, nanoseconds
  bool running() const { return now_ < end_ || operations_ == 0; }

  /// So many operations have finished now.
  void finished(std::uint64_t operations) {
    now_ = now_ns();
    if (counting_) operations_ += operations;
    else if (now_ > warm_) counting_ = true, start_ = now_, end_ += now_ - warm_;  // the whole time, however late the first one was
  }
  /// One operation that began at `started` has finished now.
  void finished_call(std::uint64_t started) {
    finished(1);
    if (counting_ && started >= start_) latencies_.add(now_ - started);
  }

  std::uint64_t operations() const { return operations_; }
  double per_second() const;
  latencies& call_latencies() { return latencies_; }

 private:
  std::uint64_t now_, warm_, end_, start_ = 0, operations_ = 0;
  bool counting_ = false;
  latencies latencies_{};
};

/// For what can only be counted at its end: no warm-up, and the time until the last operation has finished counts. Setting: `secs`.
class whole_run {
 public:
  explicit whole_run(const arguments&);
  bool running() const { return now_ns() < end_; }
  /// All of them have finished now.
  void finished(std::uint64_t operations);
  std::uint64_t operations() const { return operations_; }
  double per_second() const { return static_cast<double>(operations_) * 1e9 / static_cast<double>(ended_ - start_); }

 private:
  std::uint64_t start_, end_, ended_ = 0, operations_ = 0;
};

/// What a client reports. `answer` is what the server computed (the length of the text it was sent, the bytes it
/// counted): the same number for every competitor, and compared before the speeds are.
struct result {
  double value = 0;
  std::string_view unit{};
  std::uint64_t answer = 0;
  std::uint64_t operations = 0;
  std::string_view workload{};
  std::string_view more{};  ///< further members of the line, each with a comma before it
};

/// Prints the line on stdout; percentiles only when there are samples.
void print(const result&, latencies* = nullptr);
/// The line of a workload that was timed by `timing`.
void print(std::string_view workload, std::string_view unit, std::uint64_t answer, timing&);
void print(std::string_view workload, std::string_view unit, std::uint64_t answer, const whole_run&);

}  // namespace bench
