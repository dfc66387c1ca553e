// See daemon.hpp. Threads, addresses and life; what is done with a connection is server.cpp's.
#include <engine/object/daemon.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <mutex>
#include <ostream>
#include <system_error>

#include <engine/core/cores.hpp>
#include <engine/io/log.hpp>
#include <engine/link/uuid.hpp>
#include <engine/object/autoproxy.hpp>
#include <engine/object/core_remote.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/proxy.hpp>
#include <engine/object/error.hpp>
#include <engine/object/reverse_connections.hpp>
#include <engine/object/reverse_listener.hpp>
#include <engine/object/server.hpp>
#include <engine/object/signals.hpp>
#include <engine/object/stream_argument.hpp>

namespace engine {

namespace {

// What `create` of a class gives is checked as Pyro checks it.
std::shared_ptr<void> checked_instance(const std::function<std::shared_ptr<void>()>& create) {
  auto made = create();
  if (!made) throw raised("TypeError", {"instance creator returned object of different type"});
  return made;
}

// A name that others would take for this machine's, and that none of them can reach it by.
bool stands_for_localhost(std::string_view name, const address& bound) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return bound.to_string().starts_with("127.") && !name.starts_with("127.") && !std::ranges::equal(name, std::string_view("localhost"), same);
}

}  // namespace

// How long the end of a daemon waits for methods that wait for answers from elsewhere, before it ends their connections.
constexpr std::chrono::seconds patience_with_methods{3};

class daemon::state final : private detail::exposer {
 public:
  explicit state(daemon_options options);
  ~state();

  uri add(exposed_object, const expose_options&);
  uri uri_of_id(std::string_view id, bool nat = true) const {
    return uri("PYRO:" + std::string(id) + "@" + (nat && !nat_location.empty() ? nat_location : host.location));
  }
  void run(const std::function<bool()>& condition);
  void accept_on_given();
  void stop();
  bool drain(std::chrono::milliseconds limit);
  void close();
  void renew_keys() { server_.renew_keys(); }
  std::size_t connections() const { return server_.connections(); }
  std::vector<int> listening() const;
  std::string description() const;
  const std::string& backend_reason() const { return backend_reason_; }
  core& first_core() { return (*cores_)[0]; }
  core& own_loop();

  hosting host;
  detail::enrollments names;
  std::vector<std::string> locations;
  std::string nat_location;
  std::string family;  // of where it listens first
  std::uint16_t tcp_port = 0;

 private:
  class housekeeper;
  own_daemon_object own_object() const { return options_.own_object.value_or(own_daemon_object::of<daemon_object>()); }
  void start_cores();
  address listen_on(std::size_t core_index, const address& where, int given = -1);
  void locate_given(int socket);
  void listen_everywhere();
  void listen_on_tcp(const std::string& at, std::uint16_t port);
  void listen_on_unix(const std::string& path);
  void choose_nat_location();
  void be_reachable_through();
  void take_socket();
  void serve_socket();
  bool wait_idle(time_point deadline);
  void end_what_waits();
  void refuse_on_core(const char* instead) const;
  std::string about() const;
  std::string transport() const;
  void note_family(const address&);
  std::optional<std::string> uri_of(const void* object, const interface_table&) const override;
  bool works_on(const core&) const override;
  detail::given_stream give(std::unique_ptr<open_stream>) const override;

  daemon_options options_;
  const std::shared_ptr<void> own_;
  server server_;
  std::atomic<std::size_t> next_home_{0};
  std::unique_ptr<side_pool> aside_;
  std::unique_ptr<housekeeper> housekeeper_;  // on core 0
  stop_signal stop_;
  std::mutex stopping_;  // held by each stop(): close() does not take from it what it still tells
  bool stopped_ = false;  // … has been seen by a run() that drives the loop itself
  bool closed_ = false;
  int connected_ = -1;  // the connected socket, until it is served
  std::string backend_reason_;
  std::shared_ptr<engine::cores> cores_;  // last: their threads use all of the above; shared by combined daemons
};

