// Sends objects of the classes of ser_custom.hpp and prints those that come back.
#include <iostream>

#include <engine/engine.hpp>

#include "asking.hpp"
#include "ser_custom.hpp"

/// What the client knows of the server's class: nothing but its methods.
class Server {
 public:
  Thingy method(const Thingy& arg);
  OtherThingy othermethod(const OtherThingy& arg);
};
ENGINE_EXPOSE(Server, method, othermethod)

int main(int argc, char** argv) {
  engine::proxy<Server> server{argument_or_ask(argc, argv, "Enter the URI of the server object: ")};
  std::cout << "\nTransferring thingy...\n";
  const Thingy thingy = server.method(Thingy{42});
  std::cout << "response: <Thingy number=" << thingy.number << ">\n";
  std::cout << "\nTransferring otherthingy...\n";
  const OtherThingy other = server.othermethod(OtherThingy{42});
  std::cout << "response: <OtherThingy number=" << other.number << ">\n";
}
