// Registrations and lookups under faults, by seed: several clients on several machines, each with many names under way at once, on connections
// that tear. Every call ends once; what was acknowledged is listed in the end, and nothing that nobody registered.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <engine/object/error.hpp>
#include <naming/locate.hpp>
#include <naming/name_server.hpp>

#include "../support/seeds.hpp"
#include "awaitable.hpp"
#include "world.hpp"

namespace engine::simulation {
namespace {

using testing_support::seed_scope;
using testing_support::seeds;

constexpr int shared_names = 4;  // … that all clients want, safely
constexpr std::size_t most_failures = 60;  // of one client: where every connection tears it gives up

/// What a name may stand for in the end; nullopt: nothing.
using possible = std::set<std::optional<std::string>>;

struct outcome {
  std::size_t started = 0, answered = 0, refused = 0, lost = 0;
  std::vector<std::string> wrong{};
};

/// One client: its names live side by side, over one connection at a time.
class registrar {
 public:
  registrar(world& w, core& home, std::uint64_t number, std::uint64_t seed) : world_(w), home_(home), number_(number), random_(seed * 1000 + number) {
    renew();
    const auto lives = 1 + random_.below(20);
    for (std::uint64_t i = 0; i < lives; ++i) begin("own." + std::to_string(number_) + "." + std::to_string(i), false);
    for (int i = 0; i < shared_names; ++i) begin("shared." + std::to_string(i), true);
  }

  bool over() const { return living_ == 0; }
  const outcome& came() const { return came_; }
  const std::map<std::string, possible>& own() const { return own_; }
  /// Shared names that it got, and those that it was told somebody else has.
  const std::map<std::string, std::string>& got() const { return got_; }
  const std::set<std::string>& taken() const { return taken_; }

 private:
  enum class ended { answered, refused, lost };

  void begin(std::string name, bool shared) {
    ++living_;
    const std::chrono::nanoseconds start(random_.below(20'000'000));
    home_.post([this, name = std::move(name), shared, start] {
      task<> living = shared ? want(name, start) : live(name, start);
      spawn(std::move(living));
    });
  }

  /// A lost connection is followed by another proxy, as of a program that starts again.
  void renew() {
    proxy_options how;
    how.settings = engine::settings::defaults();
    names_ = proxy<name_server>(uri("PYRO:Pyro.NameServer@" + world_.where().to_string()), how);
    ++generation_;
  }