/// Asks for streams that nobody reads any more to be forgotten, and for what the program wants done, again and again.
class daemon::state::housekeeper final : public timer {
 public:
  housekeeper(state& of, core& on) : of_(of), on_(on) { again(); }
  void expired() override {
    const auto& s = of_.host.settings;
    of_.host.streams.expire(s.iter_stream_lifetime, s.iter_stream_linger, on_.now());
    if (of_.options_.housekeeping) of_.options_.housekeeping();
    again();
  }

 private:
  void again() { on_.timers().arm(*this, on_.now() + std::chrono::milliseconds(static_cast<std::int64_t>(of_.host.settings.poll_timeout * 1000) + 1)); }
  state& of_;
  core& on_;
};

// ---- set-up

daemon::state::state(daemon_options options)
    : options_(std::move(options)), own_(own_object().make(host, [this] { return about(); })), server_(host, options_.validate_handshake, options_.client_disconnect) {
  host.settings = options_.settings ? *options_.settings : settings::from_environment();
  host.accepted.insert(host.settings.serializers_accepted.begin(), host.settings.serializers_accepted.end());
  host.upgrade = host.settings.serializers_accepted == settings::defaults().serializers_accepted;
  host.hmac_key = options_.hmac_key;
  host.annotations = options_.annotations;
  host.method_error = options_.method_error;
  host.all_blocking = host.settings.server_type == "thread";
  if (host.settings.server_type != "core" && host.settings.server_type != "multiplex" && !host.all_blocking)
    throw error("invalid server type '" + host.settings.server_type + "'");
  const auto at_least_one = [](int n) { return static_cast<std::size_t>(std::max(1, n)); };
  aside_ = std::make_unique<side_pool>(
      side_pool_options{.least = at_least_one(host.settings.threadpool_size_min), .most = at_least_one(host.settings.threadpool_size)});
  host.aside = aside_.get();
  start_cores();
  host.objects.add({.id = daemon_object::id, .object = own_.get(), .table = own_object().table, .shared = true, .never_blocks = true}, false);
  try {
    if (options_.connected_socket >= 0) take_socket();
    else if (!options_.reachable_through.empty()) be_reachable_through();
    else listen_everywhere();
  } catch (...) {
    close();
    throw;
  }
  cores_->run_on(0, [this](core& first) { housekeeper_ = std::make_unique<housekeeper>(*this, first); });
  if (host.settings.autoproxy) detail::add_exposer(*this);
}

void daemon::state::start_cores() {
  if (options_.combine_with) {
    if (options_.connected_socket >= 0 || options_.combine_with->state_->options_.connected_socket >= 0)
      throw error("cannot combine servers when using user-supplied connected socket");
    cores_ = options_.combine_with->state_->cores_;
  } else {
    if (options_.cores == 0) throw error("a daemon needs at least one core");
    if (!options_.threads && options_.cores > 1) throw error("a daemon without threads has one core");
    cores_options how{.count = options_.cores, .threads = options_.threads, .pin = host.settings.pin};
    how.each.spin = host.settings.spin;
    how.each.backend = host.settings.backend;
    how.each.stall = host.settings.stall;
    cores_ = std::make_shared<engine::cores>(how);
  }
  for (std::size_t i = 0; i < cores_->size(); ++i) server_.add_core((*cores_)[i]);
  backend_reason_ = (*cores_)[0].backend_reason();
  log_info("{}", backend_reason_);
}

// ---- where it listens

void daemon::state::listen_everywhere() {
  for (const int socket : options_.listening_sockets) locate_given(socket);
  if (!options_.unix_only && options_.listening_sockets.empty()) {
    listen_on_tcp(options_.host.empty() ? host.settings.host : options_.host, options_.port);
  }
  if (!options_.unix_socket.empty() && options_.listening_sockets.empty()) listen_on_unix(options_.unix_socket);
  for (const std::string& also : options_.also_listen_on) {
    const uri where("PYRO:x@" + also);
    if (where.sockname().empty()) listen_on_tcp(where.host(), static_cast<std::uint16_t>(where.port()));
    else listen_on_unix(where.sockname());
  }
  if (locations.empty()) throw error("a daemon needs an address to listen on");
  host.location = locations.front();
  choose_nat_location();
  host.locations = locations;
  if (!nat_location.empty()) host.locations.push_back(nat_location);
}

