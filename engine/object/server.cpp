// See server.hpp.
#include <engine/object/server.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include <engine/io/log.hpp>

namespace engine {

/// One core's share of the work.
struct server::core_share {
  core_share(const hosting& h, std::size_t i, core& c) : index(i), home(c), dispatch(h, i, &c.stalls()) {}
  std::size_t index;
  core& home;
  dispatcher dispatch;
  std::vector<listener*> listeners{};  // each owned by its accept_from()
  std::map<std::uint64_t, connection*> open{};  // in the order they came: the same seed must close them in the same order
  std::uint64_t entered = 0;
  std::atomic<std::size_t> load{0};  // connections here, for choosing the core with the fewest
};

/// A request on its way to the core its object lives on, and its answer on the way back. The bytes are copied: a pool's buffers
/// never leave their core, and this happens only to callers that named another object in their handshake, or none.
struct server::travelling_call {
  travelling_call(const frame& f, const session& s)
      : annotations(f.annotations.bytes().begin(), f.annotations.bytes().end()), payload(f.payload.begin(), f.payload.end()), request(f), from(s) {
    request.annotations = annotation_view(annotations, f.protocol);
    request.payload = payload;
  }
  std::vector<std::byte> annotations, payload;
  frame request;
  session from;
  output answer{};
  verdict outcome = verdict::keep;
};

/// co_await: runs the call on `to`, resumes on `from`.
struct server::hop {
  core_share& from;
  core_share& to;
  travelling_call& call;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    to.home.post([this, waiting] {
      call.outcome = to.dispatch.answer(call.request, call.from, call.answer);
      from.home.post([waiting] { waiting.resume(); });
    });
  }
  void await_resume() const {}
};

