// See daemon.hpp. A connection is served by one short coroutine, and that coroutine is the walk: welcome, then frame in, answer out.
#include <engine/object/daemon.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <unordered_set>

#include <engine/core/cores.hpp>
#include <engine/io/log.hpp>
#include <engine/link/connection.hpp>
#include <engine/link/listener.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/signals.hpp>
#include <engine/object/welcome.hpp>

namespace engine {

namespace {

/// One core's share of a daemon.
struct core_share {
  core_share(const hosting& h, std::size_t i, core& c) : index(i), home(c), dispatch(h, i) {}
  std::size_t index;
  core& home;
  dispatcher dispatch;
  std::unordered_set<connection*> open{};
  std::atomic<std::size_t> load{0};  // connections here, for choosing the core with the fewest
};

/// A request on its way to the core its object lives on, and its answer on the way back.
struct travelling_call {
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
struct hop {
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

std::chrono::milliseconds in_milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string random_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "obj_";
  for (const std::byte b : random_uuid()) {
    id += digits[std::to_integer<unsigned>(b) >> 4];
    id += digits[std::to_integer<unsigned>(b) & 15];
  }
  return id;
}

}  // namespace

class daemon::state {
 public:
  explicit state(daemon_options options);
  ~state();

  uri add(std::string id, void* object, const interface_table&, std::shared_ptr<void> owner, const expose_options&);
  uri uri_of_id(std::string_view id) const;
  void run();
  void stop();
  void close();

  hosting host;
  std::string first_location, backend_reason;
  std::vector<std::string> locations;
  std::uint16_t tcp_port = 0;
  std::atomic<std::size_t> open_connections{0};

 private:
  void listen_on(const address& where, const std::string& shown_host);
  void listen_everywhere();
  void started();
  void ended();
  task<> accept_from(std::unique_ptr<listener> l);
  task<> serve(core_share& at, loose_connection socket, std::optional<session> known);
  task<bool> greet(core_share& at, connection& peer, session& s);
  task<> bring_over(core_share& at, connection& peer, session& s, const frame& request, verdict& outcome);
  core_share& home_of(core_share& at, const session&);
  connection_limits greeting_limits() const;
  connection_limits serving_limits() const;
  std::string about() const;

