// One blob of `mb` MiB as argument per call, four calls; the median of the last three.
#include <algorithm>
#include <array>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void huge(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  const std::vector<std::byte> blob(given.count("mb", 256) << 20, std::byte{7});
  std::uint64_t answer = 0;
  std::array<double, 4> rates{};  // MB/s, a megabyte being 10^6 bytes
  for (double& rate : rates) {
    const std::uint64_t started = now_ns();
    answer = echo.blob(blob);
    rate = static_cast<double>(blob.size()) * 1e3 / static_cast<double>(now_ns() - started);
    expect(answer, blob.size());
  }
  std::sort(rates.begin() + 1, rates.end());
  print({.value = rates[2], .unit = "MB/s", .answer = answer, .operations = rates.size(), .workload = "huge"});
}

}  // namespace bench::ours
