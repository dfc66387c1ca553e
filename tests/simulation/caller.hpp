// A well-behaved client: connects, shakes hands, makes its calls with some of them under way at once, checks every answer, says
// goodbye. Each call ends exactly once: answered, or failed because the connection ended.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <engine/link/connection.hpp>

#include "requests.hpp"
#include "world.hpp"

namespace engine::simulation {

class caller {
 public:
  struct plan {
    manner how{};
    std::vector<request> calls{};
    std::size_t window = 1;               ///< calls under way at once
    std::chrono::nanoseconds start{0};    ///< when it connects, from now
    std::chrono::nanoseconds pause{0};    ///< before each call
  };

  /// On `home`, one of the world's machines; run the world to see it live. Outlived by nothing of the world.
  caller(world& w, core& home, plan p);

  bool over() const { return over_; }
  bool connected() const { return connected_; }
  bool welcomed() const { return welcomed_; }
  const plan& intent() const { return plan_; }
  std::size_t sent() const { return next_; }
  std::size_t answered() const { return answered_; }
  std::size_t failed() const { return failed_; }
  std::size_t expected_answers() const;
  /// How the connection ended before its time, or what the connect was refused with.
  const std::optional<connection_end>& lost() const { return lost_; }
  /// Answers that were wrong, in words.
  const std::vector<std::string>& complaints() const { return complaints_; }
  /// When the connection ended, for whatever reason.
  time_point ended_at() const { return ended_at_; }

 private:
  task<> live();
  task<bool> greet(connection& peer);
  task<> converse(connection& peer);
  task<> sleep(std::chrono::nanoseconds);
  void ask(connection& peer);
  void take(const frame& answer);
  void lose(connection_end why);

  world& world_;
  core& home_;
  plan plan_;
  codecs codecs_{};
  std::size_t next_ = 0;             // the call to be sent next
  std::deque<std::size_t> waiting_{};  // sent and not answered, in order
  std::size_t answered_ = 0, failed_ = 0;
  bool connected_ = false, welcomed_ = false, over_ = false;
  std::optional<connection_end> lost_{};
  std::vector<std::string> complaints_{};
  time_point ended_at_{};
};

}  // namespace engine::simulation
