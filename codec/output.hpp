// Outgoing bytes: one growing contiguous buffer, cut wherever somebody else's large block is to be sent in place. Frames
// are encoded straight into it and their lengths patched afterwards; sending walks it as iovecs, so a 256 MB argument is
// never copied and a thousand small replies are one iovec.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <codec/short_text.hpp>

namespace engine {

class output {
 public:
  output() = default;
  output(const output&) = delete;
  output& operator=(const output&) = delete;
  output(output&& other) noexcept;
  output& operator=(output&& other) noexcept;
  ~output();

  /// Room for n more own bytes; write them there, then advance(k <= n). The pointer dies with the next call.
  char* room(std::size_t n) {
    if (static_cast<std::size_t>(limit_ - end_) < n) grow(n);
    return end_;
  }
  void advance(std::size_t n) { end_ += n; }

  void append(const void* data, std::size_t n) {
    if (n == 0) return;  // memcpy takes no null, not even for nothing
    std::memcpy(room(n), data, n);
    advance(n);
  }
  void append(std::string_view text) { append(text.data(), text.size()); }
  void append(char c) { *room(1) = c; advance(1); }

  /// A character and a text that is most often short, which then does not pay for calling memcpy.
  void append_text(char head, std::string_view text) {
    char* const to = room(1 + text.size());
    *to = head;
    detail::copy_text(to + 1, text);
    advance(1 + text.size());
  }

  /// Refers to bytes that stay alive and unchanged until they have been sent; with `owner`, keeps that alive meanwhile.
  void borrow(std::span<const std::byte> bytes, std::shared_ptr<const void> owner = nullptr);

  /// A place in the stream: own bytes written and blocks borrowed so far.
  struct mark { std::size_t own = 0; std::size_t blocks = 0; };
  mark here() const { return {static_cast<std::size_t>(end_ - begin_), blocks_.size()}; }
  /// Forgets everything written after `m`.
  void truncate(const mark& m) {
    end_ = begin_ + m.own;
    if (blocks_.size() > m.blocks) blocks_.resize(m.blocks);
  }
  /// Bytes (own and borrowed) written after `m`.
  std::size_t size_since(const mark& m) const {
    const std::size_t own = static_cast<std::size_t>(end_ - begin_) - m.own;
    return blocks_.size() == m.blocks ? own : own + borrowed_since(m);
  }
  std::size_t size() const { return size_since({}); }
  /// Whether anything written is somebody else's.
  bool borrows() const { return !blocks_.empty(); }
  bool empty() const { return end_ == begin_ && blocks_.empty(); }

  /// Own byte at offset `own` (from a mark), for patching lengths. Valid until the next write.
  char* at(std::size_t own) { return begin_ + own; }

  /// Fills up to out.size() iovecs with the bytes from stream position `skip` (own and borrowed counted) on, none longer
  /// than `piece` bytes; returns how many were filled.
  std::size_t iovecs(std::size_t skip, std::span<iovec> out, std::size_t piece = static_cast<std::size_t>(-1)) const;
  /// Calls f(span) for each contiguous run after mark `m`, in order (digest, compression, copying).
  template <class F> void each_since(const mark& m, F&& f) const;

  /// Forgets all bytes and owners, keeps the buffer if it is no larger than `keep` bytes.
  void clear(std::size_t keep = 64 * 1024) {
    end_ = begin_;
    if (!blocks_.empty()) blocks_.clear();
    if (capacity() > keep) give_back();
  }
  std::size_t capacity() const { return static_cast<std::size_t>(limit_ - begin_); }

 private:
  struct block { std::size_t own; std::span<const std::byte> bytes; std::shared_ptr<const void> owner; };
  void grow(std::size_t n);
  void give_back();
  std::size_t borrowed_since(const mark& m) const;

  char* begin_ = nullptr;
  char* end_ = nullptr;
  char* limit_ = nullptr;
  std::vector<block> blocks_;
};

template <class F> void output::each_since(const mark& m, F&& f) const {
  std::size_t own = m.own;
  for (std::size_t i = m.blocks; i < blocks_.size(); ++i) {
    const block& b = blocks_[i];
    if (b.own > own) f(std::span<const std::byte>(reinterpret_cast<const std::byte*>(begin_ + own), b.own - own));
    own = b.own;
    f(b.bytes);
  }
  const auto end = static_cast<std::size_t>(end_ - begin_);
  if (end > own) f(std::span<const std::byte>(reinterpret_cast<const std::byte*>(begin_ + own), end - own));
}

}  // namespace engine
