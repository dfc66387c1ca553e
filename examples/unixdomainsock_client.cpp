// Calls through a Unix socket: only the URI is another. A zero byte in it may be typed as \x00.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

int main(int argc, char** argv) {
  std::string uri = argument_or_ask(argc, argv, "enter the server uri: ");
  if (const auto at = uri.find("\\x00"); at != std::string::npos) {
    uri.replace(at, 4, 1, '\0');
    std::cout << "(uri contains 0-byte)\n";
  }
  engine::proxy<> p{uri};
  std::cout << "Response was: " << p["message"]("Hello there!").as<std::string>() << '\n';
}
