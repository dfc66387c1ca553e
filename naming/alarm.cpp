// See alarm.hpp.
#include <naming/alarm.hpp>

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace engine {

alarm_descriptor::alarm_descriptor() : descriptor_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "timerfd");
}

alarm_descriptor::~alarm_descriptor() { ::close(descriptor_); }

void alarm_descriptor::set(time_point at) {
  itimerspec when{};  // nothing: not any more
  if (at != time_point::max()) {
    const auto since = std::max<std::int64_t>(1, std::chrono::nanoseconds(at.time_since_epoch()).count());
    when.it_value = {.tv_sec = static_cast<time_t>(since / 1'000'000'000), .tv_nsec = static_cast<long>(since % 1'000'000'000)};
  }
  ::timerfd_settime(descriptor_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void alarm_descriptor::heard() {
  std::uint64_t times = 0;
  [[maybe_unused]] const auto n = ::read(descriptor_, &times, sizeof times);
}

}  // namespace engine
