// How long a process has been on a processor, all its threads together, in user space and in the kernel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bench {

/// Nanoseconds. Threads that have ended are not in it. Throws std::runtime_error when there is no such process or the kernel does not tell.
inline std::uint64_t processor_ns(const std::string& pid) {
  std::uint64_t all = 0;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + pid + "/task", gone)) {
    std::uint64_t running = 0;
    if (std::ifstream(thread.path() / "schedstat") >> running) all += running;
  }
  if (gone || all == 0) throw std::runtime_error("no processor time of process " + pid);
  return all;
}

}  // namespace bench
