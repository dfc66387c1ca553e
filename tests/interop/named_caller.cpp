// Calls echo upon the object of a name for each line of its input, by one proxy, and prints the answer or the class of the error:
// named_caller PYRONAME:name
#include <iostream>
#include <string>

#include <engine/engine.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const engine::proxy<> object{engine::uri(argv[1])};
  for (std::string line; std::getline(std::cin, line);) {
    try {
      const auto answer = object["echo"](line).as<std::string>();
      std::cout << "answer: " << answer << std::endl;
    } catch (const engine::error& e) {
      std::cout << "error: " << e.type() << std::endl;
    }
  }
}
