// Scratch bytes that stay where they are until everything is dropped at once: decoded strings live here while views of
// earlier ones are in use. Chunks double, and one of moderate size is kept, so a steady load allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace engine::detail {

class arena {
 public:
  /// Room for n bytes; they belong to the caller once kept.
  char* room(std::size_t n) {
    if (chunks_.empty() || chunks_.back().size - used_ < n) add(n);
    return chunks_.back().bytes.get() + used_;
  }
  /// Keeps the first n bytes of the last room().
  void keep(std::size_t n) { used_ += n; }

  /// Drops everything; memory up to `kept_limit` stays for reuse.
  void clear() {
    if (chunks_.size() > 1) chunks_.erase(chunks_.begin(), chunks_.end() - 1);
    if (!chunks_.empty() && chunks_.back().size > kept_limit) chunks_.clear();
    used_ = 0;
  }

  static constexpr std::size_t kept_limit = 256 * 1024;

 private:
  struct chunk { std::unique_ptr<char[]> bytes; std::size_t size; };

  void add(std::size_t n) {
    const std::size_t size = std::max<std::size_t>(n, chunks_.empty() ? 1024 : 2 * std::min<std::size_t>(chunks_.back().size, 1u << 24));
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    used_ = 0;
  }

  std::vector<chunk> chunks_{};
  std::size_t used_ = 0;  // of the last chunk
};

}  // namespace engine::detail
