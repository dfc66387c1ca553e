// See recycled.hpp.
#include <engine/core/recycled.hpp>

#include <array>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define ENGINE_RECYCLES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ENGINE_RECYCLES 0
#endif
#endif
#ifndef ENGINE_RECYCLES
#define ENGINE_RECYCLES 1
#endif

namespace engine::detail {

namespace {

constexpr bool recycles = ENGINE_RECYCLES;  // AddressSanitizer has to see every end
constexpr std::size_t step = 64, kinds = largest_recycled / step;
constexpr std::size_t most_bytes = 512 * 1024;  // that one thread keeps

struct piece {
  piece* next;
};

/// What a thread has been given back, by size. Has no constructor and no destructor, so that it costs nothing to reach and can be used to a thread's very end.
struct store {
  std::array<piece*, kinds> free;
  std::size_t bytes;
  bool watched, closed;
};
[[gnu::tls_model("initial-exec")]] constinit thread_local store kept{};

constexpr std::size_t kind_of(std::size_t size) { return (size - 1) / step; }
constexpr std::size_t size_of(std::size_t kind) { return (kind + 1) * step; }

/// Empties the thread's store when the thread ends; what is given back later is not kept.
struct janitor {
  ~janitor() {
    kept.closed = true;
    for (piece*& first : kept.free)
      while (first) {
        piece* const next = first->next;
        ::operator delete(first);
        first = next;
      }
  }
};

[[gnu::cold]] [[gnu::noinline]] void watch() {
  thread_local janitor mine;
  static_cast<void>(mine);
  kept.watched = true;
}

}  // namespace

void* take_recycled(std::size_t size) {
  if (!recycles || size > largest_recycled || size == 0) return ::operator new(size);
  const std::size_t kind = kind_of(size);
  piece*& first = kept.free[kind];
  piece* const taken = first;
  if (!taken) return ::operator new(size_of(kind));
  first = taken->next;
  kept.bytes -= size_of(kind);
  return taken;
}

void give_recycled(void* memory, std::size_t size) noexcept {
  if (!memory) return;
  const std::size_t kind = kind_of(size);
  if (!recycles || size > largest_recycled || size == 0 || kept.closed || kept.bytes + size_of(kind) > most_bytes) return ::operator delete(memory);
  if (!kept.watched) watch();
  auto* const given = static_cast<piece*>(memory);
  given->next = kept.free[kind];
  kept.free[kind] = given;
  kept.bytes += size_of(kind);
}

}  // namespace engine::detail
