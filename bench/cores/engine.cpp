// One and two cores of our daemon: two clients, each with a typed proxy and bursts of asynchronous calls.
#include <memory>
#include <vector>

#include <bench/cores/cores.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void cores(const arguments& given) {
  const std::size_t burst = given.count("window", 256);
  cores_load(given, text_length, burst, [&] {
    using future = engine::future<std::uint64_t>;
    return [echo = std::make_shared<engine::proxy<Echo>>(echo_at(given), engine::proxy_options{.settings = settings_of(given)}), in_flight = std::make_shared<std::vector<future>>(),
            burst] {
      in_flight->clear();
      for (std::size_t i = 0; i < burst; ++i) in_flight->push_back(engine::async(*echo).length(text));
      for (future& each : *in_flight) expect(each.get(), text_length);
    };
  });
}

}  // namespace bench::ours
