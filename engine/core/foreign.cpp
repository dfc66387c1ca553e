// See foreign.hpp.
#include <engine/core/foreign.hpp>

#include <cerrno>
#include <utility>

namespace engine {

/// Everything happens on the core; it keeps itself alive while the backend knows it.
class watch_handle::watcher final : public operation, public core::resident, public std::enable_shared_from_this<watcher> {
 public:
  watcher(core& on, descriptor d, std::function<void()> readable)
      : on_(on), door_(on.door()), descriptor_(d), readable_(std::move(readable)) {}
  detail::core_door& door() { return *door_; }
  void begin() {
    if (ended_) return;
    known_ = shared_from_this();
    on_.ends_with(weak_from_this());
    on_.io().watch(descriptor_, *this);
  }
  void stop() {
    if (std::exchange(ended_, true)) return;
    if (pending()) on_.io().cancel(*this);
    else known_.reset();
  }
  /// The core ends.
  void end() override {
    const auto mine = shared_from_this();
    stop();
    while (pending()) on_.run_once(on_.io().now());
  }

 private:
  void finished(int result, slice) override {
    const auto mine = shared_from_this();
    if (result >= 0 && !ended_) readable_();
    if (!pending() || result < 0) known_.reset();
  }
  core& on_;
  const std::shared_ptr<detail::core_door> door_;
  descriptor descriptor_;
  std::function<void()> readable_;
  std::shared_ptr<watcher> known_{};
  bool ended_ = false;
};

watch_handle watch(core& on, descriptor foreign, std::function<void()> readable) {
  auto made = std::make_shared<watch_handle::watcher>(on, foreign, std::move(readable));
  if (core::current() == &on) made->begin();
  else on.post([made] { made->begin(); });
  return watch_handle(std::move(made));
}

void watch_handle::end() {
  const auto mine = std::exchange(watcher_, nullptr);
  if (!mine) return;
  if (mine->door().leads_here()) return mine->stop();
  mine->door().post([mine] { mine->stop(); });  // a core that has ended has stopped it already
}

watch_handle& watch_handle::operator=(watch_handle&& other) noexcept {
  if (this != &other) {
    end();
    watcher_ = std::move(other.watcher_);
  }
  return *this;
}

watch_handle::~watch_handle() { end(); }

}  // namespace engine
