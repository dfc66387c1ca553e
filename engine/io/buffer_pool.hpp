// Fixed buffers that arriving bytes land in, shared with the kernel. A `slice` is a counted share of one; the count is not
// atomic, because a slice never leaves its core. When the last share goes, the buffer goes back to whoever lends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace engine {

class buffer_pool;

/// A share of arrived bytes. Copy to share, move to hand on. All slices must be gone before their pool.
class slice {
 public:
  slice() = default;
  slice(buffer_pool& pool, std::uint32_t buffer, std::size_t offset, std::size_t size);
  slice(const slice& other);
  slice(slice&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), buffer_(other.buffer_), bytes_(std::exchange(other.bytes_, {})) {}
  slice& operator=(slice other) noexcept { swap(other); return *this; }
  ~slice() { reset(); }

  std::span<const std::byte> bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  void drop_front(std::size_t n) { bytes_ = bytes_.subspan(n); }
  void reset();
  void swap(slice& other) noexcept { std::swap(pool_, other.pool_); std::swap(buffer_, other.buffer_); std::swap(bytes_, other.bytes_); }

 private:
  buffer_pool* pool_ = nullptr;
  std::uint32_t buffer_ = 0;
  std::span<const std::byte> bytes_{};
};

class buffer_pool {
 public:
  /// `count` buffers (a power of two, at most 32768) of `size` bytes each, mapped at once, committed as touched.
  /// Throws std::bad_alloc.
  buffer_pool(std::uint32_t count, std::size_t size);
  ~buffer_pool();  ///< asserts that every slice is gone
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  std::uint32_t count() const { return count_; }
  std::size_t buffer_size() const { return size_; }
  std::byte* data(std::uint32_t buffer) const { return memory_ + std::size_t(buffer) * size_; }

  /// A free buffer for a backend that chooses itself; false when all are out. Not used once a kernel ring owns the free ones.
  bool take(std::uint32_t& buffer);
  /// Gives a taken buffer back that no slice was made of.
  void put_back(std::uint32_t buffer);
  /// Where returned buffers go: a kernel ring. Null (the default) keeps them on the pool's own free list.
  struct lender { virtual void returned(std::uint32_t buffer) = 0; protected: ~lender() = default; };
  void set_lender(lender* l) { lender_ = l; }
  bool lent_by(const lender* l) const { return lender_ == l; }
  /// Buffers somebody holds a share of.
  std::uint32_t in_use() const { return in_use_; }

 private:
  friend class slice;
  void share(std::uint32_t buffer) { if (shares_[buffer]++ == 0) ++in_use_; }
  void unshare(std::uint32_t buffer);

  std::byte* memory_ = nullptr;
  std::uint32_t count_ = 0;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> shares_;
  std::vector<std::uint32_t> free_;
  std::uint32_t in_use_ = 0;
  lender* lender_ = nullptr;
};

}  // namespace engine
