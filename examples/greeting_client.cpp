// The dialogue of Pyro's introduction: asks for the URI of a greeting object (or takes it as argument) and for your name.
#include <iostream>
#include <string>

#include "greeting.hpp"

namespace {
std::string ask(const char* question) {
  std::cout << question << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer.substr(0, answer.find_last_not_of(" \t\r") + 1);
}
}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string uri = argc > 1 ? argv[1] : ask("What is the Pyro uri of the greeting object? ");
    const std::string name = argc > 2 ? argv[2] : ask("What is your name? ");
    engine::proxy<GreetingMaker> greeting_maker{uri};
    std::cout << greeting_maker.get_fortune(name) << '\n';
  } catch (const engine::error& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
