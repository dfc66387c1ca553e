// How much of this process is in real memory: what promises about committed memory are measured by.
#pragma once

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

}  // namespace engine::test
