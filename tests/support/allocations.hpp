// Counts what operator new and delete do, in the program that links this. Promises about speed are kept by counting, because
// counting does not flicker.
#pragma once

#include <cstdint>

namespace engine::testing_support {

struct allocation_count {
  std::uint64_t calls;      ///< of operator new
  std::int64_t live_bytes;  ///< allocated and not freed; a thread that frees another's memory may be below zero
  std::uint64_t taken_bytes;  ///< allocated, whatever has been freed of them: never less than the most that was live at once
};

/// How many are meant where memory is recycled, and where AddressSanitizer has to see each end.
constexpr std::uint64_t allocations([[maybe_unused]] std::uint64_t recycled, [[maybe_unused]] std::uint64_t sanitized) {
#if defined(__SANITIZE_ADDRESS__)
  return sanitized;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return sanitized;
#else
  return recycled;
#endif
#else
  return recycled;
#endif
}

allocation_count allocations_here();        ///< of this thread
allocation_count allocations_everywhere();  ///< of all threads

}  // namespace engine::testing_support
