// Looks a name up again and again, says so, and stays until its input ends: lookups NAME@HOST:PORT COUNT
#include <iostream>
#include <string>

#include <engine/object/resolve.hpp>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const engine::uri name(std::string("PYRONAME:") + argv[1]);
  engine::uri found = name;
  for (int left = std::stoi(argv[2]); left > 0; --left) found = engine::resolve(name);
  std::cout << "found " << found << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
}
