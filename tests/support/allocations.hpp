// Counts what the program takes from the heap, by replacing operator new. Only programs that link this library are counted; what
// malloc(3) is asked for directly is not (codec's output, which tells its capacity()). Thread-safe; a reading is exact when no other
// thread allocates meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace engine::testing_support {

struct allocations {
  std::uint64_t count = 0;     ///< calls of operator new since the program started
  std::int64_t live_bytes = 0; ///< asked for and not given back yet
};

allocations allocated();

/// From construction on: what was allocated in between.
class allocation_scope {
 public:
  allocation_scope() : before_(allocated()) {}
  std::uint64_t count() const { return allocated().count - before_.count; }
  std::int64_t live_bytes() const { return allocated().live_bytes - before_.live_bytes; }

 private:
  allocations before_;
};

}  // namespace engine::testing_support
