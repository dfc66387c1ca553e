// The memory of one large body: page-aligned, on huge pages where the kernel gives them, with 64 spare bytes behind it (simdjson
// reads past the end). Fresh memory costs nine times the copy (DESIGN §0.4), so the last ones are kept for reuse per thread.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace engine {

/// Memory that is about to be filled for the first time: asks the kernel for huge pages in it, if it is large. They are faulted in and
/// zeroed 512 at a time, which takes a third of the time.
void prefer_huge_pages(std::span<std::byte> fresh);

class body {
 public:
  body() = default;
  /// Virtual memory for `size` bytes; the kernel commits pages only as bytes arrive. Throws std::bad_alloc if even that is refused.
  static body allocate(std::size_t size);
  body(body&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
  body& operator=(body&& other) noexcept;
  ~body();

  std::span<std::byte> bytes() const { return {data_, size_}; }
  std::size_t capacity() const { return capacity_; }
  explicit operator bool() const { return data_ != nullptr; }

  static constexpr std::size_t padding = 64;
  /// Gives this thread's kept memory back to the system (a daemon calls it when it has been idle).
  static void release_kept();

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace engine
