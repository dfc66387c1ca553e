// The engine's log: off unless PYRO_LOGLEVEL asks for it, as in Pyro; to PYRO_LOGFILE ({stderr} or a file, default pyro.log). Off, a
// line costs one load and one compare.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace engine {

enum class log_level : int { debug, info, warning, error, off };

namespace detail {
extern std::atomic<log_level> log_threshold;
void write_log(log_level, const std::string& line);
template <class... Args> void log(log_level level, fmt::format_string<Args...> text, Args&&... args) {
  if (level < log_threshold.load(std::memory_order_relaxed)) return;
  write_log(level, fmt::format(text, std::forward<Args>(args)...));
}
}  // namespace detail

/// Whether lines of that level are kept anywhere: before what they say is worked out at some cost.
inline bool log_wanted(log_level level) { return level >= detail::log_threshold.load(std::memory_order_relaxed); }

template <class... Args> void log_debug(fmt::format_string<Args...> text, Args&&... args) {
  detail::log(log_level::debug, text, std::forward<Args>(args)...);
}
template <class... Args> void log_info(fmt::format_string<Args...> text, Args&&... args) {
  detail::log(log_level::info, text, std::forward<Args>(args)...);
}
template <class... Args> void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  detail::log(log_level::warning, text, std::forward<Args>(args)...);
}
template <class... Args> void log_error(fmt::format_string<Args...> text, Args&&... args) {
  detail::log(log_level::error, text, std::forward<Args>(args)...);
}

/// While it lives, lines of every level are kept here instead of being written. One at a time; thread-safe.
class log_capture {
 public:
  log_capture();
  ~log_capture();
  log_capture(const log_capture&) = delete;
  log_capture& operator=(const log_capture&) = delete;
  std::vector<std::string> lines() const;
  /// Whether a line holds `text`.
  bool has(const std::string& text) const;
};

}  // namespace engine
