// Connect, one call, close, over and over with one proxy. The handshake that Pyro's protocol asks for is part of it.
#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void connect_and_call(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  timing clock(given);
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    expect(echo.length(text), text_length);
    engine::release(echo);
    clock.finished_call(started);
  }
  print("connect", "conn/s", text_length, clock);
}

}  // namespace bench::ours
