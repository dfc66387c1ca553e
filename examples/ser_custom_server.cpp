// Takes and gives objects of the classes of ser_custom.hpp.
#include <iostream>

#include <engine/engine.hpp>

#include "ser_custom.hpp"

class Server {
 public:
  Thingy method(const Thingy& arg) {
    std::cout << "\nmethod called, arg= <Thingy number=" << arg.number << ">" << std::endl;
    return {999};
  }
  OtherThingy othermethod(const OtherThingy& arg) {
    std::cout << "\nothermethod called, arg= <OtherThingy number=" << arg.number << ">" << std::endl;
    return {999};
  }
};
ENGINE_EXPOSE(Server, method, othermethod)

int main() {
  engine::daemon daemon;
  Server server;
  std::cout << "uri = " << daemon.expose(server, "example.customclasses") << std::endl;
  daemon.run();
}
