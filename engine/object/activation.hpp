// Sockets that systemd (or systemd-socket-activate) has opened for this program, which is started by the first who connects:
//   engine::daemon daemon{{.listening_sockets = engine::activation_sockets().streams}};
#pragma once

#include <vector>

namespace engine {

struct given_sockets {
  std::vector<int> streams{};    ///< listening ones, TCP before Unix
  std::vector<int> datagrams{};  ///< UDP
  bool empty() const { return streams.empty() && datagrams.empty(); }
};

/// What LISTEN_FDS and LISTEN_PID announce; nothing if they are not set or meant for another process. The variables are unset, so that programs
/// that are started do not take them for theirs; the descriptors are closed by exec and otherwise stay open. At the start, before other
/// threads. Throws std::invalid_argument for a number that is none or a descriptor that is no such socket.
given_sockets activation_sockets();

}  // namespace engine
