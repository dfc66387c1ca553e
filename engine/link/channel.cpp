// See channel.hpp.
#include <engine/link/channel.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <engine/io/socket.hpp>

namespace engine {

namespace {

constexpr std::size_t arrival_size = 64 * 1024;
constexpr std::size_t unsent_max = 256 * 1024;     // beyond it a sender reads answers until the peer has caught up
constexpr std::size_t send_piece = std::size_t{1} << 20;
// Requests without answers that follow so soon leave together; and who calls again so soon does not look first whether anybody is
// there still: that is a system call, and the call itself will tell.
constexpr std::chrono::microseconds quickly{100};
// As much as so many requests in one burst, and the next one so soon: they are usual, and another is expected.
constexpr std::size_t few = 4;
constexpr std::chrono::milliseconds soon{1};
constexpr std::chrono::milliseconds push_look{10};  // whoever waits for room to write looks for its answer so often

time_point clock_now() { return std::chrono::steady_clock::now(); }

// poll(2)'s timeout for a deadline: -1 for none, rounded up so that we do not wake early and spin.
int milliseconds_until(time_point deadline) {
  if (deadline == time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

// Waits for `events`; 0 at the deadline, -errno on failure.
int poll_until(int socket, short events, time_point deadline) {
  for (;;) {
    pollfd p{.fd = socket, .events = events, .revents = 0};
    const int n = ::poll(&p, 1, milliseconds_until(deadline));
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

int finish_connect(int socket, time_point deadline) {
  const int ready = poll_until(socket, POLLOUT, deadline);
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return -ready;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

std::expected<std::unique_ptr<channel>, io_error> channel::connect(const address& where, time_point deadline, const channel_options& options) {
  // The kernel waits by itself where it may take as long as it likes: that is three system calls less.
  const bool at_leisure = deadline == time_point::max();
  const int s = ::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC | (at_leisure ? 0 : SOCK_NONBLOCK), 0);
  if (s < 0) return std::unexpected(io_error{errno, "socket"});
  int error = 0;
  if (::connect(s, where.data(), where.size()) != 0) {
    error = errno;
    // A Unix socket whose backlog is full says EAGAIN and cannot be waited for, nor can an interrupted one: try again until the deadline.
    while ((error == EAGAIN || (error == EINTR && where.is_unix())) && clock_now() < deadline) {
      ::poll(nullptr, 0, 1);
      error = ::connect(s, where.data(), where.size()) == 0 ? 0 : errno;
    }
    if (error == EAGAIN) error = ETIMEDOUT;
    if (error == EINPROGRESS || error == EINTR) error = finish_connect(s, deadline);
  }
  if (error != 0) {
    ::close(s);
    return std::unexpected(io_error{error, "connect"});
  }
  if (!at_leisure) ::fcntl(s, F_SETFL, 0);  // it blocks from now on, to sleep in recv(); every other call says MSG_DONTWAIT
  const int one = 1;
  if (!where.is_unix()) ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  limit_send_buffer(s, where);
  auto made = std::make_unique<channel>(s, options);
  made->peer_ = where;
  return made;
}

channel::channel(int socket, const channel_options& options) : socket_(socket), reader_(options.frames), spin_(options.spin) {
  if (!options.hmac_key.empty()) reader_.set_hmac_key(options.hmac_key);
}

channel::~channel() {
  if (!failure_) fail({.why = channel_failure::cause::closed, .text = "the proxy has been released"});
  ::close(socket_);
}

void channel::share_memory(lock& held, handover_box& box, awaited_reply& answer, std::uint16_t sequence, time_point deadline) {
  expect(answer, sequence);
  const std::uint64_t asked = left_ + unsent();
  wait(held, answer, deadline);
  const descriptor memory = box.take();
  if (memory < 0) return;
  if (!failure_ && left_ + unsent() == asked) go_on_over(memory);
  ::close(memory);
}

void channel::go_on_over(descriptor memory) {
  auto ring = shared_ring::open(memory);
  constexpr char yes = 0;  // no message begins with it
  if (ring && ::send(socket_, &yes, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) ring_.emplace(socket_, std::move(*ring));
}

address channel::local() const { return local_address_of(socket_); }
address channel::remote() const { return peer_address_of(socket_); }

// ---- requests and answers

void channel::take_frames() {
  for (;;) {
    frame f;
    if (!reader_.next_plain(f)) {
      auto next = reader_.next();
      if (!next) return fail({.why = channel_failure::cause::bad_bytes, .text = next.error().text, .type = next.error().type});
      if (!*next) return;
      f = **next;
    }
    awaited_reply* r = awaited_.take(f.sequence);
    if (!r) {
      const auto next = awaited_.next_expected();
      const std::string expected = next ? std::to_string(*next) : "none";
      return fail({.why = channel_failure::cause::out_of_sync,
                   .text = "invoke: reply sequence out of sync, got " + std::to_string(f.sequence) + " expected " + expected});
    }
    if (awaited_replies::asked_at(*r) > left_) {
      // The caller would go on, and what its request borrows be gone before it is sent.
      fail({.why = channel_failure::cause::out_of_sync, .text = "invoke: the reply came before the whole request was sent"});
      return awaited_replies::fail(*r, *failure_);
    }
    if (auto ended = awaited_replies::answer(*r, f)) return fail(std::move(*ended));
  }
}

void channel::fail(channel_failure why) {
  if (!failure_) {
    failure_ = std::move(why);
    // Only shut down: another thread may be asleep on this descriptor, and must wake rather than meet its reuse.
    ::shutdown(socket_, SHUT_RDWR);
  }
  awaited_.fail_all(*failure_);
  writing_.clear(0);
  written_ = 0;
  if (waiting_ > 0) turn_.notify_all();
}

bool channel::stale() {
  if (failure_) return true;
  if (driving_ || outstanding() > 0 || keeping_) return false;
  const time_point now = clock_now();
  if (now - looked_ < quickly) return false;
  looked_ = now;
  if (ring_) return ++counters_.system_calls, ring_->ended_or_readable();
  char byte;
  ++counters_.system_calls;
  return ::recv(socket_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || (errno != EAGAIN && errno != EINTR);
}

// ---- the socket

channel::progress channel::write_some() {
  if (writing_.empty()) return progress::none;
  std::array<iovec, 8> pieces;
  const std::size_t count = writing_.iovecs(written_, pieces, send_piece);
  const std::span<const iovec> from = std::span(pieces).first(count);
  if (!ring_) ++counters_.system_calls;
  const ssize_t n = ring_ ? ring_->write(from) : send_some(socket_, from);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return progress::none;
    // What the peer has still said before it closed is worth reading: it may be the reason.
    const int error = errno;
    while (read_some() == progress::some && !failure_) {
    }
    if (!failure_) fail({.why = channel_failure::cause::closed, .text = io_error{error, "sending"}.to_string()});
    return progress::failed;
  }
  written_ += static_cast<std::size_t>(n);
  left_ += static_cast<std::uint64_t>(n);
  if (written_ == writing_.size()) {
    writing_.clear();
    written_ = 0;
  }
  return progress::some;
}

/// Where the next bytes belong: a large body's own memory, or ours.
std::span<std::byte> channel::room() {
  const auto direct = reader_.room();
  if (!direct.empty()) return direct;
  if (!arrived_) arrived_ = std::make_unique_for_overwrite<std::byte[]>(arrival_size);
  return {arrived_.get(), arrival_size};
}

channel::progress channel::read_some() {
  const auto into = room();
  if (!ring_) ++counters_.system_calls;
  const ssize_t n = ring_ ? ring_->read(into, writing_.empty()) : ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
  return arrived(into, n, errno);
}

/// What recv() has said.
channel::progress channel::arrived(std::span<std::byte> into, ssize_t n, int error) {
  if (failure_) return progress::failed;
  if (n < 0 && (error == EAGAIN || error == EINTR)) return progress::none;
  if (n <= 0) {
    fail({.why = channel_failure::cause::closed,
          .text = n == 0 ? "receiving: connection lost" : io_error{error, "receiving: connection lost"}.to_string()});
    return progress::failed;
  }
  come_ += static_cast<std::uint64_t>(n);
  const auto bytes = into.first(static_cast<std::size_t>(n));
  if (into.data() == arrived_.get()) reader_.feed(bytes);
  else reader_.filled(bytes.size());
  take_frames();
  if (failure_) return progress::failed;
  if (waiting_ > 0) turn_.notify_all();
  return progress::some;
}

// Nothing to do right now: poll a little longer, or sleep. False at the deadline.
bool channel::pause(lock& held, time_point deadline, time_point& spin_until, bool& slept) {
  const time_point now = clock_now();
  if (now >= deadline) return false;
  // A peer that has to make room first takes its time, and each look at the socket would hold up the kernel's own work on it.
  if (now < spin_until && (writing_.empty() || ring_)) {
    held.unlock();
    yield_in(yields_);
    held.lock();
    return true;
  }
  if (!slept && (spin_until != time_point::min() || spin_.resting())) spin_.miss();
  slept = true;
  ++counters_.sleeps;
  ++counters_.system_calls;
  asleep_ = true;
  const bool came = ring_ ? sleep_sharing(held, deadline) : sleeps_receiving(deadline) ? sleep_receiving(held) : sleep_polling(held, deadline);
  asleep_ = false;
  if (came && clock_now() - now < spin_.budget()) spin_.soon();
  return true;
}

// The kernel has less to set up for a thread that sleeps in recv(2) than for one in poll(2), and it wakes with what it came for.
bool channel::sleeps_receiving(time_point deadline) const { return receives_asleep_ && deadline == time_point::max() && writing_.empty() && !ring_; }

bool channel::sleep_receiving(lock& held) {
  const auto into = room();  // the driver's own: nobody else reads
  const int socket = socket_;
  held.unlock();
  const ssize_t n = ::recv(socket, into.data(), into.size(), 0);
  const int error = errno;
  held.lock();
  if (n < 0 && error == EAGAIN) receives_asleep_ = false;  // a socket that does not block: it was given so
  return arrived(into, n, error) == progress::some;
}

bool channel::sleep_polling(lock& held, time_point deadline) {
  const auto events = static_cast<short>(POLLIN | (writing_.empty() ? 0 : POLLOUT));
  const int socket = socket_;
  held.unlock();
  const int ready = poll_until(socket, events, deadline);
  held.lock();
  return ready > 0;
}

// On the socket comes only what wakes.
bool channel::sleep_sharing(lock& held, time_point deadline) {
  const bool for_room = !writing_.empty();
  if (!ring_->before_sleep(true, for_room)) return true;
  const bool receives = receives_asleep_ && deadline == time_point::max();
  std::array<char, 64> bells;
  const int socket = socket_;
  held.unlock();
  const ssize_t n = receives ? ::recv(socket, bells.data(), bells.size(), 0) : poll_until(socket, POLLIN, deadline);
  const int error = errno;
  held.lock();
  ring_->after_sleep(receives && n >= 0 ? std::optional(n) : std::nullopt);
  if (receives && n < 0 && error == EAGAIN) receives_asleep_ = false;
  return n > 0;
}

// The one who drives fell asleep before this was written, and may wait for room to write or not: it is sent from here.
void channel::push(lock& held, time_point deadline) {
  if (write_some() != progress::none) return;
  if (ring_ && !ring_->before_sleep(false, true)) return;
  pushing_ = true;
  const int socket = socket_;
  held.unlock();
  poll_until(socket, ring_ ? POLLIN : POLLOUT, std::min(deadline, clock_now() + push_look));
  held.lock();
  pushing_ = false;  // what wakes is left to the one who drives, and so is the word that somebody sleeps
}

template <class Done> bool channel::drive(lock& held, Done done, time_point deadline) {
  while (!done()) {
    if (failure_) return done();
    if (asleep_ && !pushing_ && !writing_.empty()) {
      push(held, deadline);
      if (!done() && clock_now() >= deadline) return false;
      continue;
    }
    if (driving_) {
      ++waiting_;
      const auto turn = [&] { return done() || failure_ || !driving_; };
      bool in_time = true;
      if (deadline == time_point::max()) turn_.wait(held, turn);
      else in_time = turn_.wait_until(held, deadline, turn);
      --waiting_;
      if (!in_time) return done();
      continue;
    }
    driving_ = true;
    const auto allowance = spin_.allowance();
    looked_ = clock_now();
    time_point spin_until = allowance.count() > 0 ? looked_ + allowance : time_point::min();
    bool slept = false, in_time = true;
    while (!failure_ && !done()) {
      const progress out = write_some();
      if (failure_ || done()) break;  // it may have been the sending that was waited for
      // Whoever does not spin and may sleep in recv() need not look first.
      const bool look = spin_until != time_point::min() || !sleeps_receiving(deadline);
      const bool none = !look || (read_some() == progress::none && out == progress::none);
      if (none && !pause(held, deadline, spin_until, slept)) {
        in_time = false;
        break;
      }
    }
    if (!slept && in_time) spin_.hit();
    driving_ = false;
    if (waiting_ > 0) turn_.notify_all();
    if (!in_time) return done();
  }
  return true;
}

void channel::send(lock& held, bool eager, time_point deadline) {
  if (failure_) return;
  if (!eager && holds_back()) return;
  const std::uint64_t all = left_ + unsent();
  // Bytes that the caller lent must be gone before it goes on; and who sleeps while driving does not send what is left.
  const auto sent = [&] { return eager ? left_ >= all : asleep_ ? unsent() == 0 : unsent() < unsent_max; };
  write_some();
  // The peer does not take more before its answers are read.
  while (!failure_ && !sent()) {
    if (!driving_) {
      drive(held, sent, deadline);
    } else {
      push(held, deadline);
    }
    if (!failure_ && !sent() && clock_now() >= deadline) fail({.why = channel_failure::cause::timed_out, .text = "sending: timeout"});
  }
}

bool channel::send_posted(lock& held, time_point deadline) {
  if (!begins_another_burst()) return send(held, false, deadline), false;
  kept_ = true;
  return !std::exchange(keeping_, true);
}

/// A burst is known by the bytes that left in the one before: nobody has to count its requests.
bool channel::begins_another_burst() {
  if (outstanding() > 1) return false;
  const std::uint64_t before = left_ - std::exchange(burst_left_, left_);
  if (before < few * unsent() || unsent() >= held_back_max || ring_ || failure_ || writing_.borrows()) return false;
  const time_point now = clock_now();
  return now - std::exchange(burst_at_, now) < soon;
}

bool channel::send_lazily(lock& held, time_point deadline) {
  // What is lent must go now; and while answers are awaited, whoever waits for them sends.
  if (writing_.borrows() || unsent() >= held_back_max || failure_) {
    send(held, true, deadline);
    return false;
  }
  kept_ = true;
  if (keeping_) return false;
  const time_point now = clock_now();
  keeping_ = now - std::exchange(sent_lazily_, now) < quickly;
  if (keeping_) return true;
  kept_ = false;
  send(held, true, deadline);
  return false;
}

bool channel::send_rest() {
  // What the socket did not take the last time is kept still.
  if (failure_ || (!std::exchange(kept_, false) && unsent() == 0)) {
    keeping_ = false;
    return false;
  }
  if (ring_ && !driving_) read_some();  // writing into memory does not tell that nobody reads it any more
  write_some();
  return true;
}

void channel::wait(lock& held, awaited_reply& reply, time_point deadline) {
  if (drive(held, [&] { return reply.done(); }, deadline) || reply.done()) return;
  if (!failure_) {
    awaited_.drop(reply);
    const bool asked = awaited_replies::asked_at(reply) <= left_;
    awaited_replies::fail(reply, {.why = channel_failure::cause::timed_out, .text = asked ? "receiving: timeout" : "sending: timeout"});
  }
  fail({.why = channel_failure::cause::closed, .text = "receiving: connection lost: another call on it timed out"});
}

bool channel::wait_quietly(lock& held, awaited_reply& reply, time_point deadline) {
  return drive(held, [&] { return reply.done(); }, deadline);
}

}  // namespace engine
