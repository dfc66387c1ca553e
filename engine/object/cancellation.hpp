// Whether a call that is still running is wanted any more: asked by its method, said by its caller or by the end of the connection.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>

namespace engine::detail {

class cancellation {
 public:
  /// Any thread. Callbacks of the token run here.
  void request() {
    std::optional<std::stop_source> told;
    {
      const std::scoped_lock lock(mutex_);
      requested_ = true;
      told = source_;
    }
    if (told) told->request_stop();
  }
  bool requested() const { return requested_.load(std::memory_order_relaxed); }
  std::stop_token token() {
    const std::scoped_lock lock(mutex_);
    if (!source_) source_.emplace();
    if (requested_) source_->request_stop();
    return source_->get_token();
  }

 private:
  std::mutex mutex_{};
  std::atomic<bool> requested_{false};
  std::optional<std::stop_source> source_{};  // made when somebody asks for it: most calls do not
};

}  // namespace engine::detail
