// The greeting object of Pyro's introduction, served by C++. Start it, then give the URI it prints to greeting_client, or to
// Pyro's own Python client.
#include <iostream>

#include "greeting.hpp"

std::string GreetingMaker::get_fortune(std::string_view name) {
  return "Hello, " + std::string(name) + ". Here is your fortune message:\nBehold the warranty -- the bold print giveth and the fine print taketh away.";
}

int main() {
  GreetingMaker maker;
  engine::daemon daemon;
  std::cout << "Ready. Object uri = " << daemon.expose(maker) << std::endl;
  daemon.run();
}
