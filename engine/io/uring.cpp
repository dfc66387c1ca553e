// See uring.hpp: opening and closing, everything but receives (uring_receive.cpp), and the pass itself.
#include <engine/io/uring.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <iterator>
#include <utility>

#include <engine/io/socket.hpp>
#include <engine/io/uring_tags.hpp>

namespace engine {

namespace {

constexpr unsigned look_every = 32;    // passes over descriptors that can be read, per look at the ring
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

std::expected<std::unique_ptr<backend>, io_error> uring_backend::make(buffer_pool& pool) {
  auto made = std::unique_ptr<uring_backend>(new uring_backend(pool));
  if (auto opened = made->open(); !opened) return std::unexpected(opened.error());
  return made;
}

std::expected<std::unique_ptr<backend>, io_error> make_uring_backend(buffer_pool& pool) { return uring_backend::make(pool); }

uring_backend::uring_backend(buffer_pool& pool) : pool_(pool) {}

std::expected<void, io_error> uring_backend::open() {
  if (auto opened = ring_.open(pool_); !opened) return opened;
  eventfd_ = ::eventfd(0, EFD_CLOEXEC);
  if (eventfd_ < 0) return std::unexpected(io_error{errno, "eventfd"});
  pool_.set_lender(this);
  std::uint32_t buffer = 0;
  while (pool_.take(buffer)) returned(buffer);
  submit_wake_read();
  return {};
}

uring_backend::~uring_backend() {
  if (pool_.lent_by(this)) pool_.set_lender(nullptr);
  for (const users& u : users_)
    for (operation* op : {u.reader, u.writer})
      if (op) op->state_ = operation::state::idle;
  for (completion& c : done_) c.op->state_ = operation::state::idle;
  if (eventfd_ >= 0) ::close(eventfd_);
  if (polled_ >= 0) ::close(polled_);
}

std::expected<descriptor, io_error> uring_backend::listen(const address& where, const listen_options& options) {
  return open_listener(where, options, true);
}
address uring_backend::local_address(descriptor d) const { return local_address_of(d); }
address uring_backend::peer_address(descriptor d) const { return peer_address_of(d); }

// ---- starting

void uring_backend::start(operation& op, operation::word word, descriptor d) {
  assert(!op.pending());
  op.state_ = operation::state::started;
  op.word_ = word;
  op.descriptor_ = d;
  op.flag_ = false;  // in the kernel
  if (d < 0) return;
  users& u = at(d);
  operation*& slot = word == operation::word::send || word == operation::word::connect ? u.writer : u.reader;
  assert(!slot);
  slot = &op;
}

// It has finished: its descriptor is free for the next one.
void uring_backend::release(operation& op) {
  if (op.descriptor_ < 0) return;
  users& u = at(op.descriptor_);
  if (u.reader == &op) u.reader = nullptr;
  if (u.writer == &op) u.writer = nullptr;
}

void uring_backend::complete(operation& op, int result, slice data) {
  release(op);
  op.state_ = operation::state::completed;
  done_.push_back({.op = &op, .result = result, .data = std::move(data)});
}

void uring_backend::accept(descriptor listener, operation& op) {
  start(op, operation::word::accept, listener);
  submit_accept(op);
}

void uring_backend::submit_accept(operation& op) {
  io_uring_sqe* e = ring_.entry();
  // Blocking sockets: on a non-blocking one the kernel answers EAGAIN instead of waiting. Our own calls say MSG_DONTWAIT.
  io_uring_prep_multishot_accept(e, op.descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data64(e, tag(op));
  op.flag_ = true;
}

void uring_backend::connect(const address& where, operation& op) {
  const auto made = open_socket(where.family(), true);
  start(op, operation::word::connect, made.value_or(-1));
  if (!made) return complete(op, -made.error().code);
  tune_socket(*made, where.family());
  limit_send_buffer(*made, where);
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_connect(e, *made, where.data(), where.size());
  io_uring_sqe_set_data64(e, tag(op));
  op.flag_ = true;
  ++in_kernel_;
}

void uring_backend::send(descriptor d, std::span<const iovec> from, operation& op) {
  start(op, operation::word::send, d);
  op.message_ = {};
  op.message_.msg_iov = const_cast<iovec*>(from.data());
  op.message_.msg_iovlen = from.size();
  // On loopback a plain call beats an entry for a few sends; many of one pass are cheaper together.
  if (sends_this_pass_++ < tried_at_once) {
    ++counters_.system_calls;
    const ssize_t n = ::sendmsg(d, &op.message_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return complete(op, static_cast<int>(n));
    if (errno != EAGAIN && errno != EINTR) return complete(op, -errno);
  }
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_sendmsg(e, d, &op.message_, MSG_NOSIGNAL | MSG_WAITALL);
  io_uring_sqe_set_data64(e, tag(op));
  op.flag_ = true;
  ++in_kernel_;
}

std::size_t uring_backend::send_now(descriptor d, std::span<const iovec> from) {
  ++counters_.system_calls;
  return send_what_fits(d, from);
}

void uring_backend::watch(descriptor d, operation& op) {
  start(op, operation::word::watch, d);
  submit_watch(op);
}

void uring_backend::submit_watch(operation& op) {
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_poll_add(e, op.descriptor_, POLLIN);
  io_uring_sqe_set_data64(e, tag(op));
  op.flag_ = true;
  ++in_kernel_;
}

void uring_backend::submit_wake_read() {
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_read(e, eventfd_, &woken_count_, sizeof woken_count_, 0);
  io_uring_sqe_set_data64(e, wake_read);
}

// ---- ending

void uring_backend::shutdown(descriptor d) {
  ++counters_.system_calls;
  ::shutdown(d, SHUT_WR);
}

// Ends a started operation: at once if the kernel does not know it yet, else by asking the kernel.
void uring_backend::stop(operation& op) {
  if (op.state_ != operation::state::started) return;
  if (!op.flag_) {
    std::erase(fresh_, &op);
    forget_taken();
    std::erase(readable_, &op);
    std::erase(starved_, &op);
    std::erase(paused_, &op);
    return complete(op, -ECANCELED);
  }
  op.state_ = operation::state::cancelling;
  io_uring_sqe* e = ring_.entry();
  io_uring_prep_cancel64(e, tag(op), 0);
  io_uring_sqe_set_data64(e, nobody);
}

void uring_backend::cancel(operation& op) { stop(op); }

void uring_backend::close(descriptor d) {
  users& u = at(d);
  const users busy = u;
  for (operation* op : {busy.reader, busy.writer})
    if (op) stop(*op);
  // The number may be used again as soon as it is closed, so nothing may be remembered under it. The kernel keeps the socket alive
  // for what is still under way; shutting it down ends that, and tells the peer.
  if (u.reader || u.writer || u.polled) {
    ++counters_.system_calls;
    ::shutdown(d, SHUT_RDWR);
    for (operation* op : {u.reader, u.writer})
      if (op) op->descriptor_ = -1;
    u.reader = u.writer = nullptr;
  }
  unpoll(d);
  ++counters_.system_calls;
  ::close(d);
}

// ---- finishing

void uring_backend::arrived_accept(operation& op, const io_uring_cqe& c) {
  const bool goes_on = (c.flags & IORING_CQE_F_MORE) != 0;
  const bool stopped = op.state_ == operation::state::cancelling;
  const bool transient = c.res == -ECONNABORTED || c.res == -EINTR || c.res == -EAGAIN || c.res == -EPROTO;
  if (c.res >= 0 || (!stopped && !transient)) done_.push_back({.op = &op, .result = c.res, .last = false});
  if (goes_on) return;
  if (stopped) return complete(op, -ECANCELED);
  if (c.res >= 0 || transient) return submit_accept(op);
  // A full descriptor table, most likely: try again in a while. Those already connected go on.
  op.flag_ = false;
  paused_.push_back(&op);
  accept_again_ = now() + accept_pause;
}

void uring_backend::arrived_connect(operation& op, int result) {
  const descriptor d = op.descriptor_;
  const bool stopped = op.state_ == operation::state::cancelling;
  if (stopped || result < 0) {
    complete(op, stopped ? -ECANCELED : result);
    if (d >= 0) ::close(d);
    return;
  }
  complete(op, d);
}

void uring_backend::arrived(const io_uring_cqe& c) {
  if (c.user_data == nobody) return;
  if (c.user_data == wake_read) return submit_wake_read();
  if ((c.user_data & mark_bits) == poll_mark) return arrived_poll(c);
  operation& op = *reinterpret_cast<operation*>(static_cast<std::uintptr_t>(c.user_data));
  if (op.word_ == operation::word::accept) return arrived_accept(op, c);
  --in_kernel_;
  const bool stopped = op.state_ == operation::state::cancelling;
  switch (op.word_) {
    case operation::word::receive:
    case operation::word::receive_into: return arrived_receive(op, c);
    case operation::word::connect: return arrived_connect(op, c.res);
    case operation::word::watch:
      if (stopped || c.res < 0) return complete(op, stopped ? -ECANCELED : c.res);
      done_.push_back({.op = &op, .result = 0, .last = false});
      // Armed again only after its owner has had the chance to read: the poll would report the same bytes once more.
      op.flag_ = false;
      fresh_.push_back(&op);
      return;
    default: return complete(op, stopped && c.res <= 0 ? -ECANCELED : c.res);
  }
}

void uring_backend::reap() {
  io_uring_cqe* c = nullptr;
  unsigned head = 0, count = 0;
  io_uring_for_each_cqe(ring_.get(), head, c) {
    arrived(*c);
    ++count;
  }
  if (count > 0) io_uring_cq_advance(ring_.get(), count);
}

// ---- waiting

void uring_backend::enter(time_point until) {
  ring_.publish();
  ++counters_.system_calls;
  if (until == time_point::min()) {
    io_uring_submit_and_get_events(ring_.get());
    return;
  }
  if (until == time_point::max()) {
    io_uring_submit_and_wait(ring_.get(), 1);
    return;
  }
  const auto left = std::max(until - now(), time_point::duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  __kernel_timespec limit{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
  io_uring_cqe* first = nullptr;
  io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, &limit, nullptr);
}

bool uring_backend::collect(completions& finished) {
  if (done_.empty()) return false;
  counters_.completions += done_.size();
  std::ranges::move(done_, std::back_inserter(finished));
  done_.clear();
  return true;
}

void uring_backend::resume_accepts() {
  if (paused_.empty() || now() < accept_again_) return;
  for (operation* op : std::exchange(paused_, {})) submit_accept(*op);
}

// Not the ring's own: a ring whose work is deferred to its thread (DEFER_TASKRUN) does not wake those who poll it, but an event
// descriptor that is registered with it is written to when there is such work.
descriptor uring_backend::poll_descriptor() {
  if (polled_ >= 0) return polled_;
  polled_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (polled_ >= 0 && io_uring_register_eventfd(ring_.get(), polled_) != 0) ::close(std::exchange(polled_, -1));
  return polled_;
}

void uring_backend::settle() {
  submit_fresh();
  sleeping_.store(true, std::memory_order_seq_cst);
  if (woken_.load(std::memory_order_seq_cst)) wake();
  enter(time_point::min());
  if (!done_.empty() || !none_readable() || io_uring_cq_ready(ring_.get()) > 0) make_readable();
}

void uring_backend::make_readable() {
  const std::uint64_t one = 1;
  if (polled_ >= 0) [[maybe_unused]] const auto written = ::write(polled_, &one, sizeof one);
}

void uring_backend::drain_polled() {
  std::uint64_t count;
  [[maybe_unused]] const auto got = ::read(polled_, &count, sizeof count);
}

void uring_backend::wait(time_point until, completions& finished) {
  ++counters_.waits;
  sleeping_.store(false, std::memory_order_relaxed);
  if (polled_ >= 0) drain_polled();
  sends_this_pass_ = 0;
  retry_starved();
  resume_accepts();
  if (!paused_.empty()) until = std::min(until, accept_again_);
  take_readable();
  const bool may_sleep = done_.empty() && none_readable() && until != time_point::min() && until > now();
  // Without a buffer of our own a direct try would find nothing: the kernel may have some.
  if (!may_sleep && fresh_.size() <= tried_at_once && !held_.empty()) {
    try_fresh();
  } else {
    submit_fresh();
  }
  if (may_sleep) {
    // Whoever wakes us either sees that we sleep, or we see that we were woken.
    sleeping_.store(true, std::memory_order_seq_cst);
    const bool woken = woken_.exchange(false, std::memory_order_seq_cst);
    enter(woken ? time_point::min() : until);
    sleeping_.store(false, std::memory_order_relaxed);
  } else if ((none_readable() || ++passes_ % look_every == 0) && ring_.worth_entering()) {
    enter(time_point::min());
  }
  reap();
  if (done_.empty()) take_readable();
  woken_.store(false, std::memory_order_relaxed);
  collect(finished);
}

void uring_backend::wake() {
  woken_.store(true, std::memory_order_seq_cst);
  if (!sleeping_.load(std::memory_order_seq_cst)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(eventfd_, &one, sizeof one);
}

}  // namespace engine
