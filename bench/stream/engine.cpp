// Items of one stream after another, each of a million numbers.
#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void item_stream(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  constexpr std::uint64_t items = 1'000'000, few = 64;
  timing clock(given);
  while (clock.running()) {
    std::uint64_t wanted = 1;
    for (const std::uint64_t item : echo.count_to(items)) {
      expect(item, wanted);
      if (wanted++ % few == 0) {
        clock.finished(few);
        if (!clock.running()) break;
      }
    }
  }
  print("stream", "items/s", few, clock);
}

}  // namespace bench::ours
