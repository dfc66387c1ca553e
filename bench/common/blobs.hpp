// Calls that carry one blob each, timed one by one: throughput over message size. The median counts, so that one call that met
// another program does not.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <bench/common/measure.hpp>

namespace bench {

/// Times `call()` with blobs of `size` bytes, as often as fits into `secs` and three times at least; the first one before that warms buffers
/// up and is not counted. `call` gives the bytes that were counted at the other end. Throws std::runtime_error when those are not `size`.
template <class Call> void time_blobs(std::string_view workload, const arguments& given, std::size_t size, Call&& call) {
  const auto one = [&] {
    const std::uint64_t started = now_ns();
    if (call() != size) throw std::runtime_error("not every byte of the blob has arrived");
    return static_cast<double>(size) * 1e3 / static_cast<double>(now_ns() - started);  // MB/s, a megabyte being 10^6 bytes
  };
  one();
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(given.number("secs", 0.5) * 1e9);
  std::vector<double> rates;
  while (rates.size() < 3 || now_ns() < end) rates.push_back(one());
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::nth_element(rates.begin(), middle, rates.end());
  print({.value = *middle, .unit = "MB/s", .answer = size, .operations = rates.size(), .workload = workload});
}

/// The setting `kb`, in bytes.
inline std::size_t blob_size(const arguments& given) { return given.count("kb", 1024) << 10; }

}  // namespace bench
