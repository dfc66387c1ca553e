// How much of this process is in real memory: what promises about committed memory are measured by.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace engine::test {

inline std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// A thread sanitizer keeps memory of its own for whatever is touched, and its counts with it.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool resident_is_ours = false;
#else
inline constexpr bool resident_is_ours = true;
#endif
// Meson's tests run with MALLOC_PERTURB_ (mallopt(3)), by which malloc writes to all that it gives away: nothing would be left untouched.
#define SKIP_UNLESS_RESIDENT_IS_OURS() \
  ::mallopt(M_PERTURB, 0);             \
  if (!::engine::test::resident_is_ours) GTEST_SKIP() << "the sanitizer's own memory is counted too"

}  // namespace engine::test
