// Finding a name server (WIRE §10): where it was said to be, on this machine, or by broadcast.
#include <engine/object/resolve.hpp>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <stdexcept>
#include <utility>

#include <engine/io/log.hpp>
#include <engine/object/discovery.hpp>
#include <engine/object/error.hpp>
#include <engine/object/remote.hpp>

namespace engine::detail {

namespace {

bool is_local(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

/// Debian gives the machine's own name this address; it counts only where it is one.
bool has_second_loopback() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(0x7f000101);
  char name[NI_MAXHOST];
  return ::getnameinfo(reinterpret_cast<const sockaddr*>(&at), sizeof at, name, sizeof name, nullptr, 0, NI_NAMEREQD) == 0;
}

bool is_port(int port) { return port >= 0 && port <= 65535; }

std::string uri_text(const std::string& host, int port) {
  if (host.starts_with("./u:")) return "PYRO:Pyro.NameServer@" + host;
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return "PYRO:Pyro.NameServer@" + (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::shared_ptr<remote> remote_at(const std::string& where, const locate_options& o, const settings& s) {
  proxy_options how;
  how.hmac_key = o.hmac_key;
  how.settings = s;
  if (o.timeout.count() > 0) how.timeout = o.timeout;
  return std::make_shared<remote>(uri(where), std::move(how));
}

/// Connected, or nullptr.
std::shared_ptr<remote> try_at(const std::string& host, int port, const locate_options& o, const settings& s) {
  if (!is_port(port)) return nullptr;
  const std::string where = uri_text(host, port);
  log_debug("locating the NS: {}", where);
  auto found = remote_at(where, o, s);
  try {
    static_cast<void>(found->acquire());
    return found;
  } catch (const would_block&) {
    throw;
  } catch (const error& e) {
    log_debug("no name server at {}: {}", where, e.what());
    return nullptr;
  }
}

std::shared_ptr<remote> locate_anywhere(const locate_options& o, const settings& s) {
  const int port = o.port ? o.port : s.ns_port;
  if (is_local(s.ns_host)) {
    if (auto here = try_at(s.ns_host, port, o, s)) return here;
    const bool second = s.ns_host != "::1" && s.ns_host != "127.0.1.1" && has_second_loopback();
    if (auto here = second ? try_at("127.0.1.1", port, o, s) : nullptr) return here;
  }
  if (o.broadcast) {
    if (!is_port(o.port)) throw std::invalid_argument("port must be 0-65535");
    if (const auto said = ask_for_name_server(s, o.port ? o.port : s.ns_bcport)) {
      log_debug("located NS: {}", said->to_string());
      return remote_at(said->to_string(), o, s);
    }
  }
  return try_at(s.ns_host, s.ns_port, o, s);
}

}  // namespace

std::shared_ptr<remote> locate(const locate_options& o) {
  const settings s = o.settings ? *o.settings : settings::from_environment();
  auto found = o.host.empty() ? locate_anywhere(o, s) : try_at(o.host, o.port ? o.port : s.ns_port, o, s);
  if (!found) throw naming_error("Failed to locate the nameserver");
  return found;
}

}  // namespace engine::detail
