// One drawn story: a world, its objects, callers and strangers, everything from the seed; and what must be true of it afterwards.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "caller.hpp"
#include "clerk.hpp"
#include "stranger.hpp"
#include "world.hpp"

namespace engine::simulation {

class story {
 public:
  /// Everything is drawn from `seed`: how many cores, machines, objects and clients, what they do, which faults there are.
  explicit story(std::uint64_t seed);
  ~story();
  story(const story&) = delete;
  story& operator=(const story&) = delete;

  /// From the first connect until the server has stopped and nothing will happen any more.
  void run();
  /// What is not as it must be, in words; empty: all is well.
  const std::vector<std::string>& violations() const { return violations_; }

  std::uint64_t hash() const { return world_->network().hash(); }
  const std::string& log() const { return world_->network().log(); }

  /// What happened, so that a test can see that its stories are about something.
  struct happenings {
    std::size_t answered = 0, failed = 0, lost = 0, shown_out = 0, held_back = 0, stopped_early = 0;
    happenings& operator+=(const happenings&);
  };
  happenings happened() const;

 private:
  struct rude {
    std::int64_t number;
    stranger* peer = nullptr;
    bool must_be_shown_out = false;
    std::size_t unread_answer = 0;  ///< bytes of each answer it asked for and never reads
  };

  void draw_objects();
  void draw_callers();
  void draw_strangers();
  caller::plan draw_caller(std::int64_t number);
  void draw_stranger(std::int64_t number);
  manner draw_manner();
  request draw_request(const manner& how, std::int64_t caller, std::int64_t number);
  std::string draw_object();
  core& draw_machine();
  bool sometimes(double odds) { return random_.chance(odds); }

  void check_clients();
  void check_caller(std::size_t i);
  void check_stranger(const rude&);
  void check_order();
  void check_end();
  void expect(bool true_of_it, const std::string& otherwise);

  seeded_random random_;  // for what is drawn here: the network has its own sequence
  faults faults_;
  bool big_ = false;
  std::unique_ptr<world> world_{};
  ledger book_{};
  std::deque<Clerk> clerks_{};
  std::deque<caller> callers_{};
  std::deque<stranger> strangers_{};
  std::vector<rude> rude_{};
  codecs codecs_{};
  std::optional<std::chrono::nanoseconds> stops_after_{};
  time_point stopped_at_{};
  std::vector<std::string> violations_{};
};

}  // namespace engine::simulation
