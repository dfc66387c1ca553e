// Makes objects for its callers. What a daemon has exposed is sent as a proxy, so callers speak to the very object here, not to a copy.
#include <iostream>

#include "autoproxy.hpp"

void Thingy::speak(std::string_view message) { std::cout << "Thingy " << number_ << " says: " << message << std::endl; }

std::shared_ptr<Thingy> Factory::createSomething(int number) {
  auto thing = std::make_shared<Thingy>(number);
  engine::this_daemon().expose(thing);  // the daemon keeps it alive
  return thing;
}

int main() {
  Factory factory;
  engine::daemon daemon;
  std::cout << "uri = " << daemon.expose(factory, "example.autoproxy") << std::endl;
  daemon.run();
}
