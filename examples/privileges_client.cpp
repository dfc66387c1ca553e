// Asks the server of the privileges example, with the rights of somebody else: privileges_client URI [USER]
#include <iostream>
#include <string>

#include "asking.hpp"
#include "privileges.hpp"

int main(int argc, char** argv) {
  const std::string uri = argument_or_ask(argc, argv, "enter the server uri: ");
  if (argc > 2) become(argv[2]);
  const engine::proxy<> keeper{uri};
  try {
    const auto server = keeper["user"]().as<std::string>();
    std::cout << "I am " << user_name() << ", the server is " << server << '\n';
    const auto secret = keeper["secret"]().as<std::string>();
    std::cout << "The secret: " << secret << '\n';
  } catch (const engine::unreachable& e) {
    std::cout << "Not for me: " << e.what() << '\n';
  } catch (const engine::raised& e) {
    std::cout << "Not for the server: " << e.type() << ": " << e.what() << '\n';
  }
}
