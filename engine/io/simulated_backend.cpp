// See simulated_backend.hpp.
#include <engine/io/simulated_backend.hpp>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <numeric>

namespace engine {

using namespace std::chrono_literals;

namespace {

constexpr time_point never = time_point::max();
constexpr std::size_t receive_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t fingerprint_bytes_max = 128 * 1024;
constexpr auto accept_pause = 100ms;  // after -EMFILE, as the seam promises
constexpr auto pool_retry = 100us;    // how soon a receive looks again when every buffer is out

std::size_t total(std::span<const iovec> parts) {
  std::size_t n = 0;
  for (const iovec& part : parts) n += part.iov_len;
  return n;
}

/// Of the first bytes only: more than that seldom leaves in one send.
std::uint64_t fingerprint(std::span<const iovec> parts) {
  std::size_t limit = fingerprint_bytes_max;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const iovec& part : parts) {
    const auto* bytes = static_cast<const unsigned char*>(part.iov_base);
    const std::size_t n = std::min(part.iov_len, limit);
    for (std::size_t i = 0; i < n; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
    limit -= n;
  }
  return hash;
}

}  // namespace

simulated_backend::simulated_backend(simulated_network& network, buffer_pool& pool, unsigned host)
    : network_(network), pool_(pool), host_(host) {}

simulated_backend::~simulated_backend() {
  for (started& s : started_) s.op->state_ = operation::state::idle;
  std::vector<descriptor> left;
  for (const auto& [d, s] : network_.sockets_) {
    if (s.kind == simulated_socket::sort::listener && s.host == host_) left.push_back(d);
  }
  for (const descriptor d : left) network_.close(d);  // takes those in the backlog with it
  left.clear();
  for (const auto& [d, s] : network_.sockets_) {
    if (s.kind == simulated_socket::sort::stream && s.host == host_) left.push_back(d);
  }
  for (const descriptor d : left) network_.close(d);
  network_.note(host_, "died", -1, 0);
  network_.hosts_[host_] = nullptr;
}

simulated_socket& simulated_backend::own(descriptor d, simulated_socket::sort kind) {
  simulated_socket& s = network_.at(d);
  assert(s.kind == kind && "the word does not fit the descriptor");
  if (kind != simulated_socket::sort::foreign) adopt(s);
  return s;
}

void simulated_backend::adopt(simulated_socket& s) {
  assert(network_.processes_[s.host] == network_.processes_[host_] && "another process's descriptor");
  s.host = host_;
}

std::expected<descriptor, io_error> simulated_backend::listen(const address& where, const listen_options& options) {
  return network_.listen(host_, where, options);
}

address simulated_backend::local_address(descriptor d) const { return network_.at(d).local; }
address simulated_backend::peer_address(descriptor d) const { return network_.at(d).peer; }

simulated_backend::started& simulated_backend::start(operation& op, operation::word word, descriptor d) {
  assert(!op.pending() && "an operation is started once at a time");
  op.state_ = operation::state::started;
  op.word_ = word;
  op.descriptor_ = d;
  return started_.emplace_back(started{.op = &op, .not_before = now()});
}

void simulated_backend::accept(descriptor listener, operation& op) {
  own(listener, simulated_socket::sort::listener);
  start(op, operation::word::accept, listener);
}

void simulated_backend::connect(const address& target, operation& op) {
  started& s = start(op, operation::word::connect, -1);
  s.target = &target;
  s.not_before = network_.arrival();
}

void simulated_backend::receive(descriptor d, operation& op) {
  own(d, simulated_socket::sort::stream);
  start(op, operation::word::receive, d);
}

void simulated_backend::receive_into(descriptor d, std::span<std::byte> into, operation& op) {
  assert(!into.empty());
  own(d, simulated_socket::sort::stream);
  start(op, operation::word::receive_into, d);
  op.into_ = into;
}

void simulated_backend::send(descriptor d, std::span<const iovec> from, operation& op) {
  own(d, simulated_socket::sort::stream);
  assert(std::ranges::none_of(started_, [d](const started& s) {
    return s.op->word_ == operation::word::send && s.op->descriptor_ == d && !s.stop;
  }) && "one send at a time");
  started& s = start(op, operation::word::send, d);
  op.from_ = from;
  s.fingerprint = fingerprint(from);
}

void simulated_backend::watch(descriptor d, operation& op) {
  own(d, simulated_socket::sort::foreign);
  start(op, operation::word::watch, d);
}

void simulated_backend::close(descriptor d) {
  adopt(network_.at(d));
  for (started& s : started_) {
    if (s.op->descriptor_ != d) continue;
    s.stop = true;
    s.late = false;  // the socket is gone: it can only be cancelled
  }
  network_.close(d);
}

void simulated_backend::shutdown(descriptor d) {
  simulated_socket& s = own(d, simulated_socket::sort::stream);
  network_.note(host_, "shutdown", d, 0);
  s.shut = true;
  s.out->end(network_.arrival());
}

void simulated_backend::cancel(operation& op) {
  const auto found = std::ranges::find(started_, &op, &started::op);
  if (found == started_.end() || found->stop) return;  // it has finished already; its owner only does not know yet
  op.state_ = operation::state::cancelling;
  found->stop = true;
  found->late = network_.random_.chance(network_.faults_.late_cancel);
}

time_point simulated_backend::ready_at(const started& s) const {
  if (s.stop) return now();
  if (s.op->word_ == operation::word::connect) return network_.backlog_full(*s.target) ? never : s.not_before;
  const simulated_socket& socket = network_.at(s.op->descriptor_);
  switch (s.op->word_) {
    case operation::word::accept:
      if (socket.backlog.empty()) return never;
      return std::max(socket.backlog.front().arrives, socket.paused_until);
    case operation::word::receive:
    case operation::word::receive_into:
      return std::max(s.not_before, socket.in->readable_at());
    case operation::word::send: {
      const simulated_pipe& out = *socket.out;
      const bool answered = socket.shut || out.deaf() || out.broken() || out.room() > 0;
      return answered ? s.not_before : never;
    }
    default:
      return socket.readable ? now() : never;
  }
}

time_point simulated_backend::next_event() const {
  if (woken_.load(std::memory_order_acquire)) return now();
  time_point next = sleeps_until_;
  for (const started& s : started_) next = std::min(next, ready_at(s));
  return next;
}

void simulated_backend::wait(time_point until, completions& finished) {
  ++counters_.waits;
  const bool woken = woken_.exchange(false, std::memory_order_acq_rel);
  sleeps_until_ = never;
  const std::size_t before = finished.size();
  collect(finished);
  while (network_.auto_advance_ && !woken && finished.size() == before) {
    const time_point next = std::min(until, network_.next_event());
    if (next <= now() || next == never) break;  // another host's turn, or nothing will ever happen
    network_.advance_to(next);
    collect(finished);
  }
  if (finished.size() == before && !woken && until > now()) sleeps_until_ = until;
  counters_.completions += finished.size() - before;
}

void simulated_backend::collect(completions& finished) {
  const std::size_t first = finished.size();
  // Nobody else runs in between: the list cannot grow under our feet.
  std::size_t kept = 0;
  for (started& s : started_) {
    if (!attempt(s, finished)) started_[kept++] = s;
  }
  started_.erase(started_.begin() + static_cast<std::ptrdiff_t>(kept), started_.end());
  if (finished.size() - first > 1 && network_.random_.chance(network_.faults_.reorder)) reorder(finished, first);
  for (std::size_t i = first; i < finished.size(); ++i) {
    const operation& op = *finished[i].op;
    static constexpr std::string_view names[] = {"accept", "connect", "receive", "receive_into", "send", "close", "watch"};
    network_.note(host_, names[static_cast<std::size_t>(op.word_)], op.descriptor_, finished[i].result);
  }
}

void simulated_backend::reorder(completions& finished, std::size_t first) {
  std::vector<std::size_t> order(finished.size() - first);
  std::iota(order.begin(), order.end(), first);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[network_.random_.below(i)]);
  // Those of one descriptor keep, among the places they got, the order they happened in.
  const auto key = [&](std::size_t place) { return finished[order[place]].op->descriptor_; };
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      if (key(i) >= 0 && key(i) == key(j) && order[j] < order[i]) std::swap(order[i], order[j]);
    }
  }
  completions shuffled;
  for (const std::size_t i : order) shuffled.push_back(std::move(finished[i]));
  std::ranges::move(shuffled, finished.begin() + static_cast<std::ptrdiff_t>(first));
}

