// Showing a secret at the door: the value that opens the connection, and the answer it gets. Who is not let in learns why.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

int main(int argc, char** argv) {
  const engine::uri uri = argument_or_ask(argc, argv, "Enter the URI of the server object: ");
  const std::string secret = ask("Enter the secret code of the server (or make a mistake on purpose to see what happens): ");
  engine::proxy<> proxy{uri, {
      .handshake = secret,
      .validate_handshake = [](const engine::value& answer) {
        std::cout << "Proxy received handshake response data:  " << engine::to_repr(answer) << '\n';
      },
  }};
  std::cout << "connecting...\n";
  try {
    engine::connect(proxy);
    proxy["ping"]();
    std::cout << "Connection ok!\n";
  } catch (const engine::unreachable& e) {
    std::cout << "not let in: " << e.what() << '\n';
  }
  std::cout << "done.\n";
}
