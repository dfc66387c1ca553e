// Sends a message around the circle.
#include <iostream>
#include <string>
#include <vector>

#include <engine/engine.hpp>

int main() {
  engine::proxy<> first{"PYRONAME:example.chain.A"};
  std::cout << "Result=" << engine::to_repr(first["process"](std::vector<std::string>{"hello"})) << '\n';
}
