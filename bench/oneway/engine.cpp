// Oneway calls through one typed proxy, as fast as they go; at the end an ordinary call asks how many were executed, and they count from
// the first one sent to that answer.
#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void oneway(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  constexpr int few = 64;  // between looks at the clock
  const std::uint64_t before = echo.noted();
  std::uint64_t sent = 0;
  whole_run clock(given);
  while (clock.running()) {
    for (int i = 0; i < few; ++i) echo.note(text);
    sent += few;
  }
  expect(echo.noted() - before, sent);
  clock.finished(sent);
  print("oneway", "calls/s", text_length, clock);
}

}  // namespace bench::ours
