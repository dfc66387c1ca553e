// A thread per connection that sleeps in recv: what one writes first, and what no event loop undercuts while there are few connections.
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <bench/raw/echo_stream.hpp>
#include <bench/raw/servers.hpp>

namespace bench {
namespace {

void serve_one(descriptor connection) try {
  echo_stream stream;
  std::string answers;
  std::vector<char> room(receive_size);
  for (;;) {
    const std::size_t n = receive_some(connection.number(), room, false);
    answers.clear();
    stream.feed({room.data(), n}, answers);
    send_all(connection.number(), answers);
    for (std::uint64_t& owed = stream.owed(); owed > 0;) {
      const std::size_t part = std::min<std::uint64_t>(owed, room.size());
      send_all(connection.number(), {room.data(), part});
      owed -= part;
    }
  }
} catch (const std::exception&) {
  // The peer closed, or sent something else than frames: this connection ends, the server goes on.
}

}  // namespace

void serve_blocking(const descriptor& listening) {
  for (;;) {
    descriptor connection(accept4(listening.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.number() < 0) fail("accept");
    std::thread(serve_one, std::move(connection)).detach();
  }
}

}  // namespace bench
