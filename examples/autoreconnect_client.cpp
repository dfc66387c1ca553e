// Staying with an object whose server goes and comes back: reconnect() tries until it is there again.
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

#include "asking.hpp"

int main(int argc, char** argv) {
  engine::proxy<> obj{argument_or_ask(argc, argv, "Enter the uri that the server printed: ")};
  for (;;) {
    std::cout << "call..." << std::endl;
    try {
      obj["method"](42);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } catch (const engine::unreachable&) {
      std::cout << "Connection lost. REBINDING...\n(restart the server now)" << std::endl;
      engine::reconnect(obj, 1000, std::chrono::milliseconds(200));
    }
  }
}
