// `count` calls through one typed proxy, for callgrind: run with two counts, the difference is what the calls cost the client. `style`: call (one after
// another), pipelined (bursts of a hundred), oneway, batch (of a hundred), stream (`count` items of one).
#include <stdexcept>
#include <vector>

#include <bench/engine/echo.hpp>
#include <bench/engine/scenarios.hpp>

namespace bench::ours {
namespace {

using echo_proxy = engine::proxy<Echo>;
constexpr std::size_t burst = 100;

void calls(echo_proxy& echo, std::size_t count) {
  for (std::size_t left = count; left > 0; --left) expect(echo.length(text), text_length);
}

void pipelined(echo_proxy& echo, std::size_t count) {
  std::vector<engine::future<std::uint64_t>> in_flight;
  for (std::size_t left = count / burst; left > 0; --left) {
    in_flight.clear();
    for (std::size_t i = 0; i < burst; ++i) in_flight.push_back(engine::async(echo).length(text));
    for (auto& each : in_flight) expect(each.get(), text_length);
  }
}

void oneway_calls(echo_proxy& echo, std::size_t count) {
  const std::uint64_t before = echo.noted();
  for (std::size_t left = count; left > 0; --left) echo.note(text);
  expect(echo.noted() - before, count);
}

void batches(echo_proxy& echo, std::size_t count) {
  engine::batch many{echo};
  std::vector<engine::later<std::uint64_t>> answers;
  for (std::size_t left = count / burst; left > 0; --left) {
    answers.clear();
    for (std::size_t i = 0; i < burst; ++i) answers.push_back(many.length(text));
    many.send();
    for (const auto& answer : answers) expect(*answer, text_length);
  }
}

void items(echo_proxy& echo, std::size_t count) {
  std::uint64_t wanted = 1;
  for (const std::uint64_t item : echo.count_to(count)) expect(item, wanted++);
  expect(wanted, count + 1);
}

}  // namespace

void counted_calls(const arguments& given) {
  echo_proxy echo{echo_at(given), {.settings = settings_of(given)}};
  const std::string style = given.text("style", "call");
  const std::size_t count = given.count("count", 1000);
  if (style == "call") return calls(echo, count);
  if (style == "pipelined") return pipelined(echo, count);
  if (style == "oneway") return oneway_calls(echo, count);
  if (style == "batch") return batches(echo, count);
  if (style == "stream") return items(echo, count);
  throw std::invalid_argument("no such style: " + style);
}

}  // namespace bench::ours
