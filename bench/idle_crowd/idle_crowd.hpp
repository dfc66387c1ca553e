// One connection that is busy, alone and then beside thousands that have nothing to say: what they cost it, and what they cost the server's memory.
// Alone is measured before and after the crowd, so that what disturbs the machine for a while does not look like the crowd.
#pragma once

#include <cstdint>
#include <cstdio>

#include <bench/common/measure.hpp>
#include <bench/common/resident.hpp>

namespace bench {

struct crowd_cost {
  double alone_before = 0, alone_after = 0;  ///< the median time of a call, us
  std::size_t idle = 0;
  bool server_told = false;                  ///< whether `server_bytes` was
  double server_bytes = 0, client_bytes = 0; ///< of all idle connections
};

/// Calls one after another, as long as the settings say.
template <class Call> void keep_busy(timing& clock, Call&& call) {
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    call();
    clock.finished_call(started);
  }
}
template <class Call> double median_us(const arguments& given, Call&& call) {
  timing clock(given);
  keep_busy(clock, call);
  return clock.call_latencies().percentile_us(0.5);
}

/// The line: the figure is calls/s in the crowd. What compares the two is the median time of a call, which other programs disturb least.
inline void print_crowd(std::uint64_t answer, timing& in_the_crowd, const crowd_cost& cost) {
  const double alone = (cost.alone_before + cost.alone_after) / 2, beside = in_the_crowd.call_latencies().percentile_us(0.5);
  const double count = static_cast<double>(cost.idle);
  char more[256];
  int used = std::snprintf(more, sizeof more, R"(,"alone_p50_us":%.2f,"of_alone":%.3f,"client_bytes_per_idle":%.0f)", alone,
                           beside > 0 ? alone / beside : 0, cost.client_bytes / count);
  if (cost.server_told)
    used += std::snprintf(more + used, sizeof more - static_cast<std::size_t>(used), R"(,"server_bytes_per_idle":%.0f)", cost.server_bytes / count);
  print({.value = in_the_crowd.per_second(), .unit = "calls/s", .answer = answer, .operations = in_the_crowd.operations(), .workload = "idle_crowd",
         .more = std::string_view(more, static_cast<std::size_t>(used))}, &in_the_crowd.call_latencies());
}

}  // namespace bench
