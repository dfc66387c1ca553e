// The greeting object of Pyro's introduction, served by C++. Start it, then give the URI it prints to greeting_client, or to
// Pyro's own Python client. With a name as argument ("example.greeting") it is registered in the name server, and found by it.
#include <iostream>

#include "greeting.hpp"

std::string GreetingMaker::get_fortune(std::string_view name) {
  return "Hello, " + std::string(name) + ". Here is your fortune message:\nBehold the warranty -- the bold print giveth and the fine print taketh away.";
}

int main(int argc, char** argv) {
  GreetingMaker maker;
  engine::daemon daemon;
  const engine::uri where = argc > 1 ? daemon.expose(maker, engine::enrolled_as{argv[1]}) : daemon.expose(maker);
  std::cout << "Ready. Object uri = " << where << std::endl;
  daemon.run();
}
