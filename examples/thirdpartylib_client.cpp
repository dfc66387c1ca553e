// Calls a class of somebody else's library through whatever exposes it.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

int main(int argc, char** argv) {
  const engine::proxy<> remote{argument_or_ask(argc, argv, "Enter the URI of the thirdparty library object: ")};
  std::cout << remote["method"]("how are you?").as<std::string>() << '\n';
  const engine::value weird = remote["weird"]();
  // A class that is not known here is no error: it is a dict.
  std::cout << (weird.kind() == engine::kind::dict ? weird["value"].as<std::string>() + ", in a class of its own" : weird.as<std::string>()) << '\n';
  try {
    std::cout << remote["private"]().as<std::string>() << '\n';
  } catch (const engine::raised& e) {
    if (!e.is("AttributeError")) throw;
    std::cout << "couldn't call private(), it doesn't seem to be exposed! (is ok)\n";
  }
}
