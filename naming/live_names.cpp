// See live_names.hpp.
#include <naming/live_names.hpp>

#include <utility>

#include <engine/object/error.hpp>

namespace engine {

namespace {

constexpr double usual_quiet = 10, least_quiet = 0.01, most_quiet = 3600;

}  // namespace

// A coroutine, though it waits for nothing: its stream waits on a core, whatever the type of the server.
task<stream<name_change>> LiveNames::watch(std::optional<std::string> prefix, std::optional<double> quiet) {
  const double seconds = quiet.value_or(usual_quiet);
  if (!(seconds >= least_quiet && seconds <= most_quiet)) throw raised("ValueError", {"quiet must be 0.01 to 3600 seconds"});
  co_return names_.watch(std::move(prefix).value_or(""), std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
}

}  // namespace engine