bool simulated_backend::attempt(started& s, completions& finished) {
  if (!s.stop) return ready_at(s) <= now() && !delayed(s) && attempt_word(s, finished);
  if (s.late) {
    // The cancellation was overtaken, if there is something that can overtake it.
    s.stop = false;
    s.delay_drawn = s.exhaustion_drawn = true;
    if (ready_at(s) <= now() && attempt_word(s, finished)) return true;
  }
  return finish(s, -ECANCELED, finished);
}

bool simulated_backend::delayed(started& s) {
  const bool once = s.op->word_ != operation::word::accept && s.op->word_ != operation::word::watch;
  if (!once || std::exchange(s.delay_drawn, true)) return false;
  const faults& f = network_.faults_;
  if (!network_.random_.chance(f.delay)) return false;
  s.not_before = now() + std::chrono::nanoseconds(network_.random_.between(1, static_cast<std::uint64_t>(f.delay_max.count())));
  return true;
}

bool simulated_backend::attempt_word(started& s, completions& finished) {
  switch (s.op->word_) {
    case operation::word::accept: return attempt_accept(s, finished);
    case operation::word::connect: return attempt_connect(s, finished);
    case operation::word::receive:
    case operation::word::receive_into: return attempt_receive(s, finished);
    case operation::word::send: return attempt_send(s, finished);
    default: return attempt_watch(s, finished);
  }
}

