// Batches of a thousand calls through one typed proxy, with their results.
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void batched(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.serializer = given.text("serializer", ""), .settings = settings_of(given)}};
  constexpr std::size_t calls = 1000;
  engine::batch many{echo};
  std::vector<engine::later<std::uint64_t>> answers;
  timing clock(given);
  while (clock.running()) {
    answers.clear();
    for (std::size_t i = 0; i < calls; ++i) answers.push_back(many.length(text));
    many.send();
    for (const auto& answer : answers) expect(*answer, text_length);
    clock.finished(calls);
  }
  print("batched", "calls/s", text_length, clock);
}

}  // namespace bench::ours