namespace {

// Peers that leave between requests are everyday; all else is worth a line.
void log_end(connection& peer, const session& s) {
  using cause = connection_end::cause;
  const connection_end& end = peer.end();
  if (end.why == cause::closed_here) return;
  if (peer.frames().between_frames() && (end.why == cause::peer_closed || end.why == cause::reset)) {
    log_debug("{}: {}", s.peer, end.to_string());
  } else {
    log_warning("{}: {}{}", s.peer, end.to_string(), end.why == cause::peer_closed ? " in the middle of a message" : "");
  }
}

std::chrono::milliseconds in_milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

server::server(hosting& host, handshake_validator validate) : host_(host), validate_(std::move(validate)) {}

server::~server() = default;

void server::add_core(core& c) { shares_.push_back(std::make_unique<core_share>(host_, shares_.size(), c)); }

// ---- accounting

void server::started() {
  const std::scoped_lock lock(mutex_);
  ++running_;
}

void server::ended() {
  const std::scoped_lock lock(mutex_);
  if (--running_ == 0) all_ended_.notify_all();
}

bool server::idle() const {
  const std::scoped_lock lock(mutex_);
  return running_ == 0;
}

void server::wait_until_idle() {
  std::unique_lock lock(mutex_);
  all_ended_.wait(lock, [this] { return running_ == 0; });
}

std::uint64_t server::enter(core_share& at, connection& peer) {
  at.open.emplace(++at.entered, &peer);
  ++at.load;
  return at.entered;
}

void server::leave(core_share& at, std::uint64_t place) {
  at.open.erase(place);
  --at.load;
}

connection_limits server::serving_limits() const {
  return {.frames = {.message_size = host_.settings.max_message_size}, .idle = in_milliseconds(host_.settings.comm_timeout)};
}

connection_limits server::greeting_limits() const {
  constexpr std::size_t greeting_max = 64 * 1024;
  connection_limits limits = serving_limits();
  auto& size = limits.frames.message_size;
  size = size == 0 ? greeting_max : std::min(size, greeting_max);
  return limits;
}

// ---- accepting

std::expected<address, io_error> server::listen(std::size_t i, const address& where, const listen_options& options) {
  core_share& at = *shares_[i];
  auto made = listener::open(at.home, where, options);
  if (!made) return std::unexpected(made.error());
  at.listeners.push_back(made->get());
  const address bound = (*made)->local();
  started();
  spawn(accept_from(at, std::move(*made)));
  return bound;
}

task<> server::accept_from(core_share& at, std::unique_ptr<listener> l) {
  for (;;) {
    const descriptor peer = co_await l->next();
    if (peer < 0) break;
    started();
    ++connections_;
    spawn(serve(at, loose_connection{.socket = peer}, std::nullopt));
  }
  std::erase(at.listeners, l.get());
  l.reset();
  ended();
}

server::core_share& server::home_of(const session& s) {
  const auto object = s.object_id.empty() ? nullptr : host_.objects.find(s.object_id);
  if (object && !object->shared) return *shares_[object->home];
  return **std::ranges::min_element(shares_, {}, [](const auto& share) { return share->load.load(); });
}

// ---- one connection

task<bool> server::greet(core_share& at, connection& peer, session& s) {
  peer.set_deadline(at.home.now() + in_milliseconds(host_.settings.handshake_timeout));
  const frame* first = co_await peer.next_frame();
  if (!first) {
    if (peer.end().why != connection_end::cause::refused_bytes) {
      log_end(peer, s);
      co_return false;
    }
    log_warning("{}: connection refused: {}", s.peer, peer.end().error.text);
    const auto& echo = peer.frames().refused();
    if (peer.end().error.type != wire_class::message_too_large)
      refuse(peer.end().error.text, echo ? &*echo : nullptr, host_, peer.outgoing());
    co_return false;
  }
  const bool welcomed = welcome(*first, s, host_, at.dispatch.codecs(), validate_, peer.outgoing());
  peer.set_deadline(std::nullopt);
  peer.set_limits(serving_limits());
  co_return welcomed;
}

// The whole life of a connection on one core. `known`: it has been welcomed on another one.
task<> server::serve(core_share& at, loose_connection socket, std::optional<session> known) {
  connection peer(at.home, std::move(socket), known ? serving_limits() : greeting_limits());
  if (!host_.hmac_key.empty()) peer.frames().set_hmac_key(host_.hmac_key);
  const std::uint64_t place = enter(at, peer);
  if (stopping_) peer.close();
  session s = known ? std::move(*known) : session{.peer = peer.peer().to_string()};
  bool welcomed = known.has_value();
  if (!welcomed) {
    task<bool> greeting = greet(at, peer, s);
    welcomed = co_await greeting;
    core_share& home = welcomed ? home_of(s) : at;
    if (&home != &at && peer.can_release()) {
      // Its calls will all be for that core: let it live there.
      leave(at, place);
      home.home.post([this, &home, loose = peer.release(), s = std::move(s)]() mutable { spawn(serve(home, std::move(loose), std::move(s))); });
      co_return;
    }
  }
  if (welcomed) {
    task<> answering = answer_requests(at, peer, s);
    co_await answering;
  }
  s.object.reset();
  task<> finishing = peer.finish();
  co_await finishing;
  leave(at, place);
  --connections_;
  ended();
}

task<> server::answer_requests(core_share& at, connection& peer, session& s) {
  verdict outcome = verdict::keep;
  while (outcome == verdict::keep) {
    const frame* request = co_await peer.next_frame();
    if (!request) break;
    outcome = at.dispatch.answer(*request, s, peer.outgoing());
    if (outcome == verdict::elsewhere) {
      task<> brought = bring_over(at, peer, s, *request, outcome);
      co_await brought;
    }
  }
  if (peer.ended()) log_end(peer, s);
}

task<> server::bring_over(core_share& at, connection& peer, session& s, const frame& request, verdict& outcome) {
  travelling_call call(request, s);
  call.from.object.reset();
  hop there{at, *shares_[s.object->home], call};
  co_await there;
  call.answer.each_since({}, [&](std::span<const std::byte> run) { peer.outgoing().append(run.data(), run.size()); });
  outcome = call.outcome == verdict::elsewhere ? verdict::close : call.outcome;
}

// ---- the end

void server::stop_listening() {
  if (stopping_.exchange(true)) return;
  for (const auto& share : shares_) {
    share->home.post([&at = *share] {
      for (listener* l : std::vector(at.listeners)) l->stop();
    });
  }
}

void server::close_connections(std::size_t i) {
  // close() resumes the coroutine that serves the connection, which may take it off the list.
  auto& open = shares_[i]->open;
  std::vector<std::uint64_t> places;
  for (const auto& [place, c] : open) places.push_back(place);
  for (const std::uint64_t place : places)
    if (const auto still = open.find(place); still != open.end()) still->second->close();
}

}  // namespace engine
