// The log: silent unless asked, capturable, and set up by Pyro's environment variables, which are read once, so in a child of their own.
#include <engine/io/log.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace engine {
namespace {

TEST(Log, is_off_unless_asked_for) {
  if (std::getenv("PYRO_LOGLEVEL")) GTEST_SKIP() << "PYRO_LOGLEVEL is set";
  EXPECT_EQ(detail::log_threshold.load(), log_level::off);
}

TEST(LogCapture, keeps_lines_of_every_level) {
  const log_capture captured;
  log_debug("one {}", 1);
  log_info("two {}", 2);
  log_warning("three");
  log_error("four {:#x}", 4);
  EXPECT_EQ(captured.lines(), (std::vector<std::string>{"one 1", "two 2", "three", "four 0x4"}));
  EXPECT_TRUE(captured.has("hre"));
  EXPECT_FALSE(captured.has("five"));
}

TEST(LogCapture, ends_with_its_scope) {
  const auto before = detail::log_threshold.load();
  { const log_capture captured; }
  EXPECT_EQ(detail::log_threshold.load(), before);
  const log_capture again;
  EXPECT_TRUE(again.lines().empty());
}

TEST(LogCapture, takes_lines_from_several_threads) {
  const log_capture captured;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([i] {
        for (int j = 0; j < 100; ++j) log_info("{} {}", i, j);
      });
  }
  EXPECT_EQ(captured.lines().size(), 400u);
}

/// This program again, with these settings, logging one line of each level; what the file then holds.
std::string logged(const std::string& level) {
  const auto file = std::filesystem::temp_directory_path() / ("engine-log-" + std::to_string(::getpid()));
  std::filesystem::remove(file);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("PYRO_LOGLEVEL", level.c_str(), 1);
    ::setenv("PYRO_LOGFILE", file.c_str(), 1);
    ::setenv("ENGINE_LOG_TEST_SPEAK", "1", 1);
    ::execl("/proc/self/exe", "log_test", "--gtest_filter=LogChild.*", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  std::filesystem::remove(file);
  return text.str();
}

TEST(LogChild, speaks) {
  if (!std::getenv("ENGINE_LOG_TEST_SPEAK")) GTEST_SKIP() << "for the tests below only";
  log_debug("a debug line");
  log_info("an info line");
  log_warning("a warning line");
  log_error("an error line");
}

TEST(LogEnvironment, chooses_level_and_file) {
  const std::string all = logged("debug");
  for (const char* line : {"a debug line", "an info line", "a warning line", "an error line"}) EXPECT_NE(all.find(line), std::string::npos);
  const std::string some = logged("WARN");
  EXPECT_EQ(some.find("an info line"), std::string::npos);
  EXPECT_NE(some.find("a warning line"), std::string::npos);
  EXPECT_EQ(logged("CRITICAL").find("a warning line"), std::string::npos);
  EXPECT_EQ(logged(""), "");
}

}  // namespace
}  // namespace engine
