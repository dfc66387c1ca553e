// See ring_link.hpp.
#include <engine/link/ring_link.hpp>

#include <cassert>
#include <cerrno>
#include <utility>

namespace engine {

namespace {
constexpr std::size_t room_size = 64 * 1024;
constexpr std::chrono::milliseconds ask_again{50};
}  // namespace

ring_link::ring_link(core& c, descriptor socket, shared_ring ring) : core_(c), socket_(socket), ring_(std::move(ring)) {
  core_.look_at(*this);
  core_.io().receive(socket_, bell_);
}

ring_link::~ring_link() {
  assert(!listening() && !receiving_ && !sending_);
  core_.look_no_more_at(*this);
}

std::span<std::byte> ring_link::room() {
  if (!room_) room_ = std::make_unique_for_overwrite<std::byte[]>(room_size);
  return {room_.get(), room_size};
}

void ring_link::start(operation& op, operation::word word) {
  assert(!op.pending());
  op.state_ = operation::state::started;
  op.word_ = word;
  op.descriptor_ = socket_;
}

void ring_link::receive_into(std::span<std::byte> into, operation& op) {
  start(op, operation::word::receive_into);
  op.into_ = into;
  receiving_ = &op;
  cancelled_ = false;
}

void ring_link::send(std::span<const iovec> from, operation& op) {
  start(op, operation::word::send);
  op.from_ = from;
  sending_ = &op;
}

std::size_t ring_link::send_now(std::span<const iovec> from) {
  if (gone_) return 0;
  const std::size_t left = ring_.write(from);
  if (left > 0) wake_other();
  return left;
}

void ring_link::cancel(operation& op) {
  if (&op == receiving_) cancelled_ = true;
}

namespace {
std::byte bell_byte{};
const iovec one_bell{&bell_byte, 1};
}  // namespace

void ring_link::wake_other() {
  if (gone_ || !ring_.wakes_other()) return;
  if (core_.io().send_now(socket_, std::span(&one_bell, 1)) == 0) ring();
}

void ring_link::ring() {
  if (!ringing_.pending()) core_.io().send(socket_, std::span(&one_bell, 1), ringing_);
}

/// Somebody has woken us, or the socket has ended: what there is will be found by look().
void ring_link::rung(int result) {
  if (ended_) return;
  if (result > 0) return core_.io().receive(socket_, bell_);
  ended_ = true;
  gone_ = gone_ || result == -ECONNRESET;
}

/// Why there will be nothing more.
int ring_link::end() const { return ring_.broken() ? -EPROTO : 0; }

void ring_link::finish(operation*& which, int result, completions& finished) {
  operation& op = *std::exchange(which, nullptr);
  op.state_ = operation::state::completed;
  finished.push_back({.op = &op, .result = result});
}

void ring_link::look(completions& finished) {
  if (receiving_) look_for_bytes(finished);
  if (sending_) look_for_room(finished);
}

void ring_link::look_for_bytes(completions& finished) {
  // Before it is looked whether there is something: what was written before the end must not be missed.
  const bool over = ended_;
  const std::size_t come = ring_.read(receiving_->into_);
  if (come > 0) {
    finish(receiving_, static_cast<int>(come), finished);
    wake_other();
  } else if (cancelled_ || over || ring_.broken()) {
    finish(receiving_, cancelled_ ? -ECANCELED : end(), finished);
  }
}

void ring_link::look_for_room(completions& finished) {
  const std::size_t left = gone_ ? 0 : ring_.write(sending_->from_);
  if (left > 0) {
    finish(sending_, static_cast<int>(left), finished);
    wake_other();
  } else if (gone_ || ring_.broken()) {
    finish(sending_, -EPIPE, finished);
  } else if (ended_ && !asked_) {
    ask_whether_it_hears();
  }
}

/// Who has only said goodbye reads on, and makes room; one that is gone fails a bell: over TCP not the first, which brings the kernel's reset.
void ring_link::ask_whether_it_hears() {
  asked_ = true;
  core_.timers().arm(*this, core_.now() + ask_again);
  ring();
}

bool ring_link::before_sleep() {
  // Nobody who reads: what comes waits, as it would in a socket.
  const bool something = (receiving_ && (cancelled_ || ended_)) || (sending_ && (gone_ || (ended_ && !asked_)));
  return !something && (receiving_ || sending_ ? ring_.announce_sleep(receiving_, sending_) : true);
}

}  // namespace engine
