#include <bench/common/measure.hpp>

#include <time.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace bench {

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

double latencies::percentile_us(double p) {
  if (samples_.empty()) return 0;
  const auto rank = std::min(samples_.size() - 1, static_cast<std::size_t>(p * static_cast<double>(samples_.size())));
  const auto nth = samples_.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(samples_.begin(), nth, samples_.end());
  return *nth / 1000.0;
}

timing::timing(const arguments& given)
    : now_(now_ns()),
      warm_(now_ + static_cast<std::uint64_t>(given.number("warm", 0.2) * 1e9)),
      end_(warm_ + static_cast<std::uint64_t>(given.number("secs", 0.5) * 1e9)) {}

double timing::per_second() const {
  return counting_ && now_ > start_ ? static_cast<double>(operations_) * 1e9 / static_cast<double>(now_ - start_) : 0;
}

whole_run::whole_run(const arguments& given)
    : start_(now_ns()), end_(start_ + static_cast<std::uint64_t>(given.number("secs", 0.5) * 1e9)) {}

void whole_run::finished(std::uint64_t operations) {
  ended_ = now_ns();
  operations_ = operations;
}

void print(const result& r, latencies* calls) {
  std::printf(R"({"workload":"%.*s","value":%.2f,"unit":"%.*s")", static_cast<int>(r.workload.size()), r.workload.data(),
              r.value, static_cast<int>(r.unit.size()), r.unit.data());
  if (calls != nullptr && !calls->empty())
    std::printf(R"(,"p50_us":%.2f,"p90_us":%.2f,"p99_us":%.2f,"p999_us":%.2f,"max_us":%.2f)", calls->percentile_us(0.5),
                calls->percentile_us(0.9), calls->percentile_us(0.99), calls->percentile_us(0.999), calls->percentile_us(1));
  std::fwrite(r.more.data(), 1, r.more.size(), stdout);
  std::printf(R"(,"ops":%)" PRIu64 R"(,"answer":%)" PRIu64 "}\n", r.operations, r.answer);
  std::fflush(stdout);
}

void print(std::string_view workload, std::string_view unit, std::uint64_t answer, timing& clock) {
  print({.value = clock.per_second(), .unit = unit, .answer = answer, .operations = clock.operations(), .workload = workload},
        &clock.call_latencies());
}

void print(std::string_view workload, std::string_view unit, std::uint64_t answer, const whole_run& clock) {
  print({.value = clock.per_second(), .unit = unit, .answer = answer, .operations = clock.operations(), .workload = workload});
}

}  // namespace bench