bool simulated_backend::attempt_accept(started& s, completions& finished) {
  simulated_socket& listener = network_.at(s.op->descriptor_);
  while (!listener.backlog.empty() && listener.backlog.front().arrives <= now()) {
    if (network_.random_.chance(network_.faults_.accept_error)) {
      listener.paused_until = now() + accept_pause;
      deliver(*s.op, -EMFILE, finished, {}, false);
      break;
    }
    deliver(*s.op, listener.backlog.front().peer, finished, {}, false);
    listener.backlog.pop_front();
  }
  return false;
}

bool simulated_backend::attempt_connect(started& s, completions& finished) {
  const auto connected = network_.connect(host_, *s.target);
  return finish(s, connected ? *connected : connected.error(), finished);
}

bool simulated_backend::starved(started& s, std::uint32_t& buffer) {
  seeded_random& random = network_.random_;
  const bool pretend = !std::exchange(s.exhaustion_drawn, true) && random.chance(network_.faults_.exhaust_buffers);
  if (!pretend && pool_.take(buffer)) return false;
  if (!std::exchange(s.starved, true)) ++counters_.starved;
  s.not_before = now() + (pretend ? std::chrono::nanoseconds(random.between(1'000, 1'000'000)) : pool_retry);
  return true;
}

bool simulated_backend::attempt_receive(started& s, completions& finished) {
  const descriptor d = s.op->descriptor_;
  simulated_socket& socket = network_.at(d);
  seeded_random& random = network_.random_;
  const faults& f = network_.faults_;
  if (socket.in->arrived(now()) > 0 && random.chance(f.reset)) network_.reset(d, socket);
  const std::size_t arrived = socket.in->arrived(now());
  if (arrived == 0) return finish(s, socket.in->ending(), finished);

  const bool in_place = s.op->word_ == operation::word::receive_into;
  std::uint32_t buffer = 0;
  if (!in_place && starved(s, buffer)) return false;
  const std::span<std::byte> room = in_place ? s.op->into_ : std::span(pool_.data(buffer), pool_.buffer_size());
  std::size_t n = std::min({arrived, room.size(), receive_bytes_max});
  if (random.chance(f.short_read)) n = 1 + random.below(n);
  // What a view kept from the buffer's last use would still see is made unlike anything.
  if (!in_place) std::memset(room.data(), 0xdb, room.size());
  socket.in->take(room.first(n), now());
  return finish(s, static_cast<int>(n), finished, in_place ? slice{} : slice(pool_, buffer, 0, n));
}

bool simulated_backend::attempt_send(started& s, completions& finished) {
  const descriptor d = s.op->descriptor_;
  simulated_socket& socket = network_.at(d);
  seeded_random& random = network_.random_;
  const faults& f = network_.faults_;
  assert(fingerprint(s.op->from_) == s.fingerprint && "bytes changed while they were being sent");
  const std::size_t wanted = total(s.op->from_);
  if (socket.shut) return finish(s, -EPIPE, finished);
  if (wanted == 0) return finish(s, 0, finished);
  simulated_pipe& out = *socket.out;
  if (!out.broken() && !out.deaf() && random.chance(f.reset)) network_.reset(d, socket);
  if (out.broken()) return finish(s, out.refusal(), finished);

  std::size_t n = std::min(wanted, out.deaf() ? f.send_buffer : out.room());
  if (random.chance(f.short_write)) n = 1 + random.below(n);
  out.put(s.op->from_, n, network_.arrival());
  return finish(s, static_cast<int>(n), finished);
}

bool simulated_backend::attempt_watch(started& s, completions& finished) {
  network_.at(s.op->descriptor_).readable = false;
  deliver(*s.op, 0, finished, {}, false);
  return false;
}

bool simulated_backend::finish(started& s, int result, completions& finished, slice data) {
  s.op->state_ = operation::state::completed;
  deliver(*s.op, result, finished, std::move(data), true);
  return true;
}

void simulated_backend::deliver(operation& op, int result, completions& finished, slice data, bool last) {
  finished.push_back({.op = &op, .result = result, .data = std::move(data), .last = last});
}

}  // namespace engine
