// Leases on simulated time, by seed: tenants register names and renew them over connections that tear, until they go without a word. No name ends before
// its lease does, each one ends soon after, and tenants whose renewals came too late find their names gone and register anew.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <engine/object/error.hpp>
#include <naming/live_names.hpp>
#include <naming/locate_live.hpp>

#include "../support/seeds.hpp"
#include "awaitable.hpp"
#include "seeded_storage.hpp"
#include "world.hpp"

namespace engine::simulation {
namespace {

using testing_support::seed_scope;
using testing_support::seeds;

constexpr auto slack = 500ms;  // for busy cores, slow disks and requests that are still on their way when their connection is lost

/// A program with one leased name.
class tenant {
 public:
  tenant(world& w, core& home, std::uint64_t number, std::uint64_t seed)
      : name("tenant." + std::to_string(number)), where("PYRO:o@host:" + std::to_string(number + 1)), world_(w), home_(home), random_(seed * 1000 + number),
        lease_(std::chrono::milliseconds(300 + random_.below(3000))), leaves_(w.now() + std::chrono::milliseconds(random_.below(20'000))) {
    home_.post([this] {
      task<> living = live();
      spawn(std::move(living));
    });
  }

  const std::string name, where;
  bool over = false;
  std::size_t anew = 0, lost = 0, renewals = 0;
  time_point earliest{}, latest{};  ///< when the name may end
  std::vector<std::string> wrong{};

 private:
  task<> live() {
    bool known = false;
    while (home_.io().now() < leaves_) {
      task<bool> asking = known ? renew() : enroll();
      known = co_await asking;
      const std::chrono::nanoseconds pause = known ? lease_ / 3 : std::chrono::nanoseconds(5ms);
      sleeping until(home_, home_.io().now() + pause);
      co_await until;
    }
    names_ = {};
    over = true;
  }
  proxy<live_names>& names() {
    proxy_options how;
    how.settings = engine::settings::defaults();
    if (!connected_) names_ = proxy<live_names>(uri("PYRO:Engine.NameServer@" + world_.where().to_string()), how);
    connected_ = true;
    return names_;
  }
  task<bool> enroll() {
    const time_point asked = home_.io().now();
    try {
      auto enrolling = async(names()).enroll(name, uri(where), std::chrono::duration<double>(lease_).count(), std::nullopt, std::nullopt);
      co_await enrolling;
      note(asked, true);
      ++anew;
      co_return true;
    } catch (const std::exception& e) {
      co_return fail(asked, e);
    }
  }
  task<bool> renew() {
    const time_point asked = home_.io().now();
    try {
      auto renewing = async(names()).renew(std::map<std::string, std::string>{{name, where}});
      const auto others = co_await renewing;
      const bool kept = others.empty();
      if (kept) note(asked, true);
      else if (home_.io().now() < earliest) wrong.push_back(name + " ended before its lease");
      ++renewals;
      co_return kept;
    } catch (const std::exception& e) {
      co_return fail(asked, e) || true;  // it may stand still
    }
  }
  void note(time_point asked, bool heard) {
    if (heard) earliest = asked + lease_;
    latest = home_.io().now() + lease_;
  }
  bool fail(time_point asked, const std::exception& e) {
    note(asked, false);
    connected_ = false;
    ++lost;
    const auto* const refused = dynamic_cast<const naming_error*>(&e);
    if (!dynamic_cast<const unreachable*>(&e) && !(refused && std::string_view(e.what()) == disk_full)) wrong.push_back(std::string("another error: ") + e.what());
    return false;
  }

  world& world_;
  core& home_;
  seeded_random random_;
  const std::chrono::milliseconds lease_;
  const time_point leaves_;
  proxy<live_names> names_{};
  bool connected_ = false;
};

class lease_story {
 public:
  explicit lease_story(std::uint64_t seed) : random_(seed), names_(drawn_storage(seed), [this] { write_later(); }), stage_(drawn_options(seed)) {
    names_.tell_ends([this](time_point next) {
      stage_.server_core(0).post([this, next] {
        task<> waiting = expire_at(next);
        spawn(std::move(waiting));
      });
    });
    stage_.host().objects.add({.id = live_names_id, .object = &live_, .table = &interface_of<LiveNames>(), .shared = true}, false);
    stage_.listen();
    const auto count = 1 + random_.below(6);
    for (std::uint64_t i = 0; i < count; ++i) tenants_.emplace_back(stage_, stage_.machine(random_.below(stage_.machines())), i, seed);
  }
  ~lease_story() {
    stage_.stop();
    stage_.run_until_idle();
  }

  void run() {
    for (const tenant& each : tenants_) look_at(each);
    if (!stage_.run_until_idle()) wrong.push_back("it never ends");
    if (names_.count() != 0) wrong.push_back("a name stands for ever");
    for (const tenant& each : tenants_) {
      if (!each.over) wrong.push_back("a tenant still waits");
      wrong.insert(wrong.end(), each.wrong.begin(), each.wrong.end());
      anew += each.anew;
      lost += each.lost;
      renewals += each.renewals;
    }
  }
  std::uint64_t hash() { return stage_.network().hash(); }

  std::vector<std::string> wrong{};
  std::size_t anew = 0, lost = 0, renewals = 0, looked = 0;

 private:
  world_options drawn_options(std::uint64_t seed) {
    world_options o{.seed = seed, .faults = faults::drawn_from(seed)};
    o.server_cores = 1 + random_.below(2);
    o.machines = 1 + random_.below(2);
    o.busy = random_.chance(0.5) ? 0.05 : 0;
    o.settings = engine::settings::defaults();
    return o;
  }
  std::unique_ptr<storage> drawn_storage(std::uint64_t seed) {
    return random_.chance(0.5) ? std::make_unique<seeded_storage>(disk_, seed, random_.chance(0.5) ? 0 : 0.2) : nullptr;
  }
  void write_later() {
    stage_.server_core(0).post([this] { names_.write_waiting(); });
  }
  task<> expire_at(time_point next) {
    core& home = stage_.server_core(0);
    if (next == time_point::max()) co_return;
    sleeping until(home, next);
    co_await until;
    names_.expire_leases(home.io().now());
  }
  /// Now and then: what must stand stands, and what must have ended has.
  void look_at(const tenant& of) {
    stage_.server_core(0).post([this, &of] {
      task<> looking = look(of);
      spawn(std::move(looking));
    });
  }
  task<> look(const tenant& of) {
    core& home = stage_.server_core(0);
    for (int i = 0; i < 2000; ++i) {
      sleeping until(home, home.io().now() + 20ms);
      co_await until;
      const time_point now = home.io().now();
      const bool stands = stands_for(of);
      if (!stands && now < of.earliest) wrong.push_back(of.name + " does not stand, and its lease has not ended");
      if (stands && of.over && disk_.failures == 0 && now > of.latest + slack) wrong.push_back(of.name + " stands, and its lease has ended");
      ++looked;
      if (of.over && !stands) co_return;
    }
  }
  bool stands_for(const tenant& of) {
    for (const auto& each : names_.everything())
      if (each.name == of.name) return true;
    return false;
  }

  seeded_random random_;
  storage_story disk_{};
  NameServer names_;
  LiveNames live_{names_};
  world stage_;
  std::deque<tenant> tenants_{};
};

TEST(Leases, end_when_they_should_in_every_world) {
  std::size_t anew = 0, lost = 0, renewals = 0, looked = 0;
  const auto drawn = seeds(100);
  for (const std::uint64_t seed : drawn) {
    const seed_scope scope(seed);
    lease_story story(seed);
    story.run();
    for (const std::string& what : story.wrong) ADD_FAILURE() << what;
    if (HasFailure()) return;
    anew += story.anew;
    lost += story.lost;
    renewals += story.renewals;
    looked += story.looked;
  }
  std::cout << drawn.size() << " worlds: " << anew << " registrations, " << renewals << " renewals, " << lost << " calls lost or not kept; looked at " << looked << " times\n";
  if (drawn.size() >= 100) {
    EXPECT_TRUE(anew > drawn.size() && renewals > anew && lost > 0) << "the stories are too tame";
  }
}

TEST(Leases, tell_the_same_story_for_the_same_seed) {
  for (const std::uint64_t seed : seeds(10)) {
    const seed_scope scope(seed);
    lease_story first(seed), second(seed);
    first.run();
    second.run();
    EXPECT_EQ(first.hash(), second.hash());
  }
}

}  // namespace
}  // namespace engine::simulation
