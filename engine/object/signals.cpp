// See signals.hpp.
#include <engine/object/signals.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace engine {

namespace {

constexpr int handled[2] = {SIGINT, SIGTERM};
std::atomic<const stop_signal*> target_of_signals{nullptr};

void on_signal(int) {
  const int kept = errno;
  if (const stop_signal* target = target_of_signals.load()) target->notify();
  errno = kept;
}

}  // namespace

stop_signal::stop_signal() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

stop_signal::~stop_signal() { ::close(descriptor_); }

void stop_signal::notify() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void stop_signal::wait() const { wait_until(std::chrono::steady_clock::time_point::max()); }

bool stop_signal::wait_until(std::chrono::steady_clock::time_point deadline) const {
  // Never read: it stays readable, so that every later wait returns too.
  pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
  for (;;) {
    const bool for_ever = deadline == std::chrono::steady_clock::time_point::max();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(for_ever ? std::chrono::seconds(0) : deadline - std::chrono::steady_clock::now());
    const int n = ::poll(&waiting, 1, for_ever ? -1 : static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000)));
    if (n >= 0) return n > 0;
    if (errno != EINTR) return false;
  }
}

signal_guard::signal_guard(const stop_signal& target) {
  const stop_signal* nobody = nullptr;
  if (!target_of_signals.compare_exchange_strong(nobody, &target)) return;
  owns_ = true;
  for (int i = 0; i < 2; ++i) {
    struct sigaction present{};
    if (::sigaction(handled[i], nullptr, &present) != 0 || present.sa_handler != SIG_DFL) continue;
    struct sigaction ours{};
    ours.sa_handler = on_signal;
    ours.sa_flags = static_cast<int>(SA_RESETHAND);
    taken_[i] = ::sigaction(handled[i], &ours, nullptr) == 0;
  }
}

signal_guard::~signal_guard() {
  for (int i = 0; i < 2; ++i)
    if (taken_[i]) ::signal(handled[i], SIG_DFL);
  if (owns_) target_of_signals.store(nullptr);
}

}  // namespace engine
