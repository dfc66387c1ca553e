// See discovery.hpp.
#include <engine/object/discovery.hpp>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <engine/io/address.hpp>
#include <engine/io/log.hpp>
#include <engine/io/networks.hpp>
#include <engine/object/error.hpp>

namespace engine::detail {

namespace {

using clock = std::chrono::steady_clock;

constexpr int rounds = 3;
constexpr std::chrono::milliseconds round_lasts{700};  // WIRE §10
constexpr std::size_t longest_answer = 1024;           // Pyro reads 100 bytes and cuts longer ones
constexpr int most_heard = 256;                        // datagrams in all: who sends rubbish ends the search, but does not prolong it

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

/// The group on every network, and this machine, whose own interface has no groups.
std::vector<sockaddr_in6> multicast_addresses(int port) {
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_port = htons(static_cast<std::uint16_t>(port));
  at.sin6_addr = in6addr_loopback;
  std::vector all{at};
  at.sin6_addr = discovery_group;
  for (const ipv6_network& each : ipv6_networks()) {
    at.sin6_scope_id = each.interface;
    all.push_back(at);
  }
  return all;
}

bool has_route_to(const address& there) {
  const int probe = ::socket(there.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool has = probe >= 0 && ::connect(probe, there.data(), there.size()) == 0;
  if (probe >= 0) ::close(probe);
  return has;
}

/// A link-local address means something together with the interface it was heard by only, which the answer cannot know; and an answer may name
/// a global address while this machine has only link-local ones. Then the sender's own address is where it can be reached.
uri as_seen_from_here(const uri& said, const address& sender) {
  const auto named = address::numeric(said.host(), static_cast<std::uint16_t>(said.port()));
  if (!named || named->family() != AF_INET6 || sender.host().find('%') == std::string::npos || has_route_to(*named)) return said;
  return uri("PYRO:" + said.object() + "@[" + sender.host() + "]:" + std::to_string(said.port()));
}

/// The sockets of one search.
class search {
 public:
  search(const settings& s, int port) {
    if (s.prefer_ip_version != 6) open(AF_INET, broadcast_addresses(s.broadcast_addrs, port));
    open(AF_INET6, multicast_addresses(port));
  }
  ~search() {
    for (const asked& each : asked_) ::close(each.socket);
  }
  search(const search&) = delete;
  search& operator=(const search&) = delete;

  std::optional<uri> round() {
    for (const asked& each : asked_)
      for (const address& to : each.everybody)
        ::sendto(each.socket, discovery_question.data(), discovery_question.size(), MSG_NOSIGNAL, to.data(), to.size());
    for (const auto end = clock::now() + round_lasts; clock::now() < end && heard_ < most_heard;) {
      wait_until(end);
      for (const asked& each : asked_)
        if (auto found = next_answer(each.socket)) return found;
    }
    return std::nullopt;
  }

 private:
  struct asked {
    int socket;
    std::vector<address> everybody;
  };

  template <class Raw> void open(int family, const std::vector<Raw>& everybody) {
    const int socket = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return;  // this machine does without that family
    const int on = 1;
    if (family == AF_INET) ::setsockopt(socket, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    asked_.push_back({.socket = socket, .everybody = {}});
    for (const Raw& each : everybody) {
      sockaddr_storage to{};
      std::copy_n(reinterpret_cast<const char*>(&each), sizeof each, reinterpret_cast<char*>(&to));
      asked_.back().everybody.push_back(address::from(to, sizeof each));
    }
  }

  void wait_until(clock::time_point end) const {
    std::vector<pollfd> readable;
    for (const asked& each : asked_) readable.push_back({each.socket, POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now());
    ::poll(readable.data(), readable.size(), std::max(0, static_cast<int>(left.count())));
  }

  std::optional<uri> next_answer(int socket) {
    for (; heard_ < most_heard; ++heard_) {
      std::array<char, longest_answer> said;
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t n = ::recvfrom(socket, said.data(), said.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 0) return std::nullopt;
      if (static_cast<std::size_t>(n) > said.size()) continue;
      try {
        const uri found(std::string_view(said.data(), static_cast<std::size_t>(n)));
        if (found.protocol() == uri_protocol::pyro) return as_seen_from_here(found, address::from(from, size));
      } catch (const error& e) {
        log_debug("an answer to a broadcast is no URI: {}", e.what());
      }
    }
    return std::nullopt;
  }

  std::vector<asked> asked_{};
  int heard_ = 0;
};

}  // namespace

std::optional<uri> ask_for_name_server(const settings& s, int port) {
  search everywhere(s, port);
  for (int i = 0; i < rounds; ++i)
    if (auto found = everywhere.round()) return found;
  return std::nullopt;
}

}  // namespace engine::detail
