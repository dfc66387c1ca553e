// See server.hpp.
#include <engine/object/server.hpp>

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <utility>

#include <unistd.h>

#include <codec/endian.hpp>
#include <engine/io/log.hpp>
#include <engine/io/socket.hpp>
#include <engine/link/wire_log.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/reverse_connections.hpp>
#include <engine/object/reverse_listener.hpp>
#include <engine/object/served_apart.hpp>

namespace engine {

/// One core's share of the work.
struct server::core_share {
  core_share(const hosting& h, std::size_t i, core& c) : index(i), home(c), dispatch(h, i, &c.stalls()) {}
  std::size_t index;
  core& home;
  dispatcher dispatch;
  std::vector<listener*> listeners{};  // each owned by its accept_from()
  reverse_listener* dials = nullptr;   // … and this by its dial_for()
  struct open_connection {
    connection* peer;
    calls_under_way* calls = nullptr;  // once it has been welcomed
  };
  std::map<std::uint64_t, open_connection> open{};  // in the order they came: the same seed must close them in the same order
  std::uint64_t entered = 0;
  std::atomic<std::size_t> load{0};  // connections here, for choosing the core with the fewest
};

/// co_await: has the call begun on `to`, resumes on `from`: when it is answered, or has been left to suspend there (call.unfinished).
struct server::hop {
  server& of;
  core_share& from;
  core_share& to;
  served_apart& call;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    call.waiting = waiting;
    to.home.post([this] { of.begin_there(from, to, call); });
  }
  void await_resume() const {}
};

namespace {

void append(output& to, const output& from) {
  from.each_since({}, [&to](std::span<const std::byte> run) { to.append(run.data(), run.size()); });
}

constexpr const char* sending = "daemon wiredata sending";

/// LOGWIRE: a request as it begins to be answered, and what has been written for it by the end of that.
class wire_logged {
 public:
  wire_logged(const hosting& host, const frame& request, const output& out) : host_(host), out_(out) {
    if (!host_.settings.log_wire) return;
    log_wire("daemon wiredata received", request);
    since_ = out.here();
  }
  ~wire_logged() {
    if (host_.settings.log_wire) log_wire(sending, out_, since_, host_.hmac_key);
  }
  wire_logged(const wire_logged&) = delete;
  wire_logged& operator=(const wire_logged&) = delete;

