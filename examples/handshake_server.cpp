// Deciding who may come in: the first message of a connection carries a value of the client's choice, here a secret code.
#include <iostream>
#include <stdexcept>
#include <string>

#include <engine/engine.hpp>

namespace {
const std::string secret_code = "pancakes";

/// What it returns goes back to the client; what it throws refuses the connection and is told as the reason.
engine::value check_secret(const std::string& peer, const engine::value& data) {
  std::cout << "Daemon received handshake request from: " << peer << "\nHandshake data: " << engine::to_repr(data) << std::endl;
  if (data == secret_code) {
    std::cout << "Secret code okay! Connection accepted." << std::endl;
    return engine::value::list{"how", "are", "you", "doing"};
  }
  std::cout << "Secret code wrong! Connection refused." << std::endl;
  throw std::invalid_argument("wrong secret code, connection refused");
}
}  // namespace

int main() {
  engine::daemon daemon{{
      .validate_handshake = check_secret,
      .client_disconnect = [](const std::string& peer) { std::cout << "Daemon client disconnects: " << peer << std::endl; },
  }};
  std::cout << "Server is ready. You can use the following URI to connect:\n"
            << daemon.uri_for("Pyro.Daemon") << "\nWhen asked, enter the following secret code:  " << secret_code << std::endl;
  daemon.run();
}