  daemon_options options_;
  daemon_object own_;
  std::vector<std::unique_ptr<core_share>> shares_;
  std::vector<listener*> listeners_;  // each owned by its accept_from()
  std::atomic<std::size_t> next_home_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::size_t running_ = 0;  // coroutines not ended yet
  stop_signal stop_;
  bool closed_ = false;
  std::unique_ptr<engine::cores> cores_;
};

// ---- set-up

daemon::state::state(daemon_options options)
    : options_(std::move(options)), own_(host.objects, [this] { return about(); }) {
  host.settings = options_.settings ? *options_.settings : settings::from_environment();
  host.accepted.insert(host.settings.serializers_accepted.begin(), host.settings.serializers_accepted.end());
  host.upgrade = host.settings.serializers_accepted == settings::defaults().serializers_accepted;
  host.hmac_key = options_.hmac_key;
  if (options_.host.empty()) options_.host = host.settings.host;
  if (options_.cores == 0) throw std::invalid_argument("a daemon needs at least one core");
  cores_options threads{.count = options_.cores, .pin = host.settings.pin};
  threads.each.spin = host.settings.spin;
  threads.each.backend = host.settings.backend;
  threads.each.stall = host.settings.stall;
  cores_ = std::make_unique<engine::cores>(threads);
  for (std::size_t i = 0; i < cores_->size(); ++i) shares_.push_back(std::make_unique<core_share>(host, i, (*cores_)[i]));
  backend_reason = (*cores_)[0].backend_reason();
  log_info("{}", backend_reason);
  try {
    listen_everywhere();
  } catch (...) {
    close();
    throw;
  }
  host.location = first_location;
  host.objects.add({.id = daemon_object::id, .object = &own_, .table = &interface_of<daemon_object>(), .shared = true}, false);
}

daemon::state::~state() { close(); }

void daemon::state::listen_everywhere() {
  if (!options_.unix_only) {
    const int version = options_.host.find(':') == std::string::npos ? host.settings.prefer_ip_version : 6;
    const auto found = address::resolve(options_.host, options_.port, version);
    if (!found || found->empty()) {
      const int code = found ? EADDRNOTAVAIL : found.error().code;
      throw std::system_error(code, std::generic_category(), "cannot resolve " + options_.host);
    }
    listen_on(found->front(), options_.host);
  }
  if (!options_.unix_socket.empty()) {
    const auto where = address::unix_socket(options_.unix_socket);
    if (!where) throw std::system_error(where.error().code, std::generic_category(), "unix socket " + options_.unix_socket);
    listen_on(*where, {});
  }
  if (locations.empty()) throw std::invalid_argument("a daemon needs an address to listen on");
  first_location = locations.front();
}

void daemon::state::listen_on(const address& where, const std::string& shown_host) {
  cores_->run_on(0, [&](core& c) {
    auto made = listener::open(c, where, {.reuse_address = host.settings.sock_reuse});
    if (!made) throw std::system_error(made.error().code, std::generic_category(), std::string(made.error().doing) + " " + where.to_string());
    if (where.is_unix()) {
      locations.push_back(where.to_string());
    } else {
      tcp_port = (*made)->local().port();
      const bool bare_v6 = shown_host.find(':') != std::string::npos;
      locations.push_back((bare_v6 ? "[" + shown_host + "]" : shown_host) + ":" + std::to_string(tcp_port));
    }
    listeners_.push_back(made->get());
    started();
    spawn(accept_from(std::move(*made)));
  });
}

connection_limits daemon::state::serving_limits() const {
  return {.frames = {.message_size = host.settings.max_message_size}, .idle = in_milliseconds(host.settings.comm_timeout)};
}

connection_limits daemon::state::greeting_limits() const {
  constexpr std::size_t greeting_max = 64 * 1024;
  connection_limits limits = serving_limits();
  auto& size = limits.frames.message_size;
  size = size == 0 ? greeting_max : std::min(size, greeting_max);
  return limits;
}

// ---- objects

uri daemon::state::uri_of_id(std::string_view id) const { return uri("PYRO:" + std::string(id) + "@" + first_location); }

uri daemon::state::add(std::string id, void* object, const interface_table& table, std::shared_ptr<void> owner, const expose_options& how) {
  if (id.empty()) id = random_id();
  uri where = uri_of_id(id);
  host.objects.add({.id = std::move(id), .object = object, .table = &table, .owner = std::move(owner),
                    .home = next_home_.fetch_add(1) % shares_.size(), .shared = how.shared}, how.force);
  return where;
}

std::string daemon::state::about() const {
  return "Pyro.Daemon bound on " + first_location + ", NAT None, " + std::to_string(host.objects.size()) +
         " objects registered. Servertype: <engine on " + first_location + "; " + std::to_string(shares_.size()) + " cores, " +
         std::to_string(open_connections.load()) + " connections>";
}

// ---- serving

void daemon::state::started() {
  const std::scoped_lock lock(mutex_);
  ++running_;
}

void daemon::state::ended() {
  const std::scoped_lock lock(mutex_);
  if (--running_ == 0) all_ended_.notify_all();
}

core_share& daemon::state::home_of(core_share& at, const session& s) {
  const auto object = s.object_id.empty() ? nullptr : host.objects.find(s.object_id);
  if (!object) return at;
  if (!object->shared) return *shares_[object->home];
  return **std::ranges::min_element(shares_, {}, [](const auto& share) { return share->load.load(); });
}

task<> daemon::state::accept_from(std::unique_ptr<listener> l) {
  core_share& at = *shares_.front();
  for (;;) {
    const descriptor peer = co_await l->next();
    if (peer < 0) break;
    started();
    ++open_connections;
    spawn(serve(at, loose_connection{.socket = peer}, std::nullopt));
  }
  l.reset();
  ended();
}

task<bool> daemon::state::greet(core_share& at, connection& peer, session& s) {
  peer.set_deadline(at.home.now() + in_milliseconds(host.settings.handshake_timeout));
  const frame* first = co_await peer.next_frame();
  if (!first) {
    if (peer.end().why != connection_end::cause::refused_bytes) co_return false;
    log_warning("{}: connection refused: {}", s.peer, peer.end().error.text);
    const auto& echo = peer.frames().refused();
    if (peer.end().error.type != wire_class::message_too_large)
      refuse(peer.end().error.text, echo ? &*echo : nullptr, host, peer.outgoing());
    co_return false;
  }
  const bool welcomed = welcome(*first, s, host, at.dispatch.codecs(), options_.validate_handshake, peer.outgoing());
  peer.set_deadline(std::nullopt);
  peer.set_limits(serving_limits());
  co_return welcomed;
}

// The whole life of a connection on one core. `known`: it has been welcomed on another one.
task<> daemon::state::serve(core_share& at, loose_connection socket, std::optional<session> known) {
  connection peer(at.home, std::move(socket), known ? serving_limits() : greeting_limits());
  if (!host.hmac_key.empty()) peer.frames().set_hmac_key(host.hmac_key);
  at.open.insert(&peer);
  ++at.load;
  if (stopping_) peer.close();
  session s = known ? std::move(*known) : session{.peer = peer.peer().to_string()};
  bool welcomed = known.has_value();
  if (!welcomed) {
    task<bool> greeting = greet(at, peer, s);
    welcomed = co_await greeting;
    core_share& home = welcomed ? home_of(at, s) : at;
    if (&home != &at && peer.can_release()) {
      // Its calls will all be for that core: let it live there.
      at.open.erase(&peer);
      --at.load;
      home.home.post([this, &home, loose = peer.release(), s = std::move(s)]() mutable { spawn(serve(home, std::move(loose), std::move(s))); });
      co_return;
    }
  }
  verdict outcome = welcomed ? verdict::keep : verdict::close;
  while (outcome == verdict::keep) {
    const frame* request = co_await peer.next_frame();
    if (!request) break;
    outcome = at.dispatch.answer(*request, s, peer.outgoing());
    if (outcome == verdict::elsewhere) {
      task<> brought = bring_over(at, peer, s, *request, outcome);
      co_await brought;
    }
  }
  if (welcomed && peer.ended() && peer.end().why == connection_end::cause::refused_bytes)
    log_warning("{}: {}", s.peer, peer.end().to_string());
  s.object.reset();
  task<> finishing = peer.finish();
  co_await finishing;
  at.open.erase(&peer);
  --at.load;
  --open_connections;
  ended();
}

task<> daemon::state::bring_over(core_share& at, connection& peer, session& s, const frame& request, verdict& outcome) {
  travelling_call call(request, s);
  call.from.object.reset();
  hop there{at, *shares_[s.object->home], call};
  co_await there;
  call.answer.each_since({}, [&](std::span<const std::byte> run) { peer.outgoing().append(run.data(), run.size()); });
  outcome = call.outcome == verdict::elsewhere ? verdict::close : call.outcome;
}

// ---- the end

void daemon::state::run() {
  const signal_guard signals(stop_);
  stop_.wait();
  close();
}

void daemon::state::stop() {
  if (!stopping_.exchange(true)) {
    shares_.front()->home.post([this] {
      for (listener* l : listeners_) l->stop();
    });
  }
  stop_.notify();
}

void daemon::state::close() {
  if (core::current()) throw would_block("a daemon cannot be closed from one of its own calls: use stop()");
  if (closed_) return;
  closed_ = true;
  stop();
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    cores_->run_on(i, [&](core&) {
      // close() resumes the coroutine that serves the connection, which may take it off the list.
      const std::vector<connection*> open(shares_[i]->open.begin(), shares_[i]->open.end());
      for (connection* c : open)
        if (shares_[i]->open.contains(c)) c->close();
    });
  }
  std::unique_lock lock(mutex_);
  all_ended_.wait(lock, [this] { return running_ == 0; });
  lock.unlock();
  cores_->stop();
  cores_->join();
}

// ---- the public face

daemon::daemon(daemon_options options) : state_(std::make_unique<state>(std::move(options))) {}
daemon::~daemon() = default;

uri daemon::add(std::string id, void* object, const interface_table& table, std::shared_ptr<void> owner, const expose_options& how) {
  return state_->add(std::move(id), object, table, std::move(owner), how);
}
void daemon::unregister(std::string_view id) {
  if (id != daemon_object::id) state_->host.objects.remove(id);
}
void daemon::remove(const void* object) { state_->host.objects.remove(object); }
uri daemon::uri_of(const void* object) const {
  const auto id = state_->host.objects.id_of(object);
  if (!id) throw daemon_error("object isn't registered in this daemon");
  return state_->uri_of_id(*id);
}
uri daemon::uri_for(std::string_view id) const { return state_->uri_of_id(id); }
std::string daemon::location() const { return state_->first_location; }
std::vector<std::string> daemon::locations() const { return state_->locations; }
std::uint16_t daemon::port() const { return state_->tcp_port; }
void daemon::run() { state_->run(); }
void daemon::stop() { state_->stop(); }
void daemon::close() { state_->close(); }
std::size_t daemon::connections() const { return state_->open_connections; }
std::string daemon::backend() const { return state_->backend_reason; }

}  // namespace engine
