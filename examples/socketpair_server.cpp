// Serving over a socket that is there already, one of a pair: its number is the argument, as a parent process that has kept the other end
// would pass it on. There is no address, no handshake and nobody else; it ends when the other end is closed.
#include <cstdlib>
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class Echo {
 public:
  std::string echo(std::string message) {
    std::cout << "server got message:  " << message << std::endl;
    return "thank you";
  }
};
ENGINE_EXPOSE(Echo, echo)

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: socketpair_server DESCRIPTOR\n";
    return 2;
  }
  auto settings = engine::settings::from_environment();
  settings.serializers_accepted.insert("pickle");  // our own processes are at both ends
  engine::daemon daemon{{.connected_socket = std::atoi(argv[1]), .settings = settings}};
  Echo echo;
  daemon.expose(echo, "echo");
  std::cout << "server runs on its socket" << std::endl;
  daemon.run();
  std::cout << "server ends" << std::endl;
}
