// See daemon.hpp. Threads, addresses and life; what is done with a connection is server.cpp's.
#include <engine/object/daemon.hpp>

#include <algorithm>
#include <atomic>
#include <system_error>

#include <engine/core/cores.hpp>
#include <engine/io/log.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/error.hpp>
#include <engine/object/server.hpp>
#include <engine/object/signals.hpp>

namespace engine {

namespace {

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
  ~state() { close(); }

  uri add(exposed_object, const expose_options&);
  uri uri_of_id(std::string_view id) const { return uri("PYRO:" + std::string(id) + "@" + host.location); }
  void run();
  void stop();
  void close();
  std::size_t connections() const { return server_.connections(); }
  const std::string& backend_reason() const { return (*cores_)[0].backend_reason(); }

  hosting host;
  std::vector<std::string> locations;
  std::uint16_t tcp_port = 0;

 private:
  address listen_on(std::size_t core_index, const address& where);
  void listen_everywhere();
  std::string about() const;

  daemon_options options_;
  daemon_object own_;
  server server_;
  std::atomic<std::size_t> next_home_{0};
  class housekeeper;
  std::unique_ptr<side_pool> aside_;
  std::unique_ptr<housekeeper> housekeeper_;  // on core 0
  stop_signal stop_;
  bool closed_ = false;
  std::unique_ptr<engine::cores> cores_;  // last: their threads use all of the above
};

// ---- set-up

daemon::state::state(daemon_options options)
    : options_(std::move(options)), own_(host, [this] { return about(); }), server_(host, options_.validate_handshake, options_.client_disconnect) {
  host.settings = options_.settings ? *options_.settings : settings::from_environment();
  host.accepted.insert(host.settings.serializers_accepted.begin(), host.settings.serializers_accepted.end());
  host.upgrade = host.settings.serializers_accepted == settings::defaults().serializers_accepted;
  host.hmac_key = options_.hmac_key;
  host.annotations = options_.annotations;
  host.method_error = options_.method_error;
  host.all_blocking = host.settings.server_type == "thread";
  if (host.settings.server_type != "core" && host.settings.server_type != "multiplex" && !host.all_blocking)
    throw error("invalid server type '" + host.settings.server_type + "'");
  const auto threads_of = [](int n) { return static_cast<std::size_t>(std::max(1, n)); };
  aside_ = std::make_unique<side_pool>(side_pool_options{.least = threads_of(host.settings.threadpool_size_min), .most = threads_of(host.settings.threadpool_size)});
  host.aside = aside_.get();
  if (options_.host.empty()) options_.host = host.settings.host;
  if (options_.cores == 0) throw error("a daemon needs at least one core");
  cores_options threads{.count = options_.cores, .pin = host.settings.pin};
  threads.each.spin = host.settings.spin;
  threads.each.backend = host.settings.backend;
  threads.each.stall = host.settings.stall;
  cores_ = std::make_unique<engine::cores>(threads);
  for (std::size_t i = 0; i < cores_->size(); ++i) server_.add_core((*cores_)[i]);
  log_info("{}", backend_reason());
  try {
    listen_everywhere();
  } catch (...) {
    close();
    throw;
  }
  host.objects.add({.id = daemon_object::id, .object = &own_, .table = &interface_of<daemon_object>(), .shared = true, .never_blocks = true}, false);
  cores_->run_on(0, [this](core& first) { housekeeper_ = std::make_unique<housekeeper>(*this, first); });
}

void daemon::state::listen_everywhere() {
  if (!options_.unix_only) {
    const int version = options_.host.find(':') == std::string::npos ? host.settings.prefer_ip_version : 6;
    const auto found = address::resolve(options_.host, options_.port, version);
    if (!found || found->empty()) {
      const int code = found ? EADDRNOTAVAIL : found.error().code;
      throw std::system_error(code, std::generic_category(), "cannot resolve " + options_.host);
    }
    tcp_port = listen_on(0, found->front()).port();
    const bool bare_v6 = options_.host.find(':') != std::string::npos;
    locations.push_back((bare_v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(tcp_port));
  }
  if (!options_.unix_socket.empty()) {
    const auto where = address::unix_socket(options_.unix_socket);
    if (!where) throw std::system_error(where.error().code, std::generic_category(), "unix socket " + options_.unix_socket);
    locations.push_back(listen_on(0, *where).to_string());
  }
  if (locations.empty()) throw error("a daemon needs an address to listen on");
  host.location = locations.front();
}

address daemon::state::listen_on(std::size_t core_index, const address& where) {
  const bool per_core = options_.listener_per_core && !where.is_unix();
  address bound;
  cores_->run_on(core_index, [&](core&) {
    const auto made = server_.listen(core_index, where, {.reuse_address = host.settings.sock_reuse, .reuse_port = per_core});
    if (!made) throw std::system_error(made.error().code, std::generic_category(), std::string(made.error().doing) + " " + where.to_string());
    bound = *made;
  });
  if (per_core && core_index + 1 < server_.size()) listen_on(core_index + 1, bound);  // all on the port the first one got
  return bound;
}

// ---- objects

uri daemon::state::add(exposed_object entry, const expose_options& how) {
  if (entry.id.empty()) entry.id = random_id();
  uri where = uri_of_id(entry.id);
  entry.home = next_home_.fetch_add(1) % server_.size();
  host.objects.add(std::move(entry), how.force);
  return where;
}

// What `create` of a class gives is checked as Pyro checks it.
std::shared_ptr<void> checked_instance(const std::function<std::shared_ptr<void>()>& create) {
  auto made = create();
  if (!made) throw raised("TypeError", {"instance creator returned object of different type"});
  return made;
}

/// Asks for streams that nobody reads any more to be forgotten, again and again.
class daemon::state::housekeeper final : public timer {
 public:
  housekeeper(state& of, core& on) : of_(of), on_(on) { again(); }
  void expired() override {
    const auto& s = of_.host.settings;
    of_.host.streams.expire(s.iter_stream_lifetime, s.iter_stream_linger, on_.now());
    again();
  }

 private:
  void again() { on_.timers().arm(*this, on_.now() + std::chrono::milliseconds(static_cast<std::int64_t>(of_.host.settings.poll_timeout * 1000) + 1)); }
  state& of_;
  core& on_;
};

std::string daemon::state::about() const {
  return "Pyro.Daemon bound on " + host.location + ", NAT None, " + std::to_string(host.objects.size()) +
         " objects registered. Servertype: <engine on " + host.location + "; " + std::to_string(server_.size()) + " cores, " +
         std::to_string(server_.connections()) + " connections>";
}

// ---- the end

void daemon::state::run() {
  const signal_guard signals(stop_);
  stop_.wait();
  close();
}

void daemon::state::stop() {
  server_.stop_listening();
  stop_.notify();
}

void daemon::state::close() {
  if (core::current() || current_call()) throw would_block("a daemon cannot be closed from one of its own calls: use stop()");
  if (closed_) return;
  closed_ = true;
  stop();
  for (std::size_t i = 0; i < server_.size(); ++i) cores_->run_on(i, [&](core&) { server_.close_connections(i); });
  server_.wait_until_idle();
  cores_->run_on(0, [this](core&) { housekeeper_.reset(); });
  host.streams.clear();
  cores_->stop();
  cores_->join();
}

// ---- the public face

daemon::daemon(daemon_options options) : state_(std::make_unique<state>(std::move(options))) {}
daemon::~daemon() = default;

uri daemon::add(std::string id, void* object, const interface_table& table, std::shared_ptr<void> owner, const expose_options& how) {
  return state_->add({.id = std::move(id), .object = object, .table = &table, .owner = std::move(owner), .shared = how.shared}, how);
}
uri daemon::add_class(std::string id, const interface_table& table, instance_mode mode, std::function<std::shared_ptr<void>()> create,
                      const expose_options& how) {
  exposed_object entry{.id = std::move(id), .table = &table, .shared = mode != instance_mode::single, .mode = mode};
  entry.create = [create = std::move(create)] { return checked_instance(create); };
  entry.instances = std::make_shared<instance_store>();
  return state_->add(std::move(entry), how);
}
void daemon::unregister(std::string_view id) {
  if (id != daemon_object::id) state_->host.objects.remove(id);
}
void daemon::remove(const void* object) { state_->host.objects.remove_object(object); }
uri daemon::uri_of(const void* object) const {
  const auto id = state_->host.objects.id_of(object);
  if (!id) throw daemon_error("object isn't registered in this daemon");
  return state_->uri_of_id(*id);
}
uri daemon::uri_for(std::string_view id) const { return state_->uri_of_id(id); }
std::string daemon::location() const { return state_->host.location; }
std::vector<std::string> daemon::locations() const { return state_->locations; }
std::uint16_t daemon::port() const { return state_->tcp_port; }
void daemon::run() { state_->run(); }
void daemon::stop() { state_->stop(); }
void daemon::close() { state_->close(); }
std::size_t daemon::connections() const { return state_->connections(); }
std::string daemon::backend() const { return state_->backend_reason(); }

}  // namespace engine
