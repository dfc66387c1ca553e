// The IPv6 networks this machine is on: the interfaces that a question to all neighbours goes out by, and its addresses there.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace engine {

struct ipv6_network {
  unsigned interface;                  ///< its index, which is the scope of link-local addresses on it
  std::vector<std::string> addresses;  ///< this machine's, numeric, without a scope; global and unique-local ones before link-local ones
};

inline constexpr std::size_t most_networks = 128;

/// Interfaces that are up, take multicast and have an IPv6 address, in the kernel's order; at most most_networks. Empty if the kernel does not
/// say. Some system calls; any thread.
std::vector<ipv6_network> ipv6_networks();

}  // namespace engine
