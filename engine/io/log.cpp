// See log.hpp.
#include <engine/io/log.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace engine {

namespace {

std::mutex capture_mutex;
std::optional<std::vector<std::string>> captured;
log_level threshold_before_capture = log_level::off;

// Pyro's names are Python's: DEBUG, INFO, WARN(ING), ERROR, CRITICAL.
log_level level_from_environment() {
  const char* said = std::getenv("PYRO_LOGLEVEL");
  std::string name = said ? said : "";
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name == "DEBUG") return log_level::debug;
  if (name == "INFO") return log_level::info;
  if (name == "WARN" || name == "WARNING") return log_level::warning;
  if (name == "ERROR" || name == "CRITICAL" || name == "FATAL") return log_level::error;
  return log_level::off;
}

std::shared_ptr<spdlog::logger> make_logger() {
  const char* said = std::getenv("PYRO_LOGFILE");
  const std::string file = said ? said : "pyro.log";
  spdlog::sink_ptr sink;
  if (file == "{stderr}") {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    try {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    } catch (const spdlog::spdlog_ex&) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();  // better there than nowhere
    }
  }
  auto logger = std::make_shared<spdlog::logger>("engine", std::move(sink));
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::info);
  logger->set_pattern("[%Y-%m-%d %H:%M:%S.%e,%l] %v");
  return logger;
}

spdlog::level::level_enum spdlog_level(log_level level) {
  switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    default: return spdlog::level::err;
  }
}

}  // namespace

std::atomic<log_level> detail::log_threshold{level_from_environment()};

void detail::write_log(log_level level, const std::string& line) {
  {
    const std::scoped_lock lock(capture_mutex);
    if (captured) {
      captured->push_back(line);
      return;
    }
  }
  static const std::shared_ptr<spdlog::logger> logger = make_logger();
  logger->log(spdlog_level(level), line);
}

log_capture::log_capture() {
  const std::scoped_lock lock(capture_mutex);
  captured.emplace();
  threshold_before_capture = detail::log_threshold.exchange(log_level::debug);
}

log_capture::~log_capture() {
  const std::scoped_lock lock(capture_mutex);
  captured.reset();
  detail::log_threshold.store(threshold_before_capture);
}

std::vector<std::string> log_capture::lines() const {
  const std::scoped_lock lock(capture_mutex);
  return captured.value_or(std::vector<std::string>{});
}

bool log_capture::has(const std::string& text) const {
  return std::ranges::any_of(lines(), [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace engine
