// Names under faults, by seed: several clients on several machines register, look up, tag and remove many at once, on connections that tear and with a
// storage that fails. Every call ends once; what was acknowledged is in the storage and in lookups, and what was refused is in neither. Others watch:
// they are told what the storage has kept, each change once and in order, or that they have missed some. A replica takes changes, too, and ends equal to its name server.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <engine/object/daemon_object.hpp>
#include <naming/live_names.hpp>

#include "../support/seeds.hpp"
#include "awaitable.hpp"
#include "mirror.hpp"
#include "onlooker.hpp"
#include "registrar.hpp"
#include "seeded_storage.hpp"
#include "world.hpp"

namespace engine::simulation {
namespace {

using testing_support::seed_scope;
using testing_support::seeds;

/// A name server and its clients, drawn from a seed, from the first registration to the end.
class name_story {
 public:
  explicit name_story(std::uint64_t seed)
      : random_(seed),
        keeps_(random_.chance(0.8)),
        slow_(std::chrono::nanoseconds(random_.below(3'000'000))),
        names_(drawn_storage(seed), [this] { write_later(); }, {.backlog = random_.chance(0.3) ? 1500u : 4u << 20}),
        stage_(drawn_options(seed)) {
    stage_.host().objects.add({.id = name_server_id, .object = &names_, .table = &interface_of<NameServer>(), .shared = true}, false);
    stage_.host().objects.add({.id = live_names_id, .object = &live_, .table = &interface_of<LiveNames>(), .shared = true}, false);
    stage_.host().objects.add({.id = daemon_object::id, .object = &own_, .table = &interface_of<DaemonObject>(), .shared = true, .never_blocks = true}, false);
    stage_.listen();
    const auto clients = 1 + random_.below(6);
    for (std::uint64_t i = 0; i < clients; ++i)
      clients_.emplace_back(stage_, stage_.machine(random_.below(stage_.machines())), i, seed, keeps_ ? &disk_.kept : nullptr);
    const auto last = [this] { return settled() ? std::optional(names_.revision()) : std::nullopt; };
    const auto watchers = random_.below(4);
    for (std::uint64_t i = 0; i < watchers; ++i)
      onlookers_.emplace_back(stage_, stage_.machine(random_.below(stage_.machines())), seed + i, keeps_ ? &disk_.changes : nullptr, last);
    if (random_.chance(0.5)) mirror_.emplace(stage_, stage_.machine(random_.below(stage_.machines())), seed, last);
  }
  ~name_story() {
    if (mirror_) mirror_->end();
    stage_.stop();
    stage_.run_until_idle();
    stage_.host().streams.clear();  // those of connections that were lost linger
    stage_.run_until_idle();
  }

  void run() {
    if (!stage_.run_until_idle()) wrong_.push_back("it never ends");
    kept_names listed;
    for (const auto& each : names_.everything()) listed[each.name] = each.at;
    if (keeps_ && listed != disk_.kept) wrong_.push_back("lookups and the storage differ in the end");
    for (const registrar& each : clients_) check(each, listed);
    for (const onlooker& each : onlookers_) check(each, listed);
    if (mirror_) check(*mirror_, listed);
    for (const auto& [name, at] : listed) {
      const std::string prefix = name.substr(0, name.rfind('.') + 1);
      if (prefix != "shared." && !expected_.contains(prefix)) wrong_.push_back(name + " is listed, and nobody registered it");
    }
  }

  const std::vector<std::string>& wrong() const { return wrong_; }
  const outcome& came() const { return all_; }
  const storage_story& disk() const { return disk_; }
  std::size_t told() const { return told_; }
  std::size_t missed() const { return missed_; }
  std::size_t lost_watches() const { return lost_watches_; }
  std::size_t mirrored() const { return mirrored_; }
  std::size_t lost_copies() const { return lost_copies_; }
  std::uint64_t hash() { return stage_.network().hash(); }
  std::string log() { return stage_.network().log() + disk_.log; }

 private:
  world_options drawn_options(std::uint64_t seed) {
    world_options o{.seed = seed, .faults = faults::drawn_from(seed)};
    o.server_cores = 1 + random_.below(3);
    o.machines = 1 + random_.below(3);
    o.busy = random_.chance(0.5) ? 0.05 : 0;
    o.settings = engine::settings::defaults();
    return o;
  }
  std::unique_ptr<storage> drawn_storage(std::uint64_t seed) {
    const double odds = random_.chance(0.3) ? 0 : random_.chance(0.5) ? 0.05 : 0.4;
    return keeps_ ? std::make_unique<seeded_storage>(disk_, seed, odds) : nullptr;
  }

  /// What comes while the disk is at work goes into the next write.
  void write_later() {
    ++writing_;
    stage_.server_core(0).post([this] {
      task<> writing = write_when_the_disk_is_ready();
      spawn(std::move(writing));
    });
  }
  task<> write_when_the_disk_is_ready() {
    sleeping until(stage_.server_core(0), stage_.now() + slow_);
    co_await until;
    names_.write_waiting();
    --writing_;
  }

