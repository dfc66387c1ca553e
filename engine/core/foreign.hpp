// Somebody else's descriptor in our loop: watch(core, fd, callback) calls back on the core each time it is readable, until the handle
// it returned is destroyed.
#pragma once

#include <functional>
#include <memory>

#include <engine/core/core.hpp>

namespace engine {

/// Ends the watching when it is destroyed, on any thread, also after its core; the callback may still run once while that happens elsewhere
/// than on the core.
class watch_handle {
 public:
  watch_handle() = default;
  watch_handle(watch_handle&&) noexcept = default;
  watch_handle& operator=(watch_handle&&) noexcept;
  ~watch_handle();

 private:
  friend watch_handle watch(core&, descriptor, std::function<void()>);
  class watcher;
  explicit watch_handle(std::shared_ptr<watcher> w) : watcher_(std::move(w)) {}
  void end();
  std::shared_ptr<watcher> watcher_{};
};

/// Any thread. `readable` must take what there is to read, or it is called again at once; it must not throw. The descriptor stays the
/// caller's, and must stay open as long.
[[nodiscard]] watch_handle watch(core& on, descriptor foreign, std::function<void()> readable);

}  // namespace engine
