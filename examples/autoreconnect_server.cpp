// Coming back after an end, so that clients find the same object in the same place: a fixed id on a fixed port (7777, or the argument).
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class TestClass {
 public:
  void method(const engine::value& arg) {
    std::cout << "Method called with " << engine::to_repr(arg) << "\nYou can now try to stop this server with ctrl-C/ctrl-Break" << std::endl;
  }
};
ENGINE_EXPOSE(TestClass, method)

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 7777;
  engine::daemon daemon{{.port = static_cast<std::uint16_t>(port)}};
  TestClass object;
  std::cout << "Server started, uri: " << daemon.expose(object, "example.autoreconnect_fixed_objectid") << std::endl;
  daemon.run();
}
