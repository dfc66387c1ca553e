// The fixed load on our server, over the connections of the scenario many_connections.
#include <bench/engine/scenarios.hpp>
#include <bench/many_connections/engine_caller.hpp>
#include <bench/steady_load/steady_load.hpp>

namespace bench::ours {

void steady_load_of_calls(const arguments& given) {
  std::vector<std::unique_ptr<caller>> callers;
  for (std::size_t i = 0; i < given.count("conns", 10000); ++i) callers.push_back(std::make_unique<caller>(given.text("addr", "")));
  steady_load<caller>(callers, given).run(text_length);
}

}  // namespace bench::ours
