// Memory for what comes and goes with every call: the states of futures and the places of results. A thread keeps what it is given back, up to
// a bound, and hands it out again. With a thousand calls in flight the allocator's own such store is long exhausted.
#pragma once

#include <cstddef>

namespace engine::detail {

/// Larger pieces, in bytes, go back at once.
inline constexpr std::size_t largest_recycled = 1024;

/// `size` bytes for any type that is not over-aligned, to be given back with the same size, on any thread. Throws std::bad_alloc.
void* take_recycled(std::size_t size);
void give_recycled(void* memory, std::size_t size) noexcept;

/// For classes whose objects are made and destroyed with every call; of those derived from it, too.
struct recycled {
  static void* operator new(std::size_t size) { return take_recycled(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { give_recycled(memory, size); }

 protected:
  ~recycled() = default;
};

}  // namespace engine::detail
