// One blob of `mb` MiB per call, four calls. Reported is the median of the last three, when buffers are warm; the first pays for
// page faults on fresh memory. The server receives into one reused buffer, so this is a floor of the transport alone.
#include <algorithm>
#include <array>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/frame.hpp>
#include <bench/raw/scenarios.hpp>

namespace bench {

void huge(const arguments& given) {
  const descriptor server = dial(given.text("addr", ""));
  const std::vector<char> blob(given.count("mb", 256) << 20, 7);
  frame request, answer;
  request.what = operation::blob;
  request.argument = blob.size();
  std::array<double, 4> rates{};  // MB/s, a megabyte being 10^6 bytes
  for (double& rate : rates) {
    const std::uint64_t started = now_ns();
    send_all(server.number(), request.bytes());
    send_all(server.number(), blob);
    receive_exactly(server.number(), answer.bytes(), false);
    rate = static_cast<double>(blob.size()) * 1e3 / static_cast<double>(now_ns() - started);
    expect_same(answer.bytes(), request.bytes());
  }
  std::sort(rates.begin() + 1, rates.end());
  print({.value = rates[2], .unit = "MB/s", .answer = answer.argument, .operations = rates.size(), .workload = "huge"});
}

}  // namespace bench
