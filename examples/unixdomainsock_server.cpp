// Serving on a Unix socket: a file, or with the word "abstract" a name that has none (it begins with a zero byte).
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include <engine/engine.hpp>

class Thingy {
 public:
  std::string message(std::string arg) {
    std::cout << "Message received: " << arg << std::endl;
    return "Roger!";
  }
};
ENGINE_EXPOSE(Thingy, message)

int main(int argc, char** argv) {
  const bool abstract = argc > 1 && argv[1] == std::string_view("abstract");
  const std::string name = abstract ? std::string(1, '\0') + "example_unix.sock" : "example_unix.sock";
  if (!abstract) std::remove(name.c_str());
  engine::daemon daemon{{.unix_socket = name, .unix_only = true}};
  Thingy thingy;
  const engine::uri uri = daemon.expose(thingy, "example.unixsock");
  std::cout << "Server running, uri= " << uri << std::endl;
  if (abstract) {
    std::cout << "Actually, the uri contains a 0-byte, make sure you copy the part between the quotes to the client:\n"
              << engine::to_repr(uri.to_string()) << std::endl;
  }
  daemon.run();
}
