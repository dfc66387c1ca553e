// What the proxies of one object have on cores, as their remote knows it: nothing but where to say that the last of them is gone. The
// connections belong to the cores (core_remote.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <engine/core/core.hpp>

namespace engine::detail {

/// A way to a core that may have ended meanwhile.
class core_door {
 public:
  explicit core_door(core& c) : at_(&c) {}
  /// Whether the core was there to take it.
  bool post(work w) {
    const std::scoped_lock lock(mutex_);
    if (at_) at_->post(std::move(w));
    return at_ != nullptr;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    at_ = nullptr;
  }

 private:
  std::mutex mutex_{};
  core* at_;
};

class core_links {
 public:
  core_links() = default;
  ~core_links();  ///< tells the cores
  core_links(const core_links&) = delete;
  core_links& operator=(const core_links&) = delete;

  std::uint64_t key() const { return key_; }
  void add(std::shared_ptr<core_door>);

 private:
  static std::uint64_t next_key() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
  const std::uint64_t key_ = next_key();
  std::mutex mutex_{};
  std::vector<std::shared_ptr<core_door>> doors_{};
};

}  // namespace engine::detail
