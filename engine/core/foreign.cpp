// See foreign.hpp.
#include <engine/core/foreign.hpp>

#include <cerrno>
#include <utility>

namespace engine {

/// Everything happens on the core; it keeps itself alive while the backend knows it.
class watch_handle::watcher final : public operation, public std::enable_shared_from_this<watcher> {
 public:
  watcher(core& on, descriptor d, std::function<void()> readable) : on_(on), descriptor_(d), readable_(std::move(readable)) {}
  core& home() { return on_; }
  void begin() {
    known_ = shared_from_this();
    on_.io().watch(descriptor_, *this);
  }
  void end() {
    ended_ = true;
    if (pending()) on_.io().cancel(*this);
    else known_.reset();
  }

 private:
  void finished(int result, slice) override {
    const auto mine = shared_from_this();
    if (result >= 0 && !ended_) readable_();
    if (!pending() || result < 0) known_.reset();
  }
  core& on_;
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
  if (!watcher_) return;
  core& home = watcher_->home();
  if (core::current() == &home) std::exchange(watcher_, nullptr)->end();
  else home.post([mine = std::exchange(watcher_, nullptr)] { mine->end(); });
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
