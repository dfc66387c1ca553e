// See host.hpp.
#include <naming/host.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include <engine/io/address.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace {

constexpr double least_autoclean = 3;
constexpr std::chrono::seconds first_copy{5};

/// Where a name server is, with its port.
std::string location_of(const std::string& said, const settings& s) {
  const auto bracket = said.rfind(']');
  const bool has_port = said.find(':', bracket == std::string::npos ? 0 : bracket) != std::string::npos;  // or is a Unix socket
  const std::string at = has_port ? said : said + ":" + std::to_string(s.ns_port);
  try {
    const uri there("PYRO:x@" + at);
    if (!there.host().empty() || !there.sockname().empty()) return at;
  } catch (const error&) {
  }
  throw std::invalid_argument("invalid address of a name server to follow: '" + said + "'");
}

daemon_options options_for(const name_server_options& o, const settings& s) {
  daemon_options d;
  d.host = o.host;
  d.port = o.port.value_or(static_cast<std::uint16_t>(s.ns_port));
  d.unix_socket = o.unix_socket;
  d.unix_only = o.unix_only;
  d.listening_sockets = o.sockets.streams;
  d.nat_host = o.nat_host;
  d.nat_port = o.nat_port;
  d.cores = o.cores;
  d.threads = o.threads;
  d.hmac_key = o.hmac_key;
  d.settings = s;
  return d;
}

/// The number behind a name, as the listener has chosen it.
std::string numeric(const std::string& host, std::uint16_t port, const settings& s) {
  if (const auto found = address::resolve(host, port, s.prefer_ip_version); found && !found->empty()) {
    return found->front().host();
  }
  return host;
}

int duplicate(int socket) {
  const int mine = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (mine < 0) throw std::system_error(errno, std::generic_category(), "broadcast socket");
  return mine;
}

bool has_ipv6(const std::string& host) {
  const auto found = address::resolve(host, 0, 6);
  return found && !found->empty() && found->front().family() == AF_INET6;
}

/// The address, if it can be reached from this machine or one network only; else empty.
std::string only_network_of(const std::string& host) {
  return host == "::1" || host.find('%') != std::string::npos ? host : "";
}

/// The first of the family, or the first.
int chosen(const std::vector<int>& sockets, int family) {
  const auto found = std::ranges::find_if(sockets, [family](int socket) {
    int is = 0;
    socklen_t size = sizeof is;
    return ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &is, &size) == 0 && is == family;
  });
  return found == sockets.end() ? sockets.front() : *found;
}

/// Refused before there is a file.
auto storage_for(const name_server_options& o) {
  if (!o.replica_of.empty() && o.storage != "memory" && !o.storage.empty())
    throw std::invalid_argument("a replica keeps its names in memory: it has no storage of its own");
  return open_storage(o.storage);
}

}  // namespace

name_server_host::name_server_host(name_server_options options)
    : names_(std::make_unique<NameServer>(storage_for(options), std::function<void()>(), options.watching)),
      live_(std::make_unique<LiveNames>(*names_)),
      found_(static_cast<std::size_t>(names_->count())) {
  const settings s = options.settings ? *options.settings : settings::from_environment();
  if (s.ns_autoclean > 0 && s.ns_autoclean < least_autoclean) throw std::invalid_argument("NS_AUTOCLEAN cannot be smaller than 3");
  if (!options.replica_of.empty()) begin_following(options, s);
  // Its own entry says where it listens, which is known only then; the object is known only after its entry is right.
  daemon_ = std::make_unique<engine::daemon>(options_for(options, s));
  names_->keep(name_server_id, {.uri = daemon_->uri_for(name_server_id).to_string(), .tags = {"class:Pyro4.naming.NameServer"}});
  daemon_->expose(*live_, live_names_id, {.shared = true});
  daemon_->expose(*names_, name_server_id, {.shared = true});
  const bool unix_only = !internal().sockname().empty();
  bound_to_ = unix_only ? "Unix domain socket" : numeric(internal().host(), daemon_->port(), s);
  open_beacon(options, s);
  watching_leases_ = daemon_->watch(lease_ends_.get(), [this] {
    lease_ends_.heard();
    names_->expire_leases(std::chrono::steady_clock::now());
  });
  if (s.ns_autoclean > 0 && !replica_) {
    const auto timeout = s.comm_timeout > 0 ? s.comm_timeout : 5;
    sweeper_ = std::make_unique<sweeper>(*names_, sweeper_options{.every = std::chrono::milliseconds(static_cast<std::int64_t>(s.ns_autoclean * 1000)),
                                                                  .timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout * 1000))});
  }
  names_->tell_ends([this](time_point next) { lease_ends_.set(next); });
}

name_server_host::~name_server_host() { names_->tell_ends({}); }

void name_server_host::begin_following(const name_server_options& o, const settings& s) {
  replica_of_ = location_of(o.replica_of, s);
  replica_options how{.of = replica_of_, .hmac_key = o.hmac_key, .settings = s, .told = o.replica_told};
  cores_options one;
  one.each.spin = {};
  one.each.backend = s.backend;
  following_ = std::make_unique<engine::cores>(one);
  replica_ = std::make_unique<engine::replica>(*names_, (*following_)[0], true, std::move(how));
  names_->follow(*replica_);
  static_cast<void>(replica_->tried().wait_for(first_copy));
}

void name_server_host::enroll(std::string name, const uri& where, std::vector<std::string> tags) {
  names_->keep(std::move(name), {.uri = where.to_string(), .tags = std::move(tags)});
}

uri name_server_host::where() const { return daemon_->uri_for(name_server_id); }
uri name_server_host::internal() const { return daemon_->uri_for(name_server_id, false); }

void name_server_host::open_beacon(const name_server_options& o, const settings& s) {
  if (!internal().sockname().empty()) return;
  const bool by_ipv6 = bound_to_.find(':') != std::string::npos;
  std::string host = o.bc_host.empty() ? s.ns_bchost : o.bc_host;
  if (by_ipv6 && !host.empty() && !has_ipv6(host)) {
    why_silent_ = "Not starting broadcast server for IPv6.";
  } else if (bound_to_.starts_with("127.")) {
    why_silent_ = "Not starting broadcast server for localhost.";
  } else if (o.broadcast) {
    if (by_ipv6 && host.empty()) host = only_network_of(bound_to_);
    const auto port = o.bc_port.value_or(static_cast<std::uint16_t>(s.ns_bcport));
    if (o.sockets.datagrams.empty()) beacon_ = std::make_unique<engine::beacon>(internal(), host, port, by_ipv6 ? 6 : 4);
    else beacon_ = std::make_unique<engine::beacon>(internal(), duplicate(chosen(o.sockets.datagrams, by_ipv6 ? AF_INET6 : AF_INET)));
    watching_ = daemon_->watch(beacon_->descriptor(), [this] { beacon_->answer_waiting(); });
    if (beacon_->changes_descriptor() >= 0) watching_changes_ = daemon_->watch(beacon_->changes_descriptor(), [this] { beacon_->join_networks(); });
  }
}

}  // namespace engine
