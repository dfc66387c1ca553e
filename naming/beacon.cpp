// See beacon.hpp.
#include <naming/beacon.hpp>

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <engine/io/log.hpp>
#include <engine/object/discovery.hpp>

namespace engine {

namespace {

constexpr int at_once = 64;  // answers before others get their turn: a flood does not hold the core

[[noreturn]] void fail(const std::string& doing) { throw std::system_error(errno, std::generic_category(), doing); }

/// The address by which this machine reaches the asker, without a scope; empty if none is known.
std::string address_facing(const address& asker) {
  const int probe = ::socket(asker.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage mine{};
  socklen_t size = sizeof mine;
  const bool known = probe >= 0 && ::connect(probe, asker.data(), asker.size()) == 0 && ::getsockname(probe, reinterpret_cast<sockaddr*>(&mine), &size) == 0;
  if (probe >= 0) ::close(probe);
  if (!known) return {};
  const std::string host = address::from(mine, size).host();
  return host.substr(0, host.find('%'));
}

address address_of(const std::string& host, std::uint16_t port, int ip_version) {
  if (host.empty()) return address::numeric(ip_version == 6 ? "::" : "0.0.0.0", port).value();
  const auto found = address::resolve(host, port, ip_version);
  const auto family = ip_version == 6 ? AF_INET6 : AF_INET;
  if (!found || found->empty() || found->front().family() != family)
    throw std::system_error(EADDRNOTAVAIL, std::generic_category(), "broadcast host " + host);
  return found->front();
}

/// What an IPv6 socket that hears IPv4 as well (one that was given) shows as ::ffff:10.0.0.1.
address unmapped(const address& asker) {
  constexpr std::string_view mark = "::ffff:";
  const std::string host = asker.host();
  const auto v4 = host.starts_with(mark) ? address::numeric(host.substr(mark.size()), asker.port()) : std::unexpected(io_error{EINVAL, "address"});
  return v4 && v4->family() == AF_INET ? *v4 : asker;
}

bool is_on(const ipv6_network& network, const address& at) {
  const std::string host = at.host();
  const auto percent = host.find('%');
  if (percent != std::string::npos) return host.substr(percent + 1) == std::to_string(network.interface);
  return std::ranges::find(network.addresses, host) != network.addresses.end();
}

/// The interface a datagram came by, 0: not said.
unsigned interface_of(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != IPPROTO_IPV6 || part->cmsg_type != IPV6_PKTINFO) continue;
    in6_pktinfo where{};
    std::memcpy(&where, CMSG_DATA(part), sizeof where);
    return where.ipi6_ifindex;
  }
  return 0;
}

}  // namespace

beacon::beacon(uri answer, const std::string& host, std::uint16_t port, int ip_version) : answer_(std::move(answer)) {
  if (ip_version != 4 && ip_version != 6) throw std::invalid_argument("there is no IP version " + std::to_string(ip_version));
  address at = address_of(host, port, ip_version);
  const bool one_network = ip_version == 6 && !host.empty() && !at.is_loopback() && at.host() != "::";
  if (one_network) {  // whoever is bound to one address does not hear the group
    only_at_ = at.host();
    at = address_of({}, port, 6);
  }
  open(at);
  if (ip_version == 6 && !at.is_loopback()) follow_networks();
}

beacon::beacon(uri answer, int socket) : socket_(socket), answer_(std::move(answer)) {
  ::fcntl(*socket_, F_SETFL, ::fcntl(*socket_, F_GETFL) | O_NONBLOCK);
  if (location().starts_with('[')) follow_networks();
}

beacon::owned::~owned() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void beacon::open(const address& at) {
  socket_ = owned(::socket(at.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (*socket_ < 0) fail("broadcast socket");
  const int on = 1;
  ::setsockopt(*socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.family() == AF_INET) ::setsockopt(*socket_, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  else ::setsockopt(*socket_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(*socket_, at.data(), at.size()) != 0) fail("broadcast port " + std::to_string(at.port()));
}

/// Networks come and go while a name server runs, and a group is joined on each of its own. The kernel tells of changes by netlink; without
/// it those of the start are listened on.
void beacon::follow_networks() {
  const int on = 1;
  ::setsockopt(*socket_, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  changes_ = owned(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl to{};
  to.nl_family = AF_NETLINK;
  to.nl_groups = RTMGRP_LINK | RTMGRP_IPV6_IFADDR;
  if (*changes_ >= 0 && ::bind(*changes_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) changes_ = owned();
  join_networks();
}

void beacon::join_networks() {
  std::array<char, 4096> news;  // that there are any is all that counts, also when the kernel had too many (ENOBUFS)
  for (int i = 0; i < at_once && *changes_ >= 0; ++i)
    if (::recv(*changes_, news.data(), news.size(), 0) < 0 && errno != ENOBUFS) break;
  const std::vector<ipv6_network> before = std::exchange(networks_, ipv6_networks());
  if (!only_at_.empty()) {
    const address at = address::numeric(only_at_, 0).value();
    std::erase_if(networks_, [&](const ipv6_network& each) { return !is_on(each, at); });
  }
  for (const ipv6_network& each : networks_) {
    ipv6_mreq group{.ipv6mr_multiaddr = detail::discovery_group, .ipv6mr_interface = each.interface};
    const bool heard = ::setsockopt(*socket_, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group) == 0 || errno == EADDRINUSE;
    if (!heard && std::ranges::find(before, each.interface, &ipv6_network::interface) == before.end())
      log_warning("questions for a name server are not heard on interface {}: {}", each.interface, std::strerror(errno));
  }
}

std::string beacon::location() const {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(*socket_, reinterpret_cast<sockaddr*>(&at), &size);
  return address::from(at, size).to_string();
}

/// Where the asker can reach the name server, empty: it cannot.
std::string beacon::host_for(const address& asker, unsigned interface) const {
  const std::string& host = answer_.host();
  const bool all_of_ipv4 = host == "0.0.0.0";
  if (!all_of_ipv4 && host != "::") return host.substr(0, host.find('%'));  // the number of an interface means nothing to others
  const address there = unmapped(asker);
  if (all_of_ipv4 && there.family() != AF_INET) return {};
  const auto network = there.family() == AF_INET6 ? std::ranges::find(networks_, interface, &ipv6_network::interface) : networks_.end();
  return network != networks_.end() ? network->addresses.front() : address_facing(there);
}

void beacon::answer_waiting() {
  for (int i = 0; i < at_once; ++i) {
    std::array<char, 100> said;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> extra;
    sockaddr_storage from{};
    iovec into{said.data(), said.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = extra.data();
    message.msg_controllen = extra.size();
    const ssize_t n = ::recvmsg(*socket_, &message, 0);
    if (n < 0) return;
    if (std::string_view(said.data(), static_cast<std::size_t>(n)) != detail::discovery_question) continue;
    const address asker = address::from(from, message.msg_namelen);
    const std::string host = host_for(asker, interface_of(message));
    if (host.empty()) continue;
    const bool bracketed = host.find(':') != std::string::npos;
    const std::string text = "PYRO:" + answer_.object() + "@" + (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(answer_.port());
    log_debug("responding to broadcast request: {}", text);
    ::sendto(*socket_, text.data(), text.size(), MSG_NOSIGNAL, asker.data(), asker.size());
  }
}

}  // namespace engine
