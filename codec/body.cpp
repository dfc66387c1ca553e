// See body.hpp.
#include <codec/body.hpp>

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <new>

namespace engine {

namespace {

constexpr std::size_t page = 4096, huge_page = std::size_t{2} << 20;

struct mapping {
  std::byte* data = nullptr;
  std::size_t capacity = 0;
  void unmap() {
    if (data) ::munmap(data, capacity);
    data = nullptr;
    capacity = 0;
  }
};

/// The last bodies of this thread, kept because their pages are already there.
struct kept_bodies {
  std::array<mapping, 2> kept{};
  ~kept_bodies() { release(); }
  void release() {
    for (mapping& m : kept) m.unmap();
  }
  mapping take(std::size_t wanted) {
    for (mapping& m : kept)
      if (m.capacity >= wanted && m.capacity <= 4 * wanted + 64 * 1024) return std::exchange(m, {});
    return {};
  }
  // The smaller one makes room: large ones are the ones that are expensive to make.
  void keep(mapping m) {
    mapping& smaller = kept[0].capacity <= kept[1].capacity ? kept[0] : kept[1];
    if (smaller.capacity < m.capacity) std::swap(smaller, m);
    m.unmap();
  }
};
thread_local kept_bodies kept_by_thread;

}  // namespace

void prefer_huge_pages(std::span<std::byte> fresh) {
  constexpr std::uintptr_t last_bits = huge_page - 1;
  const auto begin = (reinterpret_cast<std::uintptr_t>(fresh.data()) + last_bits) & ~last_bits;
  const auto end = reinterpret_cast<std::uintptr_t>(fresh.data() + fresh.size()) & ~last_bits;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

body body::allocate(std::size_t size) {
  const std::size_t unit = size >= huge_page ? huge_page : page;
  const std::size_t wanted = (size + padding + unit - 1) / unit * unit;
  body made;
  made.size_ = size;
  if (const mapping m = kept_by_thread.take(wanted); m.data) {
    made.data_ = m.data;
    made.capacity_ = m.capacity;
    return made;
  }
  void* memory = ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  if (unit == huge_page) ::madvise(memory, wanted, MADV_HUGEPAGE);
  made.data_ = static_cast<std::byte*>(memory);
  made.capacity_ = wanted;
  return made;
}

body& body::operator=(body&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

body::~body() {
  if (data_) kept_by_thread.keep({data_, capacity_});
}

void body::release_kept() { kept_by_thread.release(); }

}  // namespace engine
