// What looking for a name server by datagrams consists of (WIRE §10), for the side that asks and the one that answers (naming/beacon.hpp).
// Pyro broadcasts, which only IPv4 has; over IPv6 our own programs ask a multicast group, by the same port and the same texts.
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string_view>

#include <engine/object/settings.hpp>
#include <engine/object/uri.hpp>

namespace engine::detail {

inline constexpr std::string_view discovery_question = "GET_NSURI";

/// ff12::d059:524f: of our choosing (flag "transient"), heard on one link only; its last bytes are "PYRO" with the bit that dynamic groups have.
inline constexpr in6_addr discovery_group{{{0xff, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xd0, 0x59, 0x52, 0x4f}}};

/// Asks by IPv4 (unless settings.prefer_ip_version is 6) the addresses of settings.broadcast_addrs and by IPv6 every network and this machine, at
/// `port`. The first URI that is answered, nullopt: none within three rounds of 0.7 s. What is no URI is passed over. Blocks; any thread.
std::optional<uri> ask_for_name_server(const settings&, int port);

}  // namespace engine::detail
