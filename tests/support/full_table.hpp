// A descriptor table of its own size for the time of a test, filled and emptied at will.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace engine::testing_support {

class small_descriptor_table {
 public:
  /// Room for `spare` more. io_uring reads the limit when an accept is started, so this comes before.
  explicit small_descriptor_table(int spare) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::dup(0);
    ::close(lowest);
    const rlimit now{.rlim_cur = static_cast<rlim_t>(lowest + spare), .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~small_descriptor_table() {
    empty();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  small_descriptor_table(const small_descriptor_table&) = delete;
  small_descriptor_table& operator=(const small_descriptor_table&) = delete;

  void fill() {
    for (int d = ::dup(0); d >= 0; d = ::dup(0)) taken_.push_back(d);
  }
  void empty() {
    for (const int d : taken_) ::close(d);
    taken_.clear();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_{};
};

}  // namespace engine::testing_support