 private:
  const hosting& host_;
  const output& out_;
  output::mark since_{};
};

// Each side thread serves one daemon only, so it keeps its dispatcher, and with it the codecs.
void answer_aside(const hosting& host, const frame& request, session& from, output& answer, verdict& outcome) {
  thread_local std::optional<dispatcher> mine;
  if (!mine) mine.emplace(dispatcher::for_side_thread(host));
  outcome = mine->answer(request, from, answer);
  if (outcome > verdict::close) outcome = verdict::close;
}

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

/// Somebody does not want an answer any more (docs/wire.md).
bool is_cancel(const frame& request, calls_under_way& behind) {
  if (request.type != message::ping) return false;
  const auto which = request.annotations.find(cancel_annotation);
  if (!which || which->size() != 2) return false;
  behind.cancel(load_big<std::uint16_t>(reinterpret_cast<const char*>(which->data())));
  return true;
}

std::chrono::milliseconds in_milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

server::server(hosting& host, handshake_validator validate, std::function<void(const std::string&)> gone)
    : host_(host), validate_(std::move(validate)), gone_(std::move(gone)) {}

server::~server() { drop_parked(); }

void server::drop_parked() { detail::reverse_connections::instance().drop_all_of(this); }

void server::add_core(core& c) {
  if (shares_.empty()) open_giver();
  shares_.push_back(std::make_unique<core_share>(host_, shares_.size(), c));
}

void server::open_giver() {
  if (!host_.settings.shares_memory()) return;
  if (auto giver = handover_giver::open()) gives_memory_.emplace(std::move(*giver));
  else log_debug("no memory is shared: {}", giver.error().to_string());
}

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

bool server::wait_until_idle(time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto none = [this] { return running_ == 0; };
  if (deadline != time_point::max()) return all_ended_.wait_until(lock, deadline, none);
  all_ended_.wait(lock, none);
  return true;
}

std::uint64_t server::enter(core_share& at, connection& peer) {
  at.open.emplace(++at.entered, core_share::open_connection{&peer});
  ++at.load;
  return at.entered;
}

void server::leave(core_share& at, std::uint64_t place) {
  at.open.erase(place);
  --at.load;
}

connection_limits server::serving_limits() const {
  return {.frames = host_.settings.frames_read(), .idle = in_milliseconds(host_.settings.comm_timeout)};
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

std::vector<descriptor> server::listening(std::size_t i) const {
  std::vector<descriptor> all;
  for (const listener* each : shares_[i]->listeners) all.push_back(each->socket());
  return all;
}

void server::be_reachable_through(std::size_t i, std::unique_ptr<reverse_listener> l) {
  core_share& at = *shares_[i];
  at.dials = l.get();
  started();
  spawn(dial_for(at, std::move(l)));
}

task<> server::dial_for(core_share& at, std::unique_ptr<reverse_listener> l) {
  for (;;) {
    task<std::optional<loose_connection>> dialling = l->next();
    std::optional<loose_connection> peer = co_await dialling;
    if (!peer) break;
    started();
    ++connections_;
    spawn(serve(at, std::move(*peer), std::nullopt, true));
    auto use = l->in_use();
    co_await use;
  }
  at.dials = nullptr;
  l.reset();
  ended();
}

void server::adopt(descriptor socket, std::string peer, std::function<void()> when_ended) {
  started();
  ++connections_;
  session s{.peer = std::move(peer), .id = ++numbered_};
  spawn(serve_adopted(*shares_.front(), loose_connection{.socket = socket}, std::move(s), std::move(when_ended)));
}

task<> server::serve_adopted(core_share& at, loose_connection socket, session s, std::function<void()> when_ended) {
  task<> serving = serve(at, std::move(socket), std::move(s));
  co_await serving;
  when_ended();
}

server::core_share& server::home_of(const session& s) {
  const auto object = s.object_id.empty() ? nullptr : host_.objects.find(s.object_id);
  if (object && !object->shared) return *shares_[object->home];
  return **std::ranges::min_element(shares_, {}, [](const auto& share) { return share->load.load(); });
}

// ---- one connection

// `dialled`: by us, for being called when somebody over there wants to.
task<bool> server::greet(core_share& at, connection& peer, session& s, bool dialled) {
  if (!dialled) peer.set_deadline(at.home.now() + in_milliseconds(host_.settings.handshake_timeout));
  const frame* first = co_await peer.next_frame();
  if (dialled && at.dials) at.dials->used(first != nullptr);
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
  if (host_.all_blocking && host_.aside && host_.aside->full()) {
    log_warning("{}: connection refused: every side thread is at work", s.peer);
    refuse("no free workers, increase server threadpool size", first, host_, peer.outgoing());
    co_return false;
  }
  const wire_logged logged(host_, *first, peer.outgoing());
  const bool gives = gives_memory_ && peer.may_share_memory() && first->annotations.find(own_annotation) && is_local(peer.socket(), peer.peer());
  const auto giver = gives ? std::span<const std::byte>(gives_memory_->name()) : std::span<const std::byte>();
  const bool welcomed = welcome(*first, s, host_, at.dispatch.codecs(), validate_, peer.outgoing(), giver);
  peer.set_deadline(std::nullopt);
  peer.set_limits(serving_limits());
  co_return welcomed;
}

/// Before the answer leaves. Nothing depends on it: where there is none, calls go on over the socket.
void server::offer_memory(connection& peer, std::span<const std::byte> ticket) {
  if (!gives_memory_ || !peer.may_share_memory()) return;
  auto memory = shared_ring::make(host_.settings.shared_memory);
  if (!memory) return log_debug("{}", memory.error().to_string());
  if (gives_memory_->give(memory->memory, ticket)) peer.offer(std::move(memory->ring));
  ::close(memory->memory);
}

// The whole life of a connection on one core. `known`: it has been welcomed on another one.
task<> server::serve(core_share& at, loose_connection socket, std::optional<session> known, bool dialled) {
  connection_limits limits = known ? serving_limits() : greeting_limits();
  if (dialled) limits.idle = {};
  connection peer(at.home, std::move(socket), limits);
  peer.frames().set_hmac_key(host_.hmac_key);
  const std::uint64_t place = enter(at, peer);
  if (stopping_) peer.close();
  session s = known ? std::move(*known) : session{.peer = peer.peer().to_string(), .id = ++numbered_};
  s.socket = peer.socket();
  peer.looked_at_with_frames(&s);
  bool welcomed = known.has_value();
  if (!welcomed) {
    task<bool> greeting = greet(at, peer, s, dialled);
    welcomed = co_await greeting;
    if (welcomed && !s.reverse_id.empty() && stopping_) welcomed = false;
    if (welcomed && !s.reverse_id.empty()) {  // nobody asks anything on it
      assert(peer.can_release());
      detail::reverse_connections::instance().park(s.reverse_id, at.home, peer.release(), this);
      co_return gone(at, place);
    }
    core_share& home = welcomed ? home_of(s) : at;
    if (&home != &at && peer.can_release()) {
      // Its calls will all be for that core: let it live there.
      leave(at, place);
      home.home.post([this, &home, loose = peer.release(), s = std::move(s)]() mutable { spawn(serve(home, std::move(loose), std::move(s))); });
      co_return;
    }
  }
  if (welcomed) {
    calls_under_way behind;
    at.open.at(place).calls = &behind;
    task<> answering = answer_requests(at, peer, s, behind);
    co_await answering;
    if (peer.ended()) behind.cancel();  // nobody is there to hear their answers
    co_await behind.at_most(0);
    at.open.at(place).calls = nullptr;
    say_goodbye(s);
  }
  task<> finishing = peer.finish();
  co_await finishing;
  gone(at, place);
}

void server::gone(core_share& at, std::uint64_t place) {
  leave(at, place);
  --connections_;
  ended();
}

task<> server::answer_requests(core_share& at, connection& peer, session& s, calls_under_way& behind) {
  verdict outcome = verdict::keep;
  while (outcome == verdict::keep && !draining_) {
    const frame* request = co_await peer.next_frame();
    if (!request) break;
    s.heard = peer.heard();
    promise_words said;
    std::optional<std::span<const std::byte>> memory_ticket;
    if (s.own_peer && !request->annotations.empty()) {
      if (is_cancel(*request, behind)) continue;
      if (request->type == message::ping) memory_ticket = request->annotations.find(memory_annotation);
      said = promise_words::in(*request);
      const auto earlier = said.upon ? behind.kept().find(*said.upon) : nullptr;  // before this one is kept: it must not wait for itself
      if (said.keep) behind.kept().begin(request->sequence);
      if (earlier) {
        auto call = std::make_unique<served_apart>(*request, s, verdict::keep);
        call->own_the_frame();
        call->kept = said.keep;
        behind.enter(*call);
        spawn(answer_upon(at, peer, behind, std::move(call), earlier));
        co_await behind.at_most(calls_under_way::most);
        continue;
      }
    }
    const output::mark before = said.keep ? peer.outgoing().here() : output::mark{};
    {
      const wire_logged logged(host_, *request, peer.outgoing());
      outcome = at.dispatch.answer(*request, s, peer.outgoing());
    }
    if (outcome <= verdict::close) {
      if (memory_ticket && s.may_share) offer_memory(peer, *memory_ticket);
      if (said.keep) behind.kept().settle(request->sequence, peer.outgoing(), before, host_);
      continue;
    }
    if (goes_ahead(*request, s, outcome)) {
      auto call = std::make_unique<served_apart>(*request, s, outcome);
      call->own_the_frame();
      call->kept = said.keep;
      behind.enter(*call);
      outcome = verdict::keep;
      if (call->how == verdict::elsewhere) {  // its next requests begin after this one
        task<> begun = begin_elsewhere(at, *call);
        co_await begun;
      }
      spawn(answer_behind(at, peer, behind, std::move(call)));
      co_await behind.at_most(calls_under_way::most);
    } else {
      task<> answering = answer_in_turn(at, peer, s, behind, *request, outcome);
      co_await answering;
    }
  }
  if (peer.ended()) log_end(peer, s);
}

/// Whether the connection's next requests need not wait for this one.
bool server::goes_ahead(const frame& request, const session& s, verdict how) const {
  if (s.own_peer) return true;
  return how == verdict::aside && request.has(flag::oneway) && host_.settings.oneway_threaded;
}

task<> server::answer_in_turn(core_share& at, connection& peer, session& s, calls_under_way& behind, const frame& request, verdict& outcome) {
  served_apart call(request, s, outcome);
  behind.running.push_back(&call);
  task<> serving = serve_apart(at, call);
  co_await serving;
  behind.leave(call);
  if (host_.settings.log_wire) log_wire(sending, call.answer, {}, host_.hmac_key);
  append(peer.outgoing(), call.answer);
  outcome = call.outcome;
}

task<> server::answer_behind(core_share& at, connection& peer, calls_under_way& behind, std::unique_ptr<served_apart> call) {
  const bool in_side_order = call->how == verdict::aside && !call->request.has(flag::oneway);
  if (in_side_order) co_await behind.side_turn();
  task<> serving = serve_apart(at, *call);
  co_await serving;
  if (in_side_order) behind.leave_side();
  end_behind(peer, behind, std::move(call));
}

void server::end_behind(connection& peer, calls_under_way& behind, std::unique_ptr<served_apart> call) {
  if (host_.settings.log_wire) log_wire(sending, call->answer, {}, host_.hmac_key);
  append(peer.outgoing(), call->answer);
  if (call->outcome == verdict::close) peer.close();
  behind.leave(*call);
  if (call->kept) behind.kept().settle(call->request.sequence, call->answer, {}, host_);
  call.reset();
  behind.one_less();
}

/// A call upon the result of an earlier one: waits for that, and for nothing else.
task<> server::answer_upon(core_share& at, connection& peer, calls_under_way& behind, std::unique_ptr<served_apart> call,
                             std::shared_ptr<kept_result> earlier) {
  co_await earlier->when_settled();
  // Nobody hears the answer to what has not begun when the connection ends.
  if (peer.ended() || begin_upon(at, *call, earlier)) co_return end_behind(peer, behind, std::move(call));
  task<> rest = answer_behind(at, peer, behind, std::move(call));
  co_await rest;
}

/// Whether it is answered already.
bool server::begin_upon(core_share& at, served_apart& call, const std::shared_ptr<const kept_result>& on) {
  if (on->failed) {
    on->answer_with_error(call.request, host_, call.answer);
    return true;
  }
  call.from.upon = on;
  if (host_.settings.log_wire) log_wire("daemon wiredata received", call.request);
  call.how = call.outcome = at.dispatch.answer(call.request, call.from, call.answer);
  return call.outcome <= verdict::close;
}

/// Serves a call where it belongs and comes back with its answer.
task<> server::serve_apart(core_share& at, served_apart& call) {
  if (call.how == verdict::elsewhere) {
    task<> begun = begin_elsewhere(at, call);
    co_await begun;
  }
  if (call.brought) {
    co_await call.finish();
  } else if (call.how == verdict::aside) {
    auto aside = host_.aside->run([this, &call] { answer_aside(host_, call.request, call.from, call.answer, call.outcome); });
    co_await aside;
  } else {
    task<verdict> answering = at.dispatch.answer_later(call.request, call.from, call.answer);
    call.outcome = co_await answering;
  }
}

task<> server::begin_elsewhere(core_share& at, served_apart& call) {
  call.brought = true;
  hop there{*this, at, *shares_[call.from.object->home], call};
  co_await there;
}

/// On the object's own core: the requests of a connection begin in order, wherever they are served, and only what suspends or blocks
/// lets the next ones by.
void server::begin_there(core_share& from, core_share& home, served_apart& call) {
  call.outcome = home.dispatch.answer(call.request, call.from, call.answer);
  if (call.outcome == verdict::elsewhere) call.outcome = verdict::close;  // it moved meanwhile
  call.unfinished = call.outcome == verdict::later;
  call.brought = call.outcome != verdict::aside;  // side threads are nobody's: back to where the connection keeps its order
  const auto waiting = call.waiting;
  call.how = call.outcome;
  if (call.unfinished) {
    call.waiting = {};
    spawn(finish_there(from, home, call));
  }
  from.home.post([waiting] { waiting.resume(); });
}

task<> server::finish_there(core_share& from, core_share& home, served_apart& call) {
  task<verdict> answering = home.dispatch.answer_later(call.request, call.from, call.answer);
  call.outcome = co_await answering;
  from.home.post([&call] { call.finished(); });
}

void server::say_goodbye(session& s) {
  host_.streams.connection_ended(s.id, host_.settings.iter_stream_linger > 0, core::current()->now());
  if (s.belongings) s.belongings->close_resources(s.peer);
  s.object.reset();
  s.instance.reset();
  s.belongings.reset();
  if (gone_) gone_(s.peer);
}

/// The host's key is another one now: for what the open connections read next.
void server::renew_keys() {
  for (const auto& share : shares_) {
    share->home.post([this, &at = *share] {
      for (const auto& [place, each] : at.open) each.peer->frames().set_hmac_key(host_.hmac_key);
      if (at.dials) at.dials->set_hmac_key(host_.hmac_key);
    });
  }
}

// ---- the end

void server::stop_listening() {
  if (stopping_.exchange(true)) return;
  for (const auto& share : shares_) {
    share->home.post([&at = *share] {
      for (listener* l : std::vector(at.listeners)) l->stop();
      if (at.dials) at.dials->stop();
    });
  }
}

void server::drain() {
  draining_ = true;
  stop_listening();
  for (const auto& share : shares_) {
    share->home.post([this, &at = *share] {
      std::vector<std::uint64_t> idle;
      for (const auto& [place, each] : at.open)
        if (each.peer->waits_for_frame()) idle.push_back(place);
      for (const std::uint64_t place : idle) close_one(at, place);
    });
  }
}

// close() resumes the coroutine that serves the connection, which may take it off the list.
void server::close_one(core_share& at, std::uint64_t place) {
  if (const auto still = at.open.find(place); still != at.open.end()) still->second.peer->close();
}

void server::close_connections(std::size_t i) {
  std::vector<std::uint64_t> places;
  for (const auto& [place, each] : shares_[i]->open) places.push_back(place);
  for (const std::uint64_t place : places) {
    close_one(*shares_[i], place);
    // A connection that waits for a method is not told of its end by reading: its method is.
    if (const auto still = shares_[i]->open.find(place); still != shares_[i]->open.end() && still->second.calls) still->second.calls->cancel();
  }
}

}  // namespace engine
