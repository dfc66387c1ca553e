// See simulated_socket.hpp.
#include <engine/io/simulated_socket.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace engine {

int simulated_pipe::refusal() {
  const bool told = refused_;
  refused_ = true;
  return told ? -EPIPE : -ECONNRESET;
}

void simulated_pipe::put(std::span<const iovec> from, std::size_t count, time_point arrives) {
  assert(!broken() && tail_ == tail::open);
  std::vector<std::byte> bytes;
  bytes.reserve(count);
  for (const iovec& part : from) {
    const auto* start = static_cast<const std::byte*>(part.iov_base);
    const std::size_t n = std::min(part.iov_len, count - bytes.size());
    bytes.insert(bytes.end(), start, start + n);
  }
  assert(bytes.size() == count);
  if (deaf()) {
    state_ = reader::refuses;
    return;
  }
  assert(count <= room());
  last_arrival_ = std::max(last_arrival_, arrives);
  held_ += count;
  chunks_.push_back({std::move(bytes), 0, last_arrival_});
}

void simulated_pipe::end(time_point arrives) {
  if (tail_ != tail::open) return;
  tail_ = tail::end;
  tail_arrives_ = std::max(last_arrival_, arrives);
}

std::size_t simulated_pipe::arrived(time_point now) const {
  std::size_t n = 0;
  for (const chunk& c : chunks_) {
    if (c.arrives > now) break;
    n += c.bytes.size() - c.taken;
  }
  return n;
}

simulated_pipe::time_point simulated_pipe::readable_at() const {
  if (!chunks_.empty()) return chunks_.front().arrives;
  return tail_ == tail::open ? time_point::max() : tail_arrives_;
}

std::size_t simulated_pipe::take(std::span<std::byte> into, time_point now) {
  std::size_t n = 0;
  while (n < into.size() && !chunks_.empty() && chunks_.front().arrives <= now) {
    chunk& c = chunks_.front();
    const std::size_t part = std::min(into.size() - n, c.bytes.size() - c.taken);
    std::memcpy(into.data() + n, c.bytes.data() + c.taken, part);
    n += part;
    c.taken += part;
    if (c.taken == c.bytes.size()) chunks_.pop_front();
  }
  held_ -= n;
  return n;
}

int simulated_pipe::ending() {
  assert(chunks_.empty() && tail_ != tail::open);
  return std::exchange(tail_, tail::end) == tail::reset ? -ECONNRESET : 0;
}

void simulated_pipe::abandon() {
  // Bytes that nobody will read are answered by a reset, which the writer finds at its next write.
  if (state_ == reader::listens) state_ = held_ > 0 ? reader::refuses : reader::gone;
  chunks_.clear();
  held_ = 0;
}

void simulated_pipe::drop_unarrived(time_point now) {
  while (!chunks_.empty() && chunks_.back().arrives > now) {
    held_ -= chunks_.back().bytes.size() - chunks_.back().taken;
    chunks_.pop_back();
  }
}

bool simulated_pipe::ended(time_point now) const { return tail_ == tail::end && chunks_.empty() && tail_arrives_ <= now; }

void simulated_pipe::cut(time_point now, time_point reset_arrives) {
  if (ended(now)) return;
  drop_unarrived(now);
  tail_ = tail::reset;
  tail_arrives_ = reset_arrives;
}

void simulated_pipe::reset(time_point now) {
  state_ = reader::refuses;
  if (ended(now)) return;
  chunks_.clear();
  held_ = 0;
  tail_ = tail::reset;
  tail_arrives_ = now;
}

}  // namespace engine
