// One call after another through one typed proxy.
#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void sync_call(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.serializer = given.text("serializer", ""), .settings = settings_of(given)}};
  timing clock(given);
  while (clock.running()) {
    const std::uint64_t started = clock.now();
    expect(echo.length(text), text_length);
    clock.finished_call(started);
  }
  print("sync_call", "calls/s", text_length, clock);
}

}  // namespace bench::ours