  std::string draw_uri() { return "PYRO:o" + std::to_string(number_) + "." + std::to_string(++uris_) + "@host:" + std::to_string(1 + random_.below(60'000)); }

  /// Makes a call and sees how it ends.
  template <class Start> task<ended> finish(Start start, std::string* text = nullptr) {
    ++came_.started;
    const std::uint64_t mine = generation_;
    ended how = ended::answered;
    try {
      auto answer = start(names_);
      if constexpr (std::is_same_v<decltype(answer), future<uri>>) {
        const uri found = co_await answer;
        *text = found.to_string();
      } else {
        co_await answer;
      }
    } catch (const naming_error&) {
      how = ended::refused;
    } catch (const unreachable&) {
      how = ended::lost;
    } catch (const std::exception& e) {
      came_.wrong.push_back(std::string("another error: ") + e.what());
    }
    ++(how == ended::answered ? came_.answered : how == ended::refused ? came_.refused : came_.lost);
    if (how == ended::lost && mine == generation_) renew();
    co_return how;
  }

  struct registering {
    std::string name, where;
    bool safe;
    future<void> operator()(proxy<name_server>& names) const { return async(names).enroll(name, uri(where), safe, name_server::tags{"simulated"}); }
  };
  struct looking {
    std::string name;
    future<uri> operator()(proxy<name_server>& names) const { return async(names).lookup(name); }
  };
  struct removing {
    std::string name;
    future<std::int64_t> operator()(proxy<name_server>& names) const { return async(names).remove(name, std::nullopt, std::nullopt); }
  };

  /// A name of its own: registered, looked up, replaced, removed, in some order. Once a call is lost nobody knows whether it was, or will yet
  /// be, carried out: the name is left alone then.
  task<> live(std::string name, std::chrono::nanoseconds start) {
    sleeping until(home_, home_.io().now() + start);
    co_await until;
    possible& may_be = own_[name];
    may_be = {std::nullopt};
    const auto steps = 1 + random_.below(6);
    for (std::uint64_t step = 0; step < steps && came_.lost < most_failures; ++step) {
      const std::optional<std::string> before = *may_be.begin();
      const auto choice = random_.below(4);
      ended how;
      std::optional<std::string> now = before;
      if (choice == 0) {
        std::string found;
        looking call{name};
        task<ended> asking = finish(std::move(call), &found);
        how = co_await asking;
        if (how == ended::answered && found != before) came_.wrong.push_back(name + " was " + found + " instead of " + before.value_or("nothing"));
        if (how == ended::refused && before) came_.wrong.push_back(name + " is unknown, but was acknowledged");
        if (how == ended::lost) continue;  // nothing has changed
      } else if (choice == 1 && before) {
        now = std::nullopt;
        removing call{name};
        task<ended> asking = finish(std::move(call));
        how = co_await asking;
      } else {
        now = draw_uri();
        registering call{name, *now, false};
        task<ended> asking = finish(std::move(call));
        how = co_await asking;
        if (how == ended::refused) came_.wrong.push_back(name + " was refused");
      }
      if (how == ended::lost) {
        may_be.insert(now);
        break;
      }
      if (how == ended::answered) may_be = {now};
    }
    end();
  }

  /// A name that others want too.
  task<> want(std::string name, std::chrono::nanoseconds start) {
    sleeping until(home_, home_.io().now() + start);
    co_await until;
    const std::string where = draw_uri();
    registering call{name, where, true};
    task<ended> asking = finish(std::move(call));
    const ended how = co_await asking;
    if (how == ended::answered) got_[name] = where;
    if (how == ended::refused) taken_.insert(name);
    end();
  }

  void end() {
    if (--living_ == 0) names_ = proxy<name_server>();  // its connection goes
  }

  world& world_;
  core& home_;
  const std::uint64_t number_;
  seeded_random random_;
  proxy<name_server> names_{};
  std::uint64_t generation_ = 0, uris_ = 0;
  std::size_t living_ = 0;
  outcome came_{};
  std::map<std::string, possible> own_{};
  std::map<std::string, std::string> got_{};
  std::set<std::string> taken_{};
};

/// A name server and its clients, drawn from a seed, from the first registration to the end.
class name_story {
 public:
  explicit name_story(std::uint64_t seed) : random_(seed), stage_(drawn_options(seed)) {
    stage_.host().objects.add({.id = name_server_id, .object = &names_, .table = &interface_of<NameServer>(), .shared = true}, false);
    stage_.listen();
    const auto clients = 1 + random_.below(6);
    for (std::uint64_t i = 0; i < clients; ++i) clients_.emplace_back(stage_, stage_.machine(random_.below(stage_.machines())), i, seed);
  }
  ~name_story() {
    stage_.stop();
    stage_.run_until_idle();
  }

  void run() {
    if (!stage_.run_until_idle()) wrong_.push_back("it never ends");
    std::map<std::string, std::string> listed;
    for (const auto& each : names_.everything()) listed[each.name] = each.at.uri;
    for (const registrar& each : clients_) check(each, listed);
    for (const auto& [name, uri] : listed)
      if (!expected_.contains(name) && !name.starts_with("shared.")) wrong_.push_back(name + " is listed, and nobody registered it");
  }

  const std::vector<std::string>& wrong() const { return wrong_; }
  const outcome& came() const { return all_; }
  std::uint64_t hash() { return stage_.network().hash(); }
  const std::string& log() { return stage_.network().log(); }

 private:
  world_options drawn_options(std::uint64_t seed) {
    world_options o{.seed = seed, .faults = faults::drawn_from(seed)};
    o.server_cores = 1 + random_.below(3);
    o.machines = 1 + random_.below(3);
    o.busy = random_.chance(0.5) ? 0.05 : 0;
    o.settings = engine::settings::defaults();
    return o;
  }

  void check(const registrar& client, const std::map<std::string, std::string>& listed) {
    const auto find = [&](const std::string& name) {
      const auto at = listed.find(name);
      return at == listed.end() ? std::nullopt : std::optional(at->second);
    };
    const outcome& came = client.came();
    if (!client.over()) wrong_.push_back("a client still waits");
    if (came.started != came.answered + came.refused + came.lost) wrong_.push_back("a call did not end once");
    wrong_.insert(wrong_.end(), came.wrong.begin(), came.wrong.end());
    for (const auto& [name, may_be] : client.own()) {
      expected_.insert(name);
      if (!may_be.contains(find(name))) wrong_.push_back(name + " is " + find(name).value_or("not listed") + " in the end");
    }
    for (const auto& [name, uri] : client.got())
      if (find(name) != uri) wrong_.push_back(name + " was acknowledged to a client that has not got it");
    for (const std::string& name : client.taken())
      if (!find(name)) wrong_.push_back(name + " was said to be taken, and is not listed");
    all_.started += came.started;
    all_.answered += came.answered;
    all_.refused += came.refused;
    all_.lost += came.lost;
  }

  seeded_random random_;
  NameServer names_{};
  world stage_;
  std::deque<registrar> clients_{};
  std::set<std::string> expected_{};
  std::vector<std::string> wrong_{};
  outcome all_{};
};

TEST(Names, that_were_acknowledged_are_listed_in_every_world) {
  outcome all;
  const auto drawn = seeds(200);
  for (const std::uint64_t seed : drawn) {
    const seed_scope scope(seed);
    name_story story(seed);
    story.run();
    for (const std::string& what : story.wrong()) ADD_FAILURE() << what;
    if (HasFailure()) return;
    all.answered += story.came().answered;
    all.refused += story.came().refused;
    all.lost += story.came().lost;
  }
  std::cout << drawn.size() << " worlds: " << all.answered << " calls answered, " << all.refused << " refused, " << all.lost << " lost\n";
  if (drawn.size() < 100) return;
  EXPECT_GT(all.answered, all.lost);
  EXPECT_TRUE(all.refused > 0 && all.lost > 0) << "the stories are too tame";
}

TEST(Names, tell_the_same_story_for_the_same_seed) {
  std::set<std::uint64_t> hashes;
  const auto drawn = seeds(20);
  for (const std::uint64_t seed : drawn) {
    const seed_scope scope(seed);
    name_story first(seed), second(seed);
    first.run();
    second.run();
    EXPECT_EQ(first.log(), second.log());
    hashes.insert(first.hash());
    if (HasFailure()) return;
  }
  EXPECT_EQ(hashes.size(), drawn.size()) << "different seeds, different stories";
}

}  // namespace
}  // namespace engine::simulation
