// See allocations.hpp. The size of a block comes from malloc_usable_size(3), so that giving back needs no header of ours; it is
// what the block really costs.
#include <tests/support/allocations.hpp>

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

using engine::testing_support::allocation_count;

thread_local constinit allocation_count here{};
constinit std::atomic<std::uint64_t> calls{0};
constinit std::atomic<std::int64_t> live_bytes{0};
constinit std::atomic<std::uint64_t> taken_bytes{0};

void add(std::int64_t bytes) {
  here.live_bytes += bytes;
  live_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

void* counted(void* block) {
  if (!block) return nullptr;
  ++here.calls;
  calls.fetch_add(1, std::memory_order_relaxed);
  const std::size_t size = ::malloc_usable_size(block);
  here.taken_bytes += size;
  taken_bytes.fetch_add(size, std::memory_order_relaxed);
  add(static_cast<std::int64_t>(size));
  return block;
}

void* take(std::size_t size) { return counted(std::malloc(size > 0 ? size : 1)); }

void* take(std::size_t size, std::align_val_t alignment) {
  const auto a = std::max(static_cast<std::size_t>(alignment), sizeof(void*));
  return counted(std::aligned_alloc(a, (std::max<std::size_t>(size, 1) + a - 1) / a * a));
}

void give_back(void* block) {
  if (!block) return;
  add(-static_cast<std::int64_t>(::malloc_usable_size(block)));
  std::free(block);
}

void* or_throw(void* block) {
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

namespace engine::testing_support {
allocation_count allocations_here() { return here; }
allocation_count allocations_everywhere() {
  return {calls.load(std::memory_order_relaxed), live_bytes.load(std::memory_order_relaxed), taken_bytes.load(std::memory_order_relaxed)};
}
}  // namespace engine::testing_support

void* operator new(std::size_t n) { return or_throw(take(n)); }
void* operator new[](std::size_t n) { return or_throw(take(n)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return take(n); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return take(n); }
void* operator new(std::size_t n, std::align_val_t a) { return or_throw(take(n, a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return or_throw(take(n, a)); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return take(n, a); }
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept { return take(n, a); }
void operator delete(void* p) noexcept { give_back(p); }
void operator delete[](void* p) noexcept { give_back(p); }
void operator delete(void* p, std::size_t) noexcept { give_back(p); }
void operator delete[](void* p, std::size_t) noexcept { give_back(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { give_back(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { give_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { give_back(p); }
void operator delete[](void* p, std::align_val_t) noexcept { give_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { give_back(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { give_back(p); }
