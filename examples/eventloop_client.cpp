// Calls the object that lives in an event loop.
#include <cstdint>
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

int main() {
  engine::proxy<> proxy{"PYRONAME:example.embedded.server"};
  const auto multiply = [&](const engine::value& x, int y) { return proxy["multiply"](x, y); };
  std::cout << "5*11=" << multiply(5, 11).as<int>() << "\n'x'*10=" << multiply("x", 10).as<std::string>() << '\n';
  ask("press enter to do a loop of some more calls:");
  for (int i = 1; i < 20; ++i) std::cout << "2*i=" << multiply(2, i).as<int>() << "\n'@'*i=" << multiply("@", i).as<std::string>() << '\n';
}
