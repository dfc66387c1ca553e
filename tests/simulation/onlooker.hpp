// A simulated client that watches a name server, over one connection after another. What it is told must be what the storage was, in the same order,
// each change once; and in the end it must know what the name server knows, unless it lost its connection once too often.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <naming/locate_live.hpp>

#include "seeded_storage.hpp"
#include "world.hpp"

namespace engine::simulation {

class onlooker {
 public:
  /// `changes`: what the storage has kept, one after the other; nullptr: there is no storage. `last`: the revision after which nothing comes, nullopt
  /// as long as that is not known.
  onlooker(world& w, core& home, std::uint64_t seed, const std::vector<kept_change>* changes, std::function<std::optional<std::int64_t>()> last);

  bool over() const { return over_; }
  bool gave_up() const { return lost_ >= most_losses; }
  const kept_names& known() const { return known_; }
  const std::vector<std::string>& wrong() const { return wrong_; }
  std::size_t told() const { return told_; }      ///< changes
  std::size_t missed() const { return missed_; }  ///< times it was too slow
  std::size_t lost() const { return lost_; }      ///< connections

 private:
  static constexpr std::size_t most_losses = 60;
  task<> live();
  task<> watch();
  void hear(const name_change&);
  void check_standing();
  bool done() const;
  void complain(std::string text) { wrong_.push_back(std::move(text)); }

  world& world_;
  core& home_;
  seeded_random random_;
  const std::vector<kept_change>* changes_;
  const std::function<std::optional<std::int64_t>()> last_;
  kept_names known_{};
  std::int64_t revision_ = 0;
  bool current_ = false, over_ = false;
  std::size_t told_ = 0, missed_ = 0, lost_ = 0;
  std::vector<std::string> wrong_{};
};

}  // namespace engine::simulation
