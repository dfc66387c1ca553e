// A way to a core that may have ended meanwhile.
#pragma once

#include <mutex>
#include <utility>

#include <engine/core/mailbox.hpp>

namespace engine {

class core;

namespace detail {

class core_door {
 public:
  explicit core_door(core& c) : at_(&c) {}
  /// Any thread: posts to the core. False: it has ended, and nothing was posted.
  bool post(work w);
  /// On the core's own thread: whether it leads here.
  bool leads_here() const;
  void close() {
    const std::scoped_lock lock(mutex_);
    at_ = nullptr;
  }

 private:
  mutable std::mutex mutex_{};
  core* at_;
};

}  // namespace detail
}  // namespace engine
