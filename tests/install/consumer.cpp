// A user's program outside the tree: exposes a class, hosts it, calls it through both kinds of proxy.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class Greeter {
 public:
  std::string greet(std::string name) { return "Hello, " + name; }
};
ENGINE_EXPOSE(Greeter, greet)

int main() {
  Greeter greeter;
  engine::daemon daemon;
  const engine::uri where = daemon.expose(greeter);
  engine::proxy<Greeter> typed{where};
  engine::proxy<> dynamic{where};
  std::cout << typed.greet("Ann") << ". " << dynamic["greet"]("Bob").as<std::string>() << ".\n";
}
