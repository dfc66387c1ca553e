// See epoll.hpp.
#include <engine/io/epoll.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

#include <engine/io/socket.hpp>

namespace engine {

namespace {

constexpr std::size_t receive_into_most = std::size_t{8} << 20;
constexpr std::size_t few = 8;              // so many fresh receives are tried directly while spinning
constexpr unsigned look_every = 4;          // spinning passes that only try fresh receives, per look at everything
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

std::expected<std::unique_ptr<backend>, io_error> epoll_backend::make(buffer_pool& pool) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return std::unexpected(io_error{errno, "epoll_create"});
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) {
    const int code = errno;
    ::close(epoll);
    return std::unexpected(io_error{code, "eventfd"});
  }
  return std::unique_ptr<backend>(new epoll_backend(pool, epoll, event));
}

std::expected<std::unique_ptr<backend>, io_error> make_epoll_backend(buffer_pool& pool) { return epoll_backend::make(pool); }

epoll_backend::epoll_backend(buffer_pool& pool, int epoll, int event) : pool_(pool), epoll_(epoll), eventfd_(event) {
  pool_.set_lender(this);
  epoll_event interest{.events = EPOLLIN, .data = {.fd = eventfd_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, eventfd_, &interest);
}

epoll_backend::~epoll_backend() {
  pool_.set_lender(nullptr);
  for (const waiters& w : waiters_) {
    if (w.reader) w.reader->state_ = operation::state::idle;
    if (w.writer) w.writer->state_ = operation::state::idle;
  }
  for (completion& c : done_) c.op->state_ = operation::state::idle;
  ::close(eventfd_);
  ::close(epoll_);
}

std::expected<descriptor, io_error> epoll_backend::listen(const address& where, const listen_options& options) {
  return open_listener(where, options, false);
}
address epoll_backend::local_address(descriptor d) const { return local_address_of(d); }
address epoll_backend::peer_address(descriptor d) const { return peer_address_of(d); }

// ---- starting

epoll_backend::waiters& epoll_backend::at(descriptor d) {
  if (static_cast<std::size_t>(d) >= waiters_.size()) waiters_.resize(static_cast<std::size_t>(d) + 64);
  return waiters_[static_cast<std::size_t>(d)];
}

void epoll_backend::start(operation& op, operation::word word, descriptor d) {
  assert(!op.pending());
  op.state_ = operation::state::started;
  op.word_ = word;
  op.descriptor_ = d;
}

void epoll_backend::start_reader(operation& op, operation::word word, descriptor d) {
  start(op, word, d);
  waiters& w = at(d);
  assert(!w.reader);
  w.reader = &op;
  if (op.seldom_) return listen_for(d, w.events | EPOLLIN);
  if (std::exchange(w.fresh, true)) return;
  fresh_.push_back(d);
}

void epoll_backend::accept(descriptor listener, operation& op) { start_reader(op, operation::word::accept, listener); }
void epoll_backend::receive(descriptor d, operation& op) { start_reader(op, operation::word::receive, d); }
void epoll_backend::watch(descriptor d, operation& op) { start_reader(op, operation::word::watch, d); }

void epoll_backend::receive_into(descriptor d, std::span<std::byte> into, operation& op) {
  op.into_ = into.first(std::min(into.size(), receive_into_most));
  start_reader(op, operation::word::receive_into, d);
}

void epoll_backend::send(descriptor d, std::span<const iovec> from, operation& op) {
  start(op, operation::word::send, d);
  op.message_ = {};
  op.message_.msg_iov = const_cast<iovec*>(from.data());
  op.message_.msg_iovlen = from.size();
  if (attempt_send(op)) return;
  waiters& w = at(d);
  assert(!w.writer);
  w.writer = &op;
  listen_for(d, w.events | EPOLLOUT);
}

void epoll_backend::connect(const address& where, operation& op) {
  const auto made = open_socket(where.family(), false);
  start(op, operation::word::connect, made.value_or(-1));
  if (!made) return complete(op, -made.error().code);
  tune_socket(*made, where.family());
  limit_send_buffer(*made, where);
  ++counters_.system_calls;
  if (::connect(*made, where.data(), where.size()) == 0) return complete(op, *made);
  if (errno != EINPROGRESS) {
    const int code = errno;
    ::close(*made);
    return complete(op, -code);
  }
  waiters& w = at(*made);
  w.writer = &op;
  listen_for(*made, w.events | EPOLLOUT);
}

void epoll_backend::shutdown(descriptor d) {
  ++counters_.system_calls;
  ::shutdown(d, SHUT_WR);
}

void epoll_backend::close(descriptor d) {
  waiters& w = at(d);
  for (operation* op : {w.reader, w.writer})
    if (op) {
      forget(*op);
      complete(*op, -ECANCELED);
    }
  const bool fresh = w.fresh;
  w = {};
  w.fresh = fresh;  // still listed; a look at a descriptor nobody reads does nothing
  ++counters_.system_calls;
  ::close(d);
}

void epoll_backend::let_go(descriptor d) {
  if (at(d).registered) ignore(d);
}

void epoll_backend::cancel(operation& op) {
  if (op.state_ != operation::state::started) return;
  forget(op);
  const bool connecting = op.word_ == operation::word::connect;
  complete(op, -ECANCELED);
  if (connecting) close(op.descriptor_);
}

// Takes a started operation off every list.
void epoll_backend::forget(operation& op) {
  waiters& w = at(op.descriptor_);
  if (w.reader == &op) w.reader = nullptr;
  if (w.writer == &op) w.writer = nullptr;
  std::erase(starved_, &op);
  std::erase(paused_, &op);
}

void epoll_backend::complete(operation& op, int result, slice data) {
  op.state_ = operation::state::completed;
  done_.push_back({.op = &op, .result = result, .data = std::move(data)});
}

void epoll_backend::listen_for(descriptor d, std::uint32_t events) {
  waiters& w = at(d);
  if (w.registered && w.events == events) return;
  epoll_event interest{.events = events, .data = {.fd = d}};
  ++counters_.system_calls;
  ::epoll_ctl(epoll_, std::exchange(w.registered, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, d, &interest);
  w.events = events;
}

void epoll_backend::ignore(descriptor d) {
  waiters& w = at(d);
  ++counters_.system_calls;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, d, nullptr);
  w.registered = false;
  w.events = 0;
}

// ---- doing what is ready: each answers whether the operation has finished

bool epoll_backend::attempt(operation& op) {
  switch (op.word_) {
    case operation::word::accept: return attempt_accept(op);
    case operation::word::receive: return attempt_receive(op);
    case operation::word::receive_into: return attempt_receive_into(op);
    default: return false;
  }
}

bool epoll_backend::attempt_receive(operation& op) {
  std::uint32_t buffer = 0;
  if (!pool_.take(buffer)) {
    if (std::ranges::find(starved_, &op) == starved_.end()) {
      starved_.push_back(&op);
      ++counters_.starved;
      listen_for(op.descriptor_, at(op.descriptor_).events & ~std::uint32_t{EPOLLIN});
    }
    return false;
  }
  ++counters_.system_calls;
  const ssize_t n = ::recv(op.descriptor_, pool_.data(buffer), pool_.buffer_size(), MSG_DONTWAIT);
  if (n > 0) {
    complete(op, static_cast<int>(n), slice(pool_, buffer, 0, static_cast<std::size_t>(n)));
    return true;
  }
  const int code = n < 0 ? errno : 0;
  pool_.put_back(buffer);
  if (n < 0 && (code == EAGAIN || code == EINTR)) return false;
  complete(op, -code);
  return true;
}

bool epoll_backend::attempt_receive_into(operation& op) {
  const auto come = receive_what_is_there(op.descriptor_, op.into_, counters_.system_calls);
  if (come) complete(op, *come);
  return come.has_value();
}

bool epoll_backend::attempt_accept(operation& op) {
  if (paused(op)) return false;
  // Several at a time, but not for ever: those already connected want their turn.
  for (int i = 0; i < 64; ++i) {
    ++counters_.system_calls;
    const descriptor peer = ::accept4(op.descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (peer < 0 && (errno == ECONNABORTED || errno == EPROTO)) continue;
    done_.push_back({.op = &op, .result = peer < 0 ? -errno : peer, .last = false});
    if (peer >= 0) continue;
    paused_.push_back(&op);
    accept_again_ = now() + accept_pause;
    listen_for(op.descriptor_, 0);
    break;
  }
  return false;
}

std::size_t epoll_backend::send_now(descriptor d, std::span<const iovec> from) {
  ++counters_.system_calls;
  return send_what_fits(d, from);
}

bool epoll_backend::attempt_send(operation& op) {
  ++counters_.system_calls;
  const ssize_t n = ::sendmsg(op.descriptor_, &op.message_, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  complete(op, n < 0 ? -errno : static_cast<int>(n));
  return true;
}

void epoll_backend::finish_connect(operation& op) {
  const int error = connect_result(op.descriptor_);
  if (error == 0) return complete(op, op.descriptor_);
  const descriptor d = op.descriptor_;
  complete(op, -error);
  close(d);
}

// ---- waiting

void epoll_backend::returned(std::uint32_t buffer) { pool_.put_back(buffer); }

void epoll_backend::retry_starved() {
  if (starved_.empty()) return;
  std::vector<operation*> again;
  again.swap(starved_);
  for (operation* op : again) {
    waiters& w = at(op->descriptor_);
    if (attempt_receive(*op)) {
      w.reader = nullptr;
    } else if (std::ranges::find(starved_, op) == starved_.end()) {
      listen_for(op->descriptor_, w.events | EPOLLIN);
    }
  }
}

// The descriptors somebody began to read since the last look. Level-triggered epoll tells again what is still unread, so this is
// only a short cut for a spinning core: a recv(2) instead of an epoll_wait(2) and a recv(2).
void epoll_backend::try_fresh() {
  std::size_t kept = 0;
  for (const descriptor d : fresh_) {
    waiters& w = at(d);
    const bool finished = w.reader && w.reader->word_ != operation::word::watch && attempt(*w.reader);
    if (finished) w.reader = nullptr;
    if (w.reader) {
      fresh_[kept++] = d;
    } else {
      w.fresh = false;
    }
  }
  fresh_.resize(kept);
}

void epoll_backend::ready(descriptor d, std::uint32_t events) {
  waiters& w = at(d);
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) && w.writer) {
    operation& op = *w.writer;
    if (op.word_ == operation::word::connect) {
      w.writer = nullptr;
      listen_for(d, w.events & ~std::uint32_t{EPOLLOUT});
      finish_connect(op);
    } else if (attempt_send(op)) {
      w.writer = nullptr;
      listen_for(d, w.events & ~std::uint32_t{EPOLLOUT});
    }
  }
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) return;
  if (!w.reader) {
    // Nobody reads just now: without this a full socket would wake us again and again, and a dead one whatever we listen for.
    if (events & (EPOLLHUP | EPOLLERR) && !w.writer) return ignore(d);
    return listen_for(d, w.events & ~std::uint32_t{EPOLLIN});
  }
  if (w.reader->word_ == operation::word::watch) {
    done_.push_back({.op = w.reader, .result = 0, .last = false});
  } else if (attempt(*w.reader)) {
    w.reader = nullptr;
  }
}

