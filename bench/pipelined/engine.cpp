// Up to `window` asynchronous calls in flight through one typed proxy; when half are answered, the window is filled up.
#include <deque>

#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void pipelined_call(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  const std::size_t window = given.count("window", 1024);
  std::deque<engine::future<std::uint64_t>> in_flight;
  timing clock(given);
  while (clock.running()) {
    while (in_flight.size() < window) in_flight.push_back(engine::async(echo).length(text));
    for (std::size_t i = 0; i < (window + 1) / 2; ++i) {
      expect(in_flight.front().get(), text_length);
      in_flight.pop_front();
    }
    clock.finished((window + 1) / 2);
  }
  for (auto& last : in_flight) expect(last.get(), text_length);
  print("pipelined_call", "calls/s", text_length, clock);
}

}  // namespace bench::ours
