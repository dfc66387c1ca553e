// A storage in memory that fails by seed: all of a write is kept or none of it, and what became of each stands in its log.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include <engine/io/simulated.hpp>
#include <engine/object/error.hpp>
#include <naming/storage.hpp>

namespace engine::simulation {

inline constexpr const char* disk_full = "disk full";

using kept_names = std::map<std::string, registration>;

/// A change that a storage has kept, as watchers are told of it.
struct kept_change {
  std::string what{}, name{};
  registration as{};
  bool operator==(const kept_change&) const = default;
};

/// What a storage has, and what has happened to it: longer lived than the name server that owns the storage.
struct storage_story {
  kept_names kept{};
  std::vector<kept_change> changes{};
  std::string log{};
  std::size_t writes = 0, failures = 0, shared = 0;  ///< shared: writes of several changes
};

class seeded_storage final : public storage {
 public:
  /// `odds`: of a write to fail.
  seeded_storage(storage_story& story, std::uint64_t seed, double odds) : story_(story), random_(seed), odds_(odds) {}

  std::vector<named_registration> load() override { return {}; }
  void write(std::span<const registration_change> changes) override {
    const bool fails = random_.chance(odds_);
    ++(fails ? story_.failures : story_.writes);
    if (changes.size() > 1) ++story_.shared;
    for (const registration_change& each : changes) note(each, fails);
    if (fails) throw naming_error(disk_full);
  }

 private:
  void note(const registration_change& change, bool fails) {
    story_.log += (fails ? "lost " : "kept ") + change.name + (change.now ? " " + change.now->uri : " removed") + "\n";
    if (fails) return;
    const auto at = story_.kept.find(change.name);
    if (change.tags_only && at != story_.kept.end()) at->second.tags = change.now->tags;
    else if (change.lease_only && at != story_.kept.end()) at->second.lease = change.now->lease;
    else if (change.tags_only || change.lease_only) return;
    else if (change.now) story_.kept[change.name] = *change.now;
    else story_.kept.erase(change.name);
    if (change.lease_only) return;
    story_.changes.push_back({.what = !change.now ? "removed" : change.tags_only ? "tagged" : "registered", .name = change.name,
                              .as = change.now ? story_.kept[change.name] : registration()});
  }

  storage_story& story_;
  seeded_random random_;
  const double odds_;
};

}  // namespace engine::simulation
