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

allocation_count allocations_here();        ///< of this thread
allocation_count allocations_everywhere();  ///< of all threads

}  // namespace engine::testing_support
