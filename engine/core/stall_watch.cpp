// See stall_watch.hpp.
#include <engine/core/stall_watch.hpp>

#include <engine/io/log.hpp>

namespace engine {

void stall_watch::end(time_point now) {
  if (!on() || now - began_ <= limit_) return;
  ++stalls_;
  const auto held = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  const std::string_view what = what_.empty() ? std::string_view("a handler") : what_;
  if (report_) {
    report_(what, held);
  } else {
    log_warning("{} held a core for {} ms; its other connections waited", what, held.count());
  }
}

}  // namespace engine
