// See connection.hpp. Two operations at most are under way: one receive, one send. Everything else is what happens when one of
// them finishes.
#include <engine/link/connection.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include <unistd.h>

#include <engine/io/socket.hpp>
#include <engine/link/ring_link.hpp>

namespace engine {

namespace {
constexpr std::size_t send_piece = std::size_t{1} << 20;  // larger sends are slower and hold up the other connections
constexpr std::size_t at_once = 64 * 1024;  // more than this is sent by the backend, which lets others have their turn
constexpr std::chrono::milliseconds goodbye{1000};
constexpr std::byte accepted{0};  // no message begins with it
}  // namespace

std::string connection_end::to_string() const {
  switch (why) {
    case cause::peer_closed: return "the peer closed the connection";
    case cause::reset: return io_error{code, "connection lost"}.to_string();
    case cause::idle: return "no request within the communication timeout";
    case cause::deadline: return "no handshake within the deadline";
    case cause::refused_bytes: return error.text;
    case cause::closed_here: break;
  }
  return "closed by this side";
}

connection::connection(core& c, descriptor socket, const connection_limits& limits)
    : core_(c), socket_(socket), heard_(c.now()), limits_(limits), reader_(limits.frames) {
  arm_timer();
}

connection::connection(core& c, loose_connection&& loose, const connection_limits& limits) : connection(c, loose.socket, limits) {
  loose.socket = -1;
  offered_ = std::move(loose.offered);
  if (!loose.unsent.empty()) {
    filling_ = std::move(loose.unsent);
    core_.flush_later(*this);
  }
  if (loose.unread.empty()) return;
  adopted_ = std::move(loose.unread);
  reader_.feed(adopted_);
}

connection::~connection() {
  assert(!receiving_.pending() && !sending_.pending());
  core_.forget(*this);
  if (socket_ >= 0) core_.io().close(socket_);
}

output& connection::outgoing() {
  if (filling_.capacity() == 0 && filling_.empty()) core_.take_output(filling_);
  core_.flush_later(*this);
  return filling_;
}

// ---- receiving

bool connection::frame_ready() {
  if (ended_) return true;
  if (over_soft_limit()) return false;
  if (reader_.next_plain(frame_)) return true;
  auto next = reader_.next();
  if (!next) {
    end_with({.why = connection_end::cause::refused_bytes, .error = std::move(next.error())});
    return true;
  }
  if (*next) {
    frame_ = **next;
    return true;
  }
  arrived_.reset();
  if (!adopted_.empty()) adopted_ = std::vector<std::byte>();
  return false;
}

void connection::wait_for_frame(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  waiting_for_ = waiting_for::frame;
  receiving_.needed_too(1, waiting.address());
  if (over_soft_limit()) return give_buffer_back();
  start_receive();
}

// Who is not read for a while must not keep a buffer from others: what it has said already waits in memory of its own.
void connection::give_buffer_back() {
  if (arrived_.empty()) return;
  adopted_ = reader_.take_rest();
  arrived_.reset();
  reader_.feed(adopted_);
}

void connection::start_receive() {
  assert(!receiving_.pending());
  const auto room = reader_.room();
  into_room_ = !room.empty();
  if (!into_room_) return receive();
  if (ring_) return ring_->receive_into(room, receiving_);
  core_.io().receive_into(socket_, room, receiving_);
}

/// Whatever comes, wherever there is room.
void connection::receive() {
  if (ring_) return ring_->receive_into(ring_->room(), receiving_);
  core_.io().receive(socket_, receiving_);
}

void connection::cancel_receive() {
  if (ring_) return ring_->cancel(receiving_);
  core_.io().cancel(receiving_);
}

void connection::received(int result, slice data) {
  if (std::exchange(looking_, false) && result == -ECANCELED && !ended_) return end_with({.why = connection_end::cause::idle});
  if (result <= 0) {
    discarding_ = false;
    if (result == 0) return end_with({.why = connection_end::cause::peer_closed});
    broken_ = broken_ || result != -ECANCELED;
    return end_with({.why = connection_end::cause::reset, .code = -result});
  }
  heard_ = core_.now();
  if (discarding_) return receive();
  if (ended_) return wake();
  if (offered_ && takes_the_offer(data.bytes())) return start_receive();
  if (into_room_) {
    reader_.filled(static_cast<std::size_t>(result));
  } else if (ring_) {
    reader_.feed(ring_->room().first(static_cast<std::size_t>(result)));
  } else {
    arrived_ = std::move(data);
    reader_.feed(arrived_.bytes());
  }
  if (frame_ready()) return wake();
  if (!over_soft_limit()) start_receive();
}

// ---- shared memory

bool connection::may_share_memory() const { return core_.io().passes_descriptors() && !ring_ && !offered_; }

void connection::offer(shared_ring ring) {
  assert(!ring_ && !offered_);
  offered_ = std::make_unique<shared_ring>(std::move(ring));
}

/// The peer's first word after an offer. What belongs to a message that it has begun already is no word.
bool connection::takes_the_offer(std::span<const std::byte> said) {
  const auto offered = std::exchange(offered_, nullptr);
  if (said.empty() || said.front() != accepted || !reader_.between_frames() || sending_.pending()) return false;
  go_on_over(std::move(*offered));
  return true;
}

void connection::go_on_over(shared_ring ring) { ring_ = std::make_unique<ring_link>(core_, socket_, std::move(ring)); }

// ---- sending

void connection::flush() {
  if (begin_sending()) go_on();
}

/// Starts to send what is written, if nothing is under way. Whether some of it has left at once.
bool connection::begin_sending() {
  if (in_flight_size_ > 0 || filling_.empty()) return false;
  if (broken_) return filling_.clear(), false;
  return sent_at_once(filling_.size() <= at_once ? send_at_once() : 0);
}

/// So much of what is written has left; the rest follows.
bool connection::sent_at_once(std::size_t gone) {
  const std::size_t size = filling_.size();
  if (gone > 0) heard_ = core_.now();
  left_ += gone;
  if (gone == size) {
    core_.give_output(filling_);
    return true;
  }
  std::swap(in_flight_, filling_);
  in_flight_size_ = size;
  sent_ = gone;
  send_some();
  return gone > 0;
}

/// Answers are mostly small and find room: they are gone before the next is written, and their buffer serves it. How many bytes are gone.
std::size_t connection::send_at_once() {
  std::array<iovec, 8> pieces;
  const std::size_t count = filling_.iovecs(0, pieces);
  const std::span<const iovec> from = std::span(pieces).first(count);
  return ring_ ? ring_->send_now(from) : core_.io().send_now(socket_, from);
}

void connection::all_sent() {
  in_flight_size_ = sent_ = 0;
  core_.give_output(in_flight_);
}

void connection::send_some() {
  const std::size_t count = in_flight_.iovecs(sent_, pieces_, send_piece);
  std::size_t used = 0;
  for (std::size_t bytes = 0; used < count && bytes < send_piece; ++used) bytes += pieces_[used].iov_len;
  const std::span<const iovec> from = std::span(pieces_).first(used);
  if (ring_) return ring_->send(from, sending_);
  core_.io().send(socket_, from, sending_);
}

// Reading stops while too much waits to be sent; any part of it that leaves may be the one that lets it go on.
void connection::read_on() {
  if (over_soft_limit() || waiting_for_ != waiting_for::frame || receiving_.pending()) return;
  if (frame_ready()) return wake();
  start_receive();
}

void connection::sent(int result) {
  broken_ = broken_ || result < 0;
  if (result > 0) {
    left_ += static_cast<std::size_t>(result);
    heard_ = core_.now();  // who takes an answer slowly is not idle
  }
  if (!broken_ && (sent_ += static_cast<std::size_t>(result)) < in_flight_size_) {
    send_some();
  } else {
    all_sent();
    if (broken_) {
      filling_.clear();
      return end_with({.why = connection_end::cause::reset, .code = -result});
    }
    begin_sending();
  }
  go_on();
}

/// Something has left. The last word of whoever says it: who is woken may end the connection, and this with it.
void connection::go_on() {
  if (waiting_for_ == waiting_for::change) return wake();
  read_on();
}

// ---- ending

void connection::end_with(connection_end why) {
  if (!ended_) {
    ended_ = true;
    end_ = std::move(why);
  }
  wake();
}

void connection::close(connection_end::cause why) {
  if (receiving_.pending()) cancel_receive();
  end_with({.why = why});
}

void connection::wake() {
  if (waiting_for_ == waiting_for::nothing) return;
  waiting_for_ = waiting_for::nothing;
  std::exchange(waiting_, nullptr).resume();
}

task<> connection::drain(time_point deadline) {
  set_deadline(deadline);
  while (!broken_ && queued() > 0 && deadline_) co_await change();
}

task<> connection::finish() {
  arrived_.reset();  // nobody looks at a frame any more, and the goodbye may take its time
  flush();
  const time_point deadline = core_.now() + goodbye;
  const bool peer_waits = end_.why != connection_end::cause::peer_closed;
  task<> drained = drain(deadline);
  co_await drained;
  while (peer_waits && !broken_ && deadline_ && receiving_.pending()) co_await change();  // close() has cancelled it
  if (peer_waits && !broken_ && deadline_) {
    // Closing with unread bytes would reset the connection and take our last answer with it: say goodbye, let the peer go first.
    core_.io().shutdown(socket_);
    discarding_ = true;
    receive();
    while (discarding_ && deadline_) co_await change();
  }
  set_deadline(std::nullopt);
  timer_.disarm();
  broken_ = true;  // what is under way still finishes, but nothing follows it
  discarding_ = false;
  if (ring_) ring_->close();
  core_.io().close(std::exchange(socket_, -1));
  while (receiving_.pending() || sending_.pending()) co_await change();
  while (ring_ && (ring_->listening() || receiving_.pending())) {
    if (!receiving_.pending()) ring_->receive_into({}, receiving_);  // so that somebody tells when the socket has finished
    co_await change();
  }
  ring_.reset();
  core_.forget(*this);
}

loose_connection connection::release() {
  assert(can_release());
  timer_.disarm();
  core_.forget(*this);
  core_.io().let_go(socket_);
  ended_ = true;
  loose_connection loose{.socket = std::exchange(socket_, -1), .unread = reader_.take_rest(), .unsent = std::move(filling_), .offered = std::move(offered_)};
  arrived_.reset();
  return loose;
}

// ---- time

void connection::set_deadline(std::optional<time_point> at) {
  deadline_ = at;
  arm_timer();
}

void connection::set_limits(const connection_limits& limits) {
  limits_ = limits;
  reader_.set_limits(limits.frames);
  arm_timer();
}

void connection::arm_timer() {
  // The idle deadline moves with every arrival; the timer stays where it is and looks again when it expires.
  std::optional<time_point> at = deadline_;
  if (limits_.idle.count() > 0) at = std::min(heard_ + limits_.idle, at.value_or(time_point::max()));
  if (at) {
    core_.timers().arm(timer_, *at);
  } else {
    timer_.disarm();
  }
}

void connection::time_is_up() {
  const time_point now = core_.io().now();
  if (deadline_ && now >= *deadline_) {
    deadline_.reset();
    if (ended_) return wake();
    return close(connection_end::cause::deadline);
  }
  if (limits_.idle.count() > 0 && now - heard_ >= limits_.idle) {
    const bool may_have_more = receiving_.pending() && into_room_ && !looking_;
    if (waiting_for_ == waiting_for::frame && !may_have_more) return close(connection_end::cause::idle);
    // A large body says nothing before its piece is complete: see what has come.
    if (may_have_more) {
      looking_ = true;
      cancel_receive();
    }
    heard_ = now;
  }
  arm_timer();
}

}  // namespace engine