int epoll_backend::timeout_for(time_point until) {
  if (!paused_.empty()) until = std::min(until, accept_again_);
  if (until == time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

void epoll_backend::listen_for_fresh() {
  for (const descriptor d : fresh_) {
    waiters& w = at(d);
    w.fresh = false;
    if (w.reader && !paused(*w.reader)) listen_for(d, w.events | EPOLLIN);
  }
  fresh_.clear();
}

descriptor epoll_backend::poll_descriptor() { return epoll_; }

void epoll_backend::settle() {
  listen_for_fresh();
  sleeping_.store(true, std::memory_order_seq_cst);
  // What has finished without the kernel would not be told by it.
  if (woken_.load(std::memory_order_seq_cst) || !done_.empty()) wake();
}

void epoll_backend::poll_once(int timeout_ms) {
  listen_for_fresh();
  std::array<epoll_event, 256> events;
  ++counters_.system_calls;
  const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < n; ++i) {
    const epoll_event& e = events[static_cast<std::size_t>(i)];
    if (e.data.fd == eventfd_) {
      std::uint64_t count;
      [[maybe_unused]] const auto got = ::read(eventfd_, &count, sizeof count);
    } else {
      ready(e.data.fd, e.events);
    }
  }
}

bool epoll_backend::collect(completions& finished) {
  if (done_.empty()) return false;
  counters_.completions += done_.size();
  std::ranges::move(done_, std::back_inserter(finished));
  done_.clear();
  return true;
}

bool epoll_backend::paused(operation& op) const { return std::ranges::find(paused_, &op) != paused_.end(); }

void epoll_backend::resume_accepts() {
  if (paused_.empty() || now() < accept_again_) return;
  for (operation* op : std::exchange(paused_, {})) listen_for(op->descriptor_, EPOLLIN);
}

void epoll_backend::wait(time_point until, completions& finished) {
  ++counters_.waits;
  sleeping_.store(false, std::memory_order_relaxed);
  retry_starved();
  resume_accepts();
  const bool may_sleep = until > now() && done_.empty();
  if (!may_sleep && !fresh_.empty() && fresh_.size() <= few) {
    try_fresh();
    if (++passes_ % look_every != 0 || fresh_.empty()) {
      woken_.store(false, std::memory_order_relaxed);
      collect(finished);
      return;
    }
  }
  if (may_sleep) {
    // Whoever wakes us either sees that we sleep, or we see that we were woken.
    sleeping_.store(true, std::memory_order_seq_cst);
    const bool woken = woken_.exchange(false, std::memory_order_seq_cst);
    poll_once(woken ? 0 : timeout_for(until));
    sleeping_.store(false, std::memory_order_relaxed);
  } else {
    poll_once(0);
  }
  woken_.store(false, std::memory_order_relaxed);
  collect(finished);
}

void epoll_backend::wake() {
  woken_.store(true, std::memory_order_seq_cst);
  if (!sleeping_.load(std::memory_order_seq_cst)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(eventfd_, &one, sizeof one);
}

}  // namespace engine
