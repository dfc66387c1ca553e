// What the proxies of one object have on cores, as their remote knows it: nothing but where to say that the last of them is gone. The
// connections belong to the cores (core_remote.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <engine/core/core_door.hpp>

namespace engine::detail {

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
