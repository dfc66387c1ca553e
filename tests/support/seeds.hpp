// A seed is a bug report. A test that runs over many seeds names the one it is at, so that any failure, a dying assertion or
// a sanitizer's complaint included, ends with the one command that replays it. ENGINE_SEED=n runs that seed alone.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace engine::testing_support {

/// The number an environment variable is set to.
inline std::optional<std::uint64_t> number_from(const char* variable) {
  const char* wanted = std::getenv(variable);
  const std::string_view text = wanted ? wanted : "";
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// 1 … count, or ENGINE_SEED alone when it is set to a number. ENGINE_SEEDS and ENGINE_FIRST_SEED (scripts/simulate) choose
/// another count and another beginning.
inline std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const auto seed = number_from("ENGINE_SEED")) return {*seed};
  std::vector<std::uint64_t> all(number_from("ENGINE_SEEDS").value_or(count));
  std::iota(all.begin(), all.end(), number_from("ENGINE_FIRST_SEED").value_or(1));
  return all;
}

/// "replay: ENGINE_SEED=7 path/of/test --gtest_filter=Suite.name", for the running test.
inline std::string replay(std::uint64_t seed) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string filter = test ? std::string(test->test_suite_name()) + "." + test->name() : "*";
  return "replay: ENGINE_SEED=" + std::to_string(seed) + " " + program_invocation_name + " --gtest_filter=" + filter;
}

/// Holds for one seed: a failed expectation within carries the replay line, and so does the death of the process.
class seed_scope {
 public:
  explicit seed_scope(std::uint64_t seed) : trace_(__FILE__, __LINE__, replay(seed)) {
    const std::string line = replay(seed) + "\n";
    last_words_size_ = std::min(line.size(), sizeof last_words_);
    std::memcpy(last_words_, line.data(), last_words_size_);
    static const bool once = (install(), true);
    (void)once;
  }
  ~seed_scope() { last_words_size_ = 0; }
  seed_scope(const seed_scope&) = delete;
  seed_scope& operator=(const seed_scope&) = delete;

 private:
  static void speak() {
    if (last_words_size_ > 0) (void)!write(STDERR_FILENO, last_words_, last_words_size_);
  }
  static void install() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_set_death_callback(speak);
#endif
    std::signal(SIGABRT, [](int) {
      speak();
      std::signal(SIGABRT, SIG_DFL);
      std::raise(SIGABRT);
    });
  }

  // Plain memory: a signal handler may not allocate.
  inline static char last_words_[1024];
  inline static std::size_t last_words_size_ = 0;
  ::testing::ScopedTrace trace_;
};

}  // namespace engine::testing_support
