// Sends a message around the circle.
#include <iostream>
#include <string>
#include <vector>

#include <engine/engine.hpp>

#include "name_server.hpp"

int main() {
  engine::proxy<> first{look_up("example.chain.A")};
  std::cout << "Result=" << engine::to_repr(first["process"](std::vector<std::string>{"hello"})) << '\n';
}
