// See buffer_pool.hpp.
#include <engine/io/buffer_pool.hpp>

#include <sys/mman.h>

#include <bit>
#include <cassert>
#include <new>

namespace engine {

buffer_pool::buffer_pool(std::uint32_t count, std::size_t size) : count_(count), size_(size), shares_(count, 0) {
  assert(std::has_single_bit(count) && count <= 32768 && size > 0);
  void* memory = ::mmap(nullptr, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
  free_.reserve(count);
  // The last one returned is used first: it is the one still in the cache.
  for (std::uint32_t i = count; i > 0; --i) free_.push_back(i - 1);
}

buffer_pool::~buffer_pool() {
  assert(in_use_ == 0 && "every slice must be gone before its pool");
  ::munmap(memory_, count_ * size_);
}

bool buffer_pool::take(std::uint32_t& buffer) {
  if (free_.empty()) return false;
  buffer = free_.back();
  free_.pop_back();
  return true;
}

void buffer_pool::unshare(std::uint32_t buffer) {
  assert(shares_[buffer] > 0);
  if (--shares_[buffer] > 0) return;
  --in_use_;
  if (lender_) {
    lender_->returned(buffer);
  } else {
    free_.push_back(buffer);
  }
}

void buffer_pool::put_back(std::uint32_t buffer) {
  assert(shares_[buffer] == 0);
  free_.push_back(buffer);
}

slice::slice(buffer_pool& pool, std::uint32_t buffer, std::size_t offset, std::size_t size)
    : pool_(&pool), buffer_(buffer), bytes_(pool.data(buffer) + offset, size) {
  pool.share(buffer);
}

slice::slice(const slice& other) : pool_(other.pool_), buffer_(other.buffer_), bytes_(other.bytes_) {
  if (pool_) pool_->share(buffer_);
}

void slice::reset() {
  if (pool_) pool_->unshare(buffer_);
  pool_ = nullptr;
  bytes_ = {};
}

}  // namespace engine
