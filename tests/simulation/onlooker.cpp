// See onlooker.hpp.
#include "onlooker.hpp"

#include <engine/object/error.hpp>

#include "awaitable.hpp"

namespace engine::simulation {

namespace {

constexpr double quiet = 0.02;

/// A change as the storage tells it (seeded_storage.hpp).
void follow(kept_names& names, const kept_change& c) {
  if (c.what == "removed") names.erase(c.name);
  else names[c.name] = c.as;
}

}  // namespace

onlooker::onlooker(world& w, core& home, std::uint64_t seed, const std::vector<kept_change>* changes, std::function<std::optional<std::int64_t>()> last)
    : world_(w), home_(home), random_(seed * 1000 + 999), changes_(changes), last_(std::move(last)) {
  home_.post([this] {
    task<> living = live();
    spawn(std::move(living));
  });
}

task<> onlooker::live() {
  while (!done() && !gave_up() && wrong_.empty()) {
    const std::chrono::nanoseconds pause(random_.below(8'000'000));
    sleeping until(home_, home_.io().now() + pause);
    co_await until;
    task<> watching = watch();
    co_await watching;
  }
  over_ = true;
}

bool onlooker::done() const {
  const auto last = last_();
  return current_ && last && revision_ == *last;
}

/// One connection, as long as it lasts.
task<> onlooker::watch() {
  current_ = false;
  known_.clear();
  proxy_options how;
  how.settings = engine::settings::defaults();
  const proxy<live_names> names(uri("PYRO:Engine.NameServer@" + world_.where().to_string()), how);
  const bool slow = random_.chance(0.2);
  try {
    auto asking = async(names).watch("", quiet);
    stream<name_change> items = co_await asking;
    while (!done()) {
      const auto next = co_await items.next();
      if (!next) co_return complain("the watching ended");
      hear(*next);
      if (!slow) continue;
      sleeping until(home_, home_.io().now() + std::chrono::milliseconds(random_.below(30)));
      co_await until;
    }
  } catch (const naming_error& e) {
    ++missed_;
    if (!std::string_view(e.what()).starts_with("changes were missed")) complain(std::string("another error: ") + e.what());
  } catch (const unreachable&) {
    ++lost_;
  } catch (const std::exception& e) {
    complain(std::string("another error: ") + e.what());
  }
}

void onlooker::hear(const name_change& c) {
  if (c.what == "listed") {
    if (current_ || known_.contains(c.name)) complain(c.name + " was listed again");
    known_[c.name] = {.uri = c.uri, .tags = c.metadata};
  } else if (c.what == "current") {
    current_ = true;
    revision_ = c.revision;
    check_standing();
  } else if (c.what == "quiet") {
    if (c.revision != revision_) complain("quiet, and not at the revision that was told last");
  } else {
    ++told_;
    const kept_change heard{.what = c.what, .name = c.name, .as = {.uri = c.uri, .tags = c.metadata}};
    if (!current_ || c.revision != revision_ + 1) complain(c.name + " came out of order");
    revision_ = c.revision;
    if (changes_ && (changes_->size() < static_cast<std::size_t>(revision_) || (*changes_)[static_cast<std::size_t>(revision_) - 1] != heard))
      complain("change " + std::to_string(revision_) + " of " + c.name + " is not what the storage has kept");
    follow(known_, heard);
  }
}

void onlooker::check_standing() {
  if (!changes_) return;
  if (changes_->size() < static_cast<std::size_t>(revision_)) return complain("it knows of changes that the storage has not kept");
  kept_names stood;
  for (std::int64_t i = 0; i < revision_; ++i) follow(stood, (*changes_)[static_cast<std::size_t>(i)]);
  if (stood != known_) complain("what stood at revision " + std::to_string(revision_) + " is something else");
}

}  // namespace engine::simulation
