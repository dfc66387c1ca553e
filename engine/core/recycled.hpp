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

/// The same for std::allocate_shared.
template <class T> struct recycling {
  using value_type = T;
  recycling() = default;
  template <class U> recycling(const recycling<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(take_recycled(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { give_recycled(p, n * sizeof(T)); }
  template <class U> bool operator==(const recycling<U>&) const { return true; }
};

}  // namespace engine::detail
