// See output.hpp.
#include <codec/output.hpp>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace engine {

output::output(output&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      limit_(std::exchange(other.limit_, nullptr)),
      blocks_(std::move(other.blocks_)) {}

output& output::operator=(output&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(end_, other.end_);
  std::swap(limit_, other.limit_);
  std::swap(blocks_, other.blocks_);
  return *this;
}

output::~output() { std::free(begin_); }

void output::grow(std::size_t n) {
  constexpr std::size_t least = 4096;
  const auto used = static_cast<std::size_t>(end_ - begin_);
  const std::size_t wanted = std::max({least, capacity() * 2, used + n});
  auto* moved = static_cast<char*>(std::realloc(begin_, wanted));
  if (!moved) throw std::bad_alloc();
  begin_ = moved;
  end_ = moved + used;
  limit_ = moved + wanted;
}

void output::borrow(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (bytes.empty()) return;
  blocks_.push_back({static_cast<std::size_t>(end_ - begin_), bytes, std::move(owner)});
}

std::size_t output::borrowed_since(const mark& m) const {
  std::size_t size = 0;
  for (std::size_t i = m.blocks; i < blocks_.size(); ++i) size += blocks_[i].bytes.size();
  return size;
}

std::size_t output::iovecs(std::size_t skip, std::span<iovec> out, std::size_t piece) const {
  std::size_t filled = 0;
  each_since({}, [&](std::span<const std::byte> run) {
    if (skip >= run.size()) {
      skip -= run.size();
      return;
    }
    run = run.subspan(std::exchange(skip, 0));
    while (!run.empty() && filled < out.size()) {
      const auto part = run.first(std::min(piece, run.size()));
      out[filled++] = {const_cast<std::byte*>(part.data()), part.size()};
      run = run.subspan(part.size());
    }
  });
  return filled;
}

void output::give_back() {
  std::free(std::exchange(begin_, nullptr));
  end_ = limit_ = nullptr;
}

}  // namespace engine
