#include "copies.hpp"

#include <cstring>
#include <vector>

namespace {

thread_local volatile std::uint64_t copied = 0;

void note(std::size_t n) {
  if (n > engine::testing_support::small_copy) copied = copied + n;
}

}  // namespace

extern "C" {
void* __real_memcpy(void*, const void*, std::size_t);
void* __real_memmove(void*, const void*, std::size_t);
void* __wrap_memcpy(void* to, const void* from, std::size_t n) {
  note(n);
  return __real_memcpy(to, from, n);
}
void* __wrap_memmove(void* to, const void* from, std::size_t n) {
  note(n);
  return __real_memmove(to, from, n);
}
}

namespace engine::testing_support {

std::uint64_t bytes_copied_here() { return copied; }

bool copies_are_seen() {
  std::vector<char> from(1 << 20), to(1 << 20);
  const volatile std::size_t size = from.size();
  const std::uint64_t before = bytes_copied_here();
  std::memcpy(to.data(), from.data(), size);
  return bytes_copied_here() - before == size;
}

}  // namespace engine::testing_support
