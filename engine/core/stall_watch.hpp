// Names the handler that held a core too long: a thread-per-core engine dies by one slow method. The core notes what it is
// about to run and when; if that took longer than the limit, one log line says so. Nothing interrupts the handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include <engine/io/backend.hpp>

namespace engine {

class stall_watch {
 public:
  using report = std::function<void(std::string_view what, std::chrono::milliseconds held)>;

  /// `limit` 0: watches nothing and costs nothing.
  explicit stall_watch(std::chrono::milliseconds limit) : limit_(limit) {}

  bool on() const { return limit_.count() > 0; }
  /// What runs from now on, for the report; must stay alive until the next name or the end of the pass. What ran until now is judged.
  void name(std::string_view what, time_point now) {
    end(now);
    began_ = now;
    what_ = what;
  }
  /// Brackets the running part of a pass.
  void begin(time_point now) {
    began_ = now;
    what_ = {};
  }
  void end(time_point now);

  /// Replaces the log line (tests).
  void on_stall(report r) { report_ = std::move(r); }
  std::uint64_t stalls() const { return stalls_; }

 private:
  std::chrono::milliseconds limit_;
  time_point began_{};
  std::string_view what_{};
  report report_{};
  std::uint64_t stalls_ = 0;
};

}  // namespace engine
