// The receives of the io_uring backend (uring.hpp). One that is new is tried by a plain call where few are; else the kernel is asked, for one arrival, or, where
// there are many connections, by a poll of each for as long as it lives, which tells that there is something to try for.
#include <engine/io/uring.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include <engine/io/socket.hpp>
#include <engine/io/uring_tags.hpp>

namespace engine {

namespace {
constexpr std::size_t receive_into_most = std::size_t{8} << 20;
}

// ---- buffers

void uring_backend::returned(std::uint32_t buffer) {
  if (held_.size() < tried_at_once && starved_.empty()) return held_.push_back(buffer);
  ring_.provide(pool_, buffer);
  ++kernel_buffers_;
}

// A receive that found no buffer is started anew once the kernel has some again; until then it would only fail again.
void uring_backend::retry_starved() {
  if (starved_.empty()) return;
  for (const std::uint32_t buffer : std::exchange(held_, {})) returned(buffer);
  if (kernel_buffers_ == 0) return;
  fresh_.insert(fresh_.end(), starved_.begin(), starved_.end());
  starved_.clear();
}

// ---- starting

void uring_backend::receive(descriptor d, operation& op) {
  start(op, operation::word::receive, d);
  const users& u = at(d);
  if (!u.polled) fresh_.push_back(&op);
  else if (u.readable) readable_.push_back(&op);
}

void uring_backend::receive_into(descriptor d, std::span<std::byte> into, operation& op) {
  start(op, operation::word::receive_into, d);
  unpoll(d);  // else each piece of a large body would wake us
  op.into_ = into.first(std::min(into.size(), receive_into_most));
  fresh_.push_back(&op);
}

void uring_backend::submit_receive(operation& op) {
  io_uring_sqe* e = ring_.entry();
  if (op.word_ == operation::word::receive) {
    io_uring_prep_recv(e, op.descriptor_, nullptr, 0, 0);
    io_uring_sqe_set_flags(e, IOSQE_BUFFER_SELECT);
    e->buf_group = uring_ring::buffer_group;
  } else {
    // The kernel gathers the whole piece before it says anything: one wake-up for many arrivals.
    io_uring_prep_recv(e, op.descriptor_, op.into_.data(), op.into_.size(), MSG_WAITALL);
  }
  // What is there already would have been found by a direct try, or is rare: waiting first saves a doomed attempt.
  e->ioprio |= IORING_RECVSEND_POLL_FIRST;
  io_uring_sqe_set_data64(e, tag(op));
  op.flag_ = true;
  ++in_kernel_;
}

// ---- finishing

void uring_backend::arrived_receive(operation& op, const io_uring_cqe& c) {
  const bool stopped = op.state_ == operation::state::cancelling;
  if (c.flags & IORING_CQE_F_BUFFER) {
    const std::uint32_t buffer = c.flags >> IORING_CQE_BUFFER_SHIFT;
    --kernel_buffers_;
    if (op.descriptor_ >= 0) at(op.descriptor_).readable = true;  // there may be more
    if (c.res > 0) return complete(op, c.res, slice(pool_, buffer, 0, static_cast<std::size_t>(c.res)));
    returned(buffer);
  }
  if (c.res == -ENOBUFS && !stopped) {
    ++counters_.starved;
    op.flag_ = false;
    starved_.push_back(&op);
    return;
  }
  if ((c.res == -EINTR || c.res == -EAGAIN) && !stopped) return submit_receive(op);
  complete(op, stopped && c.res <= 0 ? -ECANCELED : c.res);
}

// ---- trying

bool uring_backend::try_receive(operation& op) {
  if (held_.empty()) return false;
  const std::uint32_t buffer = held_.back();
  ++counters_.system_calls;
  const ssize_t n = ::recv(op.descriptor_, pool_.data(buffer), pool_.buffer_size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) {
    complete(op, n < 0 ? -errno : 0);
    return true;
  }
  held_.pop_back();
  users& u = at(op.descriptor_);
  u.readable = u.over || static_cast<std::size_t>(n) == pool_.buffer_size();  // else there was no more
  complete(op, static_cast<int>(n), slice(pool_, buffer, 0, static_cast<std::size_t>(n)));
  return true;
}

bool uring_backend::try_receive_into(operation& op) {
  const auto come = receive_what_is_there(op.descriptor_, op.into_, counters_.system_calls);
  if (come) complete(op, *come);
  return come.has_value();
}

// What has not finished stays fresh, except what only the kernel can watch well: foreign descriptors, and
// large bodies, whose sender is held up by every look at the socket.
void uring_backend::try_fresh() {
  std::size_t kept = 0;
  const std::size_t count = fresh_.size();
  for (std::size_t i = 0; i < count; ++i) {
    operation* op = fresh_[i];
    if (op->word_ == operation::word::watch) {
      submit_watch(*op);
      continue;
    }
    if (op->word_ == operation::word::receive_into) {
      if (!try_receive_into(*op)) submit_receive(*op);
      continue;
    }
    if (op->seldom_) {
      submit_receive(*op);
      continue;
    }
    if (op->word_ != operation::word::receive || !try_receive(*op)) fresh_[kept++] = op;
  }
  fresh_.resize(kept);
}

void uring_backend::submit_fresh() {
  const bool many = fresh_.size() > tried_at_once;
  for (operation* op : fresh_) {
    if (op->word_ == operation::word::watch) submit_watch(*op);
    else if (many && op->word_ == operation::word::receive && !at(op->descriptor_).polled) poll(op->descriptor_);
    else submit_receive(*op);
  }
  fresh_.clear();
}

// ---- polled descriptors

void uring_backend::poll(descriptor d) {
  users& u = at(d);
  u.polled = true;
  u.readable = u.over = false;
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_poll_multishot(e, d, POLLIN | POLLRDHUP);
  io_uring_sqe_set_data64(e, poll_tag(d, u.generation));
}

void uring_backend::unpoll(descriptor d) {
  users& u = at(d);
  if (!std::exchange(u.polled, false)) return;
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_cancel64(e, poll_tag(d, u.generation++), 0);
  io_uring_sqe_set_data64(e, nobody);
}

void uring_backend::arrived_poll(const io_uring_cqe& c) {
  const auto d = polled_by(c.user_data);
  users& u = at(d);
  if (!u.polled || u.generation != generation_of(c.user_data)) return;
  if ((c.flags & IORING_CQE_F_MORE) == 0) u.polled = false;  // the kernel has ended it: what is asked next is asked anew
  if (c.res < 0 || (c.res & (POLLRDHUP | POLLHUP | POLLERR)) != 0) u.over = true;
  operation* const op = u.reader;
  const bool waits = op && op->word_ == operation::word::receive && op->state_ == operation::state::started && !op->flag_;
  if (waits && !u.readable) readable_.push_back(op);
  u.readable = true;
}

// As many as there are buffers at hand: these few are used over and over, and what one brings is answered before the next is read.
void uring_backend::take_readable() {
  while (!none_readable() && !held_.empty()) {
    operation& op = *readable_[taken_++];
    if (!none_readable()) readable_[taken_]->fetch_ahead();
    users& u = at(op.descriptor_);
    u.readable = false;  // what comes from now on is told
    if (!try_receive(op) && !u.polled) fresh_.push_back(&op);
  }
  // Not each time: where many wait it would move them all.
  constexpr std::size_t few = 256;
  if (none_readable() || taken_ >= std::max(few, readable_.size() / 2)) forget_taken();
  if (!held_.empty() || !done_.empty()) return;
  forget_taken();
  // Somebody keeps them all: the kernel has more.
  for (operation* op : std::exchange(readable_, {})) submit_receive(*op);
}

void uring_backend::forget_taken() {
  readable_.erase(readable_.begin(), readable_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
}

void uring_backend::let_go(descriptor d) { unpoll(d); }

}  // namespace engine