void daemon::state::listen_on_tcp(const std::string& at, std::uint16_t port) {
  const bool bare_v6 = at.find(':') != std::string::npos;
  const auto found = address::resolve(at, port, bare_v6 ? 6 : host.settings.prefer_ip_version);
  if (!found || found->empty()) {
    const int code = found ? EADDRNOTAVAIL : found.error().code;
    throw std::system_error(code, std::generic_category(), "cannot resolve " + at);
  }
  const address bound = listen_on(0, found->front());
  if (tcp_port == 0) tcp_port = bound.port();
  if (stands_for_localhost(at, bound)) log_warning("weird DNS setup: {} resolves to localhost (127.x.x.x)", at);
  if (at.empty()) locations.push_back(bound.to_string());  // every address there is, as Pyro's
  else locations.push_back((bare_v6 ? "[" + at + "]" : at) + ":" + std::to_string(bound.port()));
}

void daemon::state::listen_on_unix(const std::string& path) {
  const auto where = address::unix_socket(path);
  if (!where) throw std::system_error(where.error().code, std::generic_category(), "unix socket " + path);
  locations.push_back(listen_on(0, *where).to_string());
}

void daemon::state::locate_given(int socket) {
  const address bound = (*cores_)[0].io().local_address(socket);
  note_family(bound);
  if (bound.is_unix()) return locations.push_back(bound.to_string());
  if (tcp_port == 0) tcp_port = bound.port();
  const bool bare_v6 = options_.host.find(':') != std::string::npos;
  if (options_.host.empty()) locations.push_back(bound.to_string());
  else locations.push_back((bare_v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(bound.port()));
}

void daemon::state::accept_on_given() {
  for (const int socket : std::exchange(options_.listening_sockets, {})) listen_on(0, (*cores_)[0].io().local_address(socket), socket);
}

address daemon::state::listen_on(std::size_t core_index, const address& where, int given) {
  const bool per_core = options_.listener_per_core && !where.is_unix() && given < 0;
  address bound;
  cores_->run_on(core_index, [&](core&) {
    const auto made = server_.listen(core_index, where, {.reuse_address = host.settings.sock_reuse, .reuse_port = per_core, .given = given});
    if (!made) throw std::system_error(made.error().code, std::generic_category(), std::string(made.error().doing) + " " + where.to_string());
    bound = *made;
  });
  note_family(bound);
  if (per_core && core_index + 1 < server_.size()) listen_on(core_index + 1, bound);  // all on the port the first one got
  return bound;
}

// As Pyro: a port of 0 stands for the one listened on.
void daemon::state::choose_nat_location() {
  const std::string nat = options_.nat_host.empty() ? host.settings.nat_host : options_.nat_host;
  if (nat.empty()) {
    if (options_.nat_port) throw error("must provide natport with nathost");
    return;
  }
  if (tcp_port == 0) throw error("cannot use nathost together with unixsocket");
  const int port = options_.nat_port ? *options_.nat_port : host.settings.nat_port;
  nat_location = (nat.find(':') == std::string::npos ? nat : "[" + nat + "]") + ":" + std::to_string(port == 0 ? tcp_port : port);
}

std::vector<int> daemon::state::listening() const {
  refuse_on_core("the sockets of a daemon cannot be asked for from one of its own calls: ask before");
  std::vector<int> all;
  if (closed_) return all;
  for (std::size_t i = 0; i < server_.size(); ++i) {
    cores_->run_on(i, [&](core&) {
      for (const int each : server_.listening(i)) all.push_back(each);
    });
  }
  return all;
}

// ---- callers that are dialled

void daemon::state::be_reachable_through() {
  if (!options_.unix_socket.empty() || !options_.also_listen_on.empty() || options_.nat_port || !options_.nat_host.empty())
    throw error("a daemon that is reachable through another one listens on nothing");
  const auto random = random_uuid();
  const std::string secret(reinterpret_cast<const char*>(random.data()), random.size());
  proxy_options how{.handshake = options_.reachable_handshake, .hmac_key = options_.hmac_key, .settings = host.settings};
  how.settings->metadata = false;
  const double limit = host.settings.comm_timeout > 0 ? host.settings.comm_timeout : host.settings.handshake_timeout;
  how.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(limit * 1000));
  const auto first = std::make_shared<std::promise<void>>();
  const auto tell = [first](std::exception_ptr failed) {
    if (failed) first->set_exception(failed);
    else first->set_value();
  };
  auto reached = first->get_future();
  auto dialling = std::make_unique<reverse_listener>(
      (*cores_)[0], reverse_options{.where = uri("PYRO:" + std::string(daemon_object::id) + "@" + options_.reachable_through),
                                    .secret = secret, .options = std::move(how)}, tell);
  cores_->run_on(0, [&](core&) { server_.be_reachable_through(0, std::move(dialling)); });
  while (!cores_->threads() && reached.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    (*cores_)[0].run_once(std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
  reached.get();
  host.location = detail::reverse_location(detail::reverse_id_of_secret(secret));
  host.locations = locations = {host.location};
}

// ---- a socket that is connected already

void daemon::state::take_socket() {
  const int mine = ::fcntl(options_.connected_socket, F_DUPFD_CLOEXEC, 0);
  if (mine < 0) throw std::system_error(errno, std::generic_category(), "the connected socket");
  connected_ = mine;
  const address local = (*cores_)[0].io().local_address(mine);
  note_family(local);
  const bool unnamed = local.is_unix() && local.path().empty();
  host.location = unnamed ? "./u:<<not-bound>>" : local.to_string();
  host.locations = locations = {host.location};
}

// Not before run(): the peer may have asked for objects long before they are exposed.
void daemon::state::serve_socket() {
  if (connected_ < 0) return;
  const std::string peer = (*cores_)[0].io().peer_address(connected_).to_string();
  cores_->run_on(0, [&](core&) { server_.adopt(std::exchange(connected_, -1), peer, [this] { stop(); }); });
}

// ---- objects

uri daemon::state::add(exposed_object entry, const expose_options& how) {
  if (entry.id.empty()) entry.id = "obj_" + hex_text(random_uuid());
  uri where = uri_of_id(entry.id);
  entry.home = next_home_.fetch_add(1) % server_.size();
  host.objects.add(std::move(entry), how.force);
  return where;
}

std::optional<std::string> daemon::state::uri_of(const void* object, const interface_table& table) const {
  const auto id = host.objects.id_of(object);
  const auto known = id ? host.objects.find(*id) : nullptr;
  if (!known || known->object != object || known->table != &table) return std::nullopt;
  return uri_of_id(*id).to_string();
}

bool daemon::state::works_on(const core& c) const {
  for (std::size_t i = 0; i < server_.size(); ++i)
    if (&(*cores_)[i] == &c) return true;
  return false;
}

// Nobody reads it yet, so it goes as one that has been left, unless somebody comes.
detail::given_stream daemon::state::give(std::unique_ptr<open_stream> items) const {
  return {.daemon = uri_of_id(daemon_object::id).to_string(), .id = host.streams.add_unread(std::move(items), now_here())};
}

std::string daemon::state::about() const {
  return "Pyro.Daemon bound on " + host.location + ", NAT " + (nat_location.empty() ? "None" : nat_location) + ", " +
         std::to_string(host.objects.size()) + " objects registered. Servertype: " + transport();
}

/// Each by the name of Pyro's class.
std::string daemon::state::transport() const {
  const std::string at = " on " + host.location, connected = std::to_string(server_.connections()) + " connections>";
  if (options_.connected_socket >= 0) return "<SocketServer_ExistingConnection" + at + ">";
  if (host.all_blocking) return "<SocketServer_Threadpool" + at + "; " + std::to_string(aside_->size()) + " workers>";
  if (host.settings.server_type == "multiplex") return "<SocketServer_Multiplex" + at + "; " + connected;
  return "<SocketServer_Core" + at + "; " + std::to_string(server_.size()) + " cores, " + connected;
}

std::string daemon::state::description() const {
  return "<daemon, " + host.location + (family.empty() ? "" : " - " + family) + "; " + std::to_string(host.objects.size()) + " objects>";
}

void daemon::state::note_family(const address& a) {
  if (family.empty()) family = a.is_unix() ? "Unix" : a.family() == AF_INET6 ? "IPv6" : "IPv4";
}

// ---- running

void daemon::state::refuse_on_core(const char* instead) const {
  if (core::current() || current_call()) throw would_block(instead);
}

core& daemon::state::own_loop() {
  if (cores_->threads()) throw error("this daemon has threads of its own: make it with threads = false to run it in another loop");
  if (options_.connected_socket >= 0) throw error("cannot combine events when using user-supplied connected socket");
  return (*cores_)[0];
}

void daemon::state::run(const std::function<bool()>& condition) {
  const signal_guard signals(stop_);
  serve_socket();
  accept_on_given();
  const auto look = std::chrono::duration_cast<time_point::duration>(std::chrono::duration<double>(host.settings.poll_timeout));
  const auto next_look = [&] { return condition ? std::chrono::steady_clock::now() + look : time_point::max(); };
  if (cores_->threads()) {
    while ((!condition || condition()) && !stop_.wait_until(next_look())) {
    }
  } else {
    // A member: the watch may be told once more while its end is on its way.
    const watch_handle stops = engine::watch((*cores_)[0], stop_.descriptor(), [this] { stopped_ = true; });
    while (!stopped_ && (!condition || condition())) (*cores_)[0].run_once(next_look());
  }
  close();
}

// ---- the end

void daemon::state::stop() {
  const std::scoped_lock others(stopping_);
  server_.stop_listening();
  stop_.notify();
}

bool daemon::state::wait_idle(time_point deadline) {
  if (cores_->threads()) return server_.wait_until_idle(deadline);
  while (!server_.idle() && std::chrono::steady_clock::now() < deadline)
    (*cores_)[0].run_once(std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
  return server_.idle();
}

/// Methods that wait for others do so no longer when they have had their time. Where the cores are shared with other daemons, theirs may: until
/// it is clear that ours wait for something else than calls.
void daemon::state::end_what_waits() {
  const auto in_time = [this] { return wait_idle(std::chrono::steady_clock::now() + patience_with_methods); };
  const auto on_each = [this](const std::function<void(core&)>& f) {
    for (std::size_t i = 0; i < server_.size(); ++i) cores_->run_on(i, f);
  };
  if (in_time()) return;
  if (cores_.use_count() > 1) {
    on_each([this](core& c) { detail::core_remote::give_up_calls_of(c, host); });
    if (in_time()) return;
  }
  on_each([](core& c) { detail::core_remote::hang_up(c); });
  wait_idle(time_point::max());
}

bool daemon::state::drain(std::chrono::milliseconds limit) {
  refuse_on_core("a daemon cannot be drained from one of its own calls: use stop()");
  if (closed_) return true;
  names.withdraw();  // first, so that nobody is sent here to be refused
  stop_.notify();
  server_.drain();
  const bool all = wait_idle(std::chrono::steady_clock::now() + limit);
  close();
  return all;
}

daemon::state::~state() { close(); }

void daemon::state::close() {
  refuse_on_core("a daemon cannot be closed from one of its own calls: use stop()");
  if (closed_) return;
  closed_ = true;
  if (connected_ >= 0) ::close(std::exchange(connected_, -1));
  names.withdraw();  // nobody is sent here any more
  stop();
  for (std::size_t i = 0; i < server_.size(); ++i) cores_->run_on(i, [&](core&) { server_.close_connections(i); });
  end_what_waits();
  server_.drop_parked();
  cores_->run_on(0, [this](core&) { housekeeper_.reset(); });
  if (host.settings.autoproxy) detail::remove_exposer(*this);
  host.streams.clear();
  host.aside = nullptr;
  aside_.reset();  // a side thread may still be telling a core that its call is done
  cores_.reset();
}

// ---- the public face

daemon::daemon(daemon_options options) : state_(std::make_unique<state>(std::move(options))) { state_->host.owner = this; }

daemon& this_daemon() {
  const call_context* const call = current_call();
  daemon* const serving = call ? call->host().owner : nullptr;
  if (!serving) throw error("not in a call of a daemon");
  return *serving;
}
daemon::~daemon() = default;

uri daemon::add(std::string id, void* object, const interface_table& table, std::shared_ptr<void> owner, const expose_options& how) {
  return state_->add({.id = std::move(id), .object = object, .table = &table, .owner = std::move(owner), .shared = how.shared}, how);
}
uri daemon::add_weak(std::string id, void* object, const interface_table& table, std::weak_ptr<void> owner, const expose_options& how) {
  exposed_object entry{.id = std::move(id), .object = object, .table = &table, .weak = true, .shared = how.shared};
  entry.weak_owner = std::move(owner);
  return state_->add(std::move(entry), how);
}
uri daemon::add_class(std::string id, const interface_table& table, instance_mode mode, std::function<std::shared_ptr<void>()> create,
                      const expose_options& how) {
  exposed_object entry{.id = std::move(id), .table = &table, .shared = mode != instance_mode::single, .mode = mode};
  entry.create = [create = std::move(create)] { return checked_instance(create); };
  entry.instances = std::make_shared<instance_store>();
  return state_->add(std::move(entry), how);
}
proxy<> daemon::proxy_for(std::string_view id, bool nat) const { return proxy<>(uri_for(id, nat)); }

void daemon::set_hmac_key(std::string key) {
  state_->host.hmac_key = std::move(key);
  state_->renew_keys();
}

uri daemon::enrolled(uri where, enrolled_as how) {
  try {
    state_->names.add(std::move(how), where);
  } catch (...) {
    unregister(where.object());
    throw;
  }
  return where;
}

void daemon::unregister(std::string_view id) {
  if (id == daemon_object::id) return;
  state_->host.objects.remove(id);
}
void daemon::remove(const void* object) { state_->host.objects.remove_object(object); }
uri daemon::uri_of(const void* object, bool nat) const {
  const auto id = state_->host.objects.id_of(object);
  if (!id) throw daemon_error("object isn't registered in this daemon");
  return state_->uri_of_id(*id, nat);
}
uri daemon::uri_for(std::string_view id, bool nat) const { return state_->uri_of_id(id, nat); }
std::string daemon::location() const { return state_->host.location; }
std::string daemon::nat_location() const { return state_->nat_location; }
std::vector<std::string> daemon::locations() const { return state_->locations; }
std::uint16_t daemon::port() const { return state_->tcp_port; }
std::vector<int> daemon::listening_descriptors() const { return state_->listening(); }
void daemon::run() { state_->run({}); }
void daemon::run(const std::function<bool()>& condition) { state_->run(condition); }
void daemon::stop() { state_->stop(); }
void daemon::close() { state_->close(); }
bool daemon::drain(std::chrono::milliseconds limit) { return state_->drain(limit); }
int daemon::descriptor() const {
  state_->accept_on_given();
  return state_->own_loop().poll_descriptor();
}
time_point daemon::next_deadline() const { return state_->own_loop().next_deadline(); }
void daemon::run_ready() { state_->own_loop().run_ready(); }
watch_handle daemon::watch(int foreign, std::function<void()> readable) { return engine::watch(state_->first_core(), foreign, std::move(readable)); }
std::size_t daemon::connections() const { return state_->connections(); }
std::string daemon::backend() const { return state_->backend_reason(); }
std::string daemon::description() const { return state_->description(); }
std::ostream& operator<<(std::ostream& out, const daemon& d) { return out << d.description(); }

}  // namespace engine
