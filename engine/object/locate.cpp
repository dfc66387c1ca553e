// Finding a name server (WIRE §10): where it was said to be, on this machine, or by broadcast.
#include <engine/object/resolve.hpp>

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <engine/io/log.hpp>
#include <engine/object/error.hpp>
#include <engine/object/remote.hpp>

namespace engine::detail {

namespace {

constexpr std::string_view question = "GET_NSURI";
constexpr int rounds = 3;                              // of broadcasts, …
constexpr std::chrono::milliseconds round_lasts{700};  // … each heard for so long (WIRE §10)
constexpr std::size_t longest_answer = 1024;           // Pyro reads 100 bytes and cuts longer ones

bool is_local(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

/// Debian gives the machine's own name this address; it counts only where it is one.
bool has_second_loopback() {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(0x7f000101);
  char name[NI_MAXHOST];
  return ::getnameinfo(reinterpret_cast<const sockaddr*>(&at), sizeof at, name, sizeof name, nullptr, 0, NI_NAMEREQD) == 0;
}

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
std::shared_ptr<remote> try_at(const std::string& where, const locate_options& o, const settings& s) {
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

std::vector<sockaddr_in> broadcast_addresses(const std::string& list, int port) {
  std::vector<sockaddr_in> all;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string word = list.substr(begin, end - begin);
    std::erase(word, ' ');
    begin = end + 1;
    if (word == "<broadcast>") word = "255.255.255.255";
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    if (!word.empty() && ::inet_pton(AF_INET, word.c_str(), &at.sin_addr) == 1) all.push_back(at);
    else if (!word.empty()) log_warning("BROADCAST_ADDRS: {} is no IPv4 address", word);
  }
  return all;
}

/// The URI that a name server answers a broadcast with, nullopt: none did.
std::optional<std::string> ask_around(const settings& s, int port) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  std::optional<std::string> answer;
  for (int round = 0; round < rounds && !answer; ++round) {
    for (const sockaddr_in& to : broadcast_addresses(s.broadcast_addrs, port))
      ::sendto(socket, question.data(), question.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    pollfd readable{socket, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(round_lasts.count())) <= 0) continue;
    std::array<char, longest_answer> said;
    if (const ssize_t n = ::recv(socket, said.data(), said.size(), 0); n > 0) answer.emplace(said.data(), static_cast<std::size_t>(n));
  }
  ::close(socket);
  return answer;
}

std::shared_ptr<remote> locate_anywhere(const locate_options& o, const settings& s) {
  const int port = o.port ? o.port : s.ns_port;
  if (is_local(s.ns_host)) {
    if (auto here = try_at(uri_text(s.ns_host, port), o, s)) return here;
    const bool second = s.ns_host != "::1" && s.ns_host != "127.0.1.1" && has_second_loopback();
    if (auto here = second ? try_at(uri_text("127.0.1.1", port), o, s) : nullptr) return here;
  }
  if (o.broadcast && s.prefer_ip_version != 6) {
    if (const auto said = ask_around(s, o.port ? o.port : s.ns_bcport)) {
      log_debug("located NS: {}", *said);
      return remote_at(*said, o, s);
    }
  }
  return try_at(uri_text(s.ns_host, s.ns_port), o, s);
}

}  // namespace

std::shared_ptr<remote> locate(const locate_options& o) {
  const settings s = o.settings ? *o.settings : settings::from_environment();
  auto found = o.host.empty() ? locate_anywhere(o, s) : try_at(uri_text(o.host, o.port ? o.port : s.ns_port), o, s);
  if (!found) throw naming_error("Failed to locate the nameserver");
  return found;
}

}  // namespace engine::detail
