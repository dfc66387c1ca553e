// `count` calls one after another through one typed proxy, for callgrind: run with two counts, the difference is what the calls cost.
#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {

void counted_calls(const arguments& given) {
  engine::proxy<Echo> echo{echo_at(given), {.settings = settings_of(given)}};
  for (std::size_t left = given.count("count", 1000); left > 0; --left) expect(echo.length(text), text_length);
}

}  // namespace bench::ours
