// Three clients at once on the cores that the server uses too: small calls one after another, bursts of 64 calls in flight, and blobs
// of a megabyte. What counts is how the small calls fare; how much the other two did stands beside it.
#pragma once

#include <cstdio>

#include <bench/common/background.hpp>
#include <bench/common/measure.hpp>

namespace bench {

inline constexpr std::size_t mixed_burst = 64, mixed_blob = 1 << 20;

/// Each of the three makes its connection and gives the function to repeat. Prints the line.
template <class Small, class Burst, class Blob> void mixed_load(const arguments& given, std::uint64_t answer, Small small, Burst burst, Blob blob) {
  background bursts(burst), blobs(blob);
  auto call = small();
  timing clock(given);
  std::uint64_t began = 0, bursts_before = 0, blobs_before = 0;
  while (clock.running()) {
    const std::uint64_t started = now_ns();
    call();
    clock.finished_call(started);
    if (began == 0 && clock.operations() > 0) began = clock.now(), bursts_before = bursts.done(), blobs_before = blobs.done();
  }
  const double seconds = static_cast<double>(clock.now() - began) / 1e9;
  const auto rate = [&](std::uint64_t done, std::size_t each) { return seconds > 0 ? static_cast<double>(done * each) / seconds : 0; };
  char others[128];
  std::snprintf(others, sizeof others, R"(,"burst_calls_per_s":%.1f,"blob_mb_per_s":%.1f)", rate(bursts.done() - bursts_before, mixed_burst),
                rate(blobs.done() - blobs_before, mixed_blob) / 1e6);
  bursts.stop();
  blobs.stop();
  print({.value = clock.per_second(), .unit = "calls/s", .answer = answer, .operations = clock.operations(), .workload = "mixed", .more = others},
        &clock.call_latencies());
}

}  // namespace bench
