// See networks.hpp.
#include <engine/io/networks.hpp>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>

namespace engine {

namespace {

constexpr unsigned wanted = IFF_UP | IFF_MULTICAST;

std::string text_of(const in6_addr& at) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET6, &at, text, sizeof text);
  return text;
}

}  // namespace

std::vector<ipv6_network> ipv6_networks() {
  std::vector<ipv6_network> all;
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return all;
  for (const ifaddrs* i = found; i; i = i->ifa_next) {
    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6 || (i->ifa_flags & wanted) != wanted) continue;
    const in6_addr& at = reinterpret_cast<const sockaddr_in6*>(i->ifa_addr)->sin6_addr;
    const unsigned interface = ::if_nametoindex(i->ifa_name);
    auto network = std::ranges::find(all, interface, &ipv6_network::interface);
    if (network == all.end()) {
      if (interface == 0 || all.size() == most_networks) continue;
      network = all.insert(all.end(), {.interface = interface, .addresses = {}});
    }
    auto& addresses = network->addresses;
    addresses.insert(IN6_IS_ADDR_LINKLOCAL(&at) ? addresses.end() : addresses.begin(), text_of(at));
  }
  ::freeifaddrs(found);
  return all;
}

}  // namespace engine
