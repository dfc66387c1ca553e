// An object that takes its time, for clients that will not wait, and a daemon that never answers at all.
#include <sys/socket.h>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include <netinet/in.h>

#include <engine/engine.hpp>

class TimeoutServer {
 public:
  std::string delay(int amount) {
    std::cout << "sleeping " << amount << std::endl;
    std::this_thread::sleep_for(std::chrono::seconds(amount));
    std::cout << "done." << std::endl;
    return "slept " + std::to_string(amount) + " seconds";
  }
};
ENGINE_EXPOSE(TimeoutServer, delay)

// A port where connecting works and nobody is at home.
std::uint16_t frozen_port() {
  const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in where{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof where;
  auto* name = reinterpret_cast<sockaddr*>(&where);
  if (::bind(listening, name, size) != 0 || ::listen(listening, 8) != 0 || ::getsockname(listening, name, &size) != 0)
    throw std::system_error(errno, std::generic_category(), "frozen daemon");
  return ntohs(where.sin_port);
}

int main() {
  // A delay blocks the core it runs on: the object is shared, so that callers who gave up waiting do not hold up the others.
  engine::daemon daemon{{.cores = 4}};
  TimeoutServer server;
  std::cout << daemon.expose(server, "example.timeout", {.shared = true}) << '\n'
            << "PYRO:example.timeout.frozendaemon@127.0.0.1:" << frozen_port() << "\nServer ready." << std::endl;
  daemon.run();
}
