// How much of this process is in real memory.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace bench {

/// Bytes of this process in real memory.
inline std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace bench
