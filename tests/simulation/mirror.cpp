// See mirror.hpp.
#include "mirror.hpp"

#include <engine/object/error.hpp>

#include "awaitable.hpp"

namespace engine::simulation {

namespace {

constexpr std::size_t most_losses = 60;

replica_options options_for(const world& w) {
  replica_options o{.of = w.where().to_string(), .settings = engine::settings::defaults()};
  o.retry = 5ms;
  return o;
}

}  // namespace

mirror::mirror(world& w, core& home, std::uint64_t seed, std::function<std::optional<std::int64_t>()> last)
    : home_(home), random_(seed * 1000 + 500), last_(std::move(last)), follower_(copy_, home, false, options_for(w)) {
  copy_.follow(follower_);
  home_.post([this] {
    task<> writing = write();
    spawn(std::move(writing));
    task<> waiting = end_when_equal();
    spawn(std::move(waiting));
  });
}

kept_names mirror::known() const {
  kept_names all;
  for (const auto& each : copy_.everything()) all[each.name] = each.at;
  return all;
}

task<> mirror::write() {
  const auto names = random_.below(10);
  for (std::uint64_t i = 0; i < names; ++i) {
    sleeping until(home_, home_.io().now() + std::chrono::nanoseconds(random_.below(10'000'000)));
    co_await until;
    const std::string name = prefix + std::to_string(i);
    task<> writing = write_one(name, "PYRO:m@host:" + std::to_string(i + 1));
    co_await writing;
  }
  written_all_ = true;
}

task<> mirror::write_one(std::string name, std::string where) {
  try {
    detail::given_text called{name};
    detail::given_uri at{.text = where};
    task<> enrolling = copy_.enroll(std::move(called), std::move(at), std::nullopt, detail::given_tags());
    co_await enrolling;
    written_[name] = where;
    if (copy_.lookup(name, std::nullopt).where.to_string() != where) wrong_.push_back(name + " is not what was just registered");
  } catch (const naming_error& e) {  // refused, or nobody knows
    if (written_.contains(name)) wrong_.push_back(name + " is not there, and was just registered");
  } catch (const std::exception& e) {
    wrong_.push_back(std::string("another error: ") + e.what());
  }
}

task<> mirror::end_when_equal() {
  for (;;) {
    const auto last = last_();
    gave_up_ = follower_.losses() >= most_losses;
    if (gave_up_ || (last && follower_.current() && follower_.revision() == *last)) break;
    sleeping until(home_, home_.io().now() + 5ms);
    co_await until;
  }
  follower_.end();
}

}  // namespace engine::simulation