  /// Nothing will be changed any more.
  bool settled() const {
    return writing_ == 0 && (!mirror_ || mirror_->has_written()) && std::ranges::all_of(clients_, &registrar::over);
  }

  void check(const onlooker& watching, const kept_names& listed) {
    if (!watching.over()) wrong_.push_back("a watcher still waits");
    wrong_.insert(wrong_.end(), watching.wrong().begin(), watching.wrong().end());
    if (!watching.gave_up() && watching.known() != listed) wrong_.push_back("a watcher knows something else in the end");
    told_ += watching.told();
    missed_ += watching.missed();
    lost_watches_ += watching.lost();
  }

  void check(const mirror& copy, const kept_names& listed) {
    expected_.insert(mirror::prefix);
    if (!copy.over()) wrong_.push_back("a replica still waits");
    wrong_.insert(wrong_.end(), copy.wrong().begin(), copy.wrong().end());
    if (!copy.gave_up() && copy.known() != listed) wrong_.push_back("a replica knows something else in the end");
    for (const auto& [name, uri] : copy.written())
      if (!listed.contains(name) || listed.at(name).uri != uri) wrong_.push_back(name + " was acknowledged by a replica, and is not listed");
    mirrored_ += copy.written().size();
    lost_copies_ += copy.losses();
  }

  void check(const registrar& client, const kept_names& listed) {
    const outcome& came = client.came();
    if (!client.over()) wrong_.push_back("a client still waits");
    if (came.started != came.answered + came.refused + came.unkept + came.lost) wrong_.push_back("a call did not end once");
    wrong_.insert(wrong_.end(), came.wrong.begin(), came.wrong.end());
    for (const auto& [prefix, may_be] : client.groups()) {
      expected_.insert(prefix);
      if (std::ranges::find(may_be, with_prefix(listed, prefix)) == may_be.end()) wrong_.push_back(prefix + " is something else in the end");
    }
    for (const auto& [name, uri] : client.got())
      if (!listed.contains(name) || listed.at(name).uri != uri) wrong_.push_back(name + " was acknowledged to a client that has not got it");
    for (const std::string& name : client.taken())  // where the storage fails, by somebody for whom it was not kept in the end
      if (!listed.contains(name) && disk_.failures == 0) wrong_.push_back(name + " was said to be taken, and is not listed");
    all_.started += came.started;
    all_.answered += came.answered;
    all_.refused += came.refused;
    all_.unkept += came.unkept;
    all_.lost += came.lost;
  }

  seeded_random random_;
  const bool keeps_;
  const std::chrono::nanoseconds slow_;
  storage_story disk_{};
  std::size_t writing_ = 0;
  NameServer names_;
  LiveNames live_{names_};
  world stage_;
  daemon_object own_{stage_.host(), [] { return std::string(); }};
  std::deque<registrar> clients_{};
  std::deque<onlooker> onlookers_{};
  std::optional<mirror> mirror_{};
  std::set<std::string> expected_{};
  std::vector<std::string> wrong_{};
  outcome all_{};
  std::size_t told_ = 0, missed_ = 0, lost_watches_ = 0, mirrored_ = 0, lost_copies_ = 0;
};

TEST(Names, that_were_acknowledged_are_kept_and_listed_in_every_world) {
  outcome all;
  storage_story disks;
  std::size_t told = 0, missed = 0, lost_watches = 0, mirrored = 0, lost_copies = 0;
  const auto drawn = seeds(200);
  for (const std::uint64_t seed : drawn) {
    const seed_scope scope(seed);
    name_story story(seed);
    story.run();
    for (const std::string& what : story.wrong()) ADD_FAILURE() << what;
    if (HasFailure()) return;
    all.answered += story.came().answered;
    all.refused += story.came().refused;
    all.unkept += story.came().unkept;
    all.lost += story.came().lost;
    disks.writes += story.disk().writes;
    disks.failures += story.disk().failures;
    disks.shared += story.disk().shared;
    told += story.told();
    missed += story.missed();
    lost_watches += story.lost_watches();
    mirrored += story.mirrored();
    lost_copies += story.lost_copies();
  }
  std::cout << drawn.size() << " worlds: " << all.answered << " calls answered, " << all.refused << " refused, " << all.unkept << " not kept, " << all.lost
            << " lost; " << disks.writes << " writes and " << disks.failures << " failed ones, " << disks.shared << " of several changes; " << told << " changes told to watchers, who missed some " << missed << " times and were cut off "
            << lost_watches << " times; " << mirrored << " names registered through replicas, which could not reach theirs " << lost_copies << " times\n";
  if (drawn.size() < 100) return;
  EXPECT_GT(all.answered, all.lost);
  EXPECT_TRUE(all.refused > 0 && all.unkept > 0 && all.lost > 0 && disks.shared > 0 && told > 0 && missed > 0 && lost_watches > 0 && mirrored > 0 && lost_copies > 0) << "the stories are too tame";
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
