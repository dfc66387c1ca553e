// Answers programs that look for a name server by datagrams (WIRE §10): GET_NSURI is answered with the URI, from the interface that the asker
// can reach; everything else is ignored. Over IPv4 it hears broadcasts, over IPv6 a multicast group (engine/object/discovery.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <engine/io/address.hpp>
#include <engine/io/networks.hpp>
#include <engine/object/uri.hpp>

namespace engine {

class beacon {
 public:
  /// Listens by `ip_version` (4 or 6) at that port, 0: a free one. `answer`: the URI to give away; where its host stands for all addresses
  /// (0.0.0.0, ::) it is replaced by the one that faces the asker. `host`: where to listen, empty: everywhere; by IPv6 that means every network,
  /// an address the network it belongs to, and ::1 this machine. Throws std::system_error, std::invalid_argument for another version.
  beacon(uri answer, const std::string& host, std::uint16_t port, int ip_version = 4);
  /// Takes a bound UDP socket over, of either family.
  beacon(uri answer, int socket);
  beacon(const beacon&) = delete;
  beacon& operator=(const beacon&) = delete;

  int descriptor() const { return *socket_; }
  /// "0.0.0.0:9091", "[::]:9091".
  std::string location() const;
  /// Answers what has come, up to a bounded number; does not wait. When the descriptor is readable.
  void answer_waiting();

  /// Readable when this machine's networks have changed, -1 by IPv4, which needs no telling.
  int changes_descriptor() const { return *changes_; }
  /// Listens on the networks there are now. When changes_descriptor() is readable.
  void join_networks();

 private:
  void open(const address& at);
  void follow_networks();
  std::string host_for(const address& asker, unsigned interface) const;

  /// Closed with it.
  class owned {
   public:
    explicit owned(int descriptor = -1) : descriptor_(descriptor) {}
    owned(owned&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    owned& operator=(owned&& other) noexcept {
      std::swap(descriptor_, other.descriptor_);
      return *this;
    }
    ~owned();
    int operator*() const { return descriptor_; }

   private:
    int descriptor_;
  };

  owned socket_{}, changes_{};
  uri answer_;
  std::string only_at_{};                  // the network of this address
  std::vector<ipv6_network> networks_{};  // those it listens on
};

}  // namespace engine
