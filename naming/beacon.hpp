// Answers programs that look for a name server by broadcast (WIRE §10): a datagram GET_NSURI is answered with the URI, from the
// interface that the asker can reach; everything else is ignored.
#pragma once

#include <cstdint>
#include <string>

#include <engine/object/uri.hpp>

namespace engine {

class beacon {
 public:
  /// Listens at `host` (empty: everywhere) and that port, 0: a free one. `answer`: the URI to give away; a host of 0.0.0.0 in it is replaced by
  /// the address that faces the asker. Throws std::system_error.
  beacon(uri answer, const std::string& host, std::uint16_t port);
  /// Takes a bound UDP socket over.
  beacon(uri answer, int socket);
  ~beacon();
  beacon(const beacon&) = delete;
  beacon& operator=(const beacon&) = delete;

  int descriptor() const { return socket_; }
  /// "0.0.0.0:9091".
  std::string location() const;
  /// Answers what has come, up to a bounded number; does not wait. When the descriptor is readable.
  void answer_waiting();

 private:
  int socket_;
  uri answer_;
};

}  // namespace engine
