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

task<> LiveNames::enroll(detail::given_text name, detail::given_uri where, double lease, std::optional<detail::given_truth> safe,
                         detail::given_tags metadata) {
  return names_.enroll_leased(std::move(name), std::move(where), lease, safe, std::move(metadata));
}

task<> LiveNames::lease(detail::given_text name, double seconds) { return names_.lease(std::move(name), seconds); }

}  // namespace engine
