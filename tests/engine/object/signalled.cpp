// A daemon for signals_test: prints its URI, serves until a signal, says how it ended. "held": its method waits for standard input.
#include <unistd.h>

#include <iostream>

#include <engine/engine.hpp>

class held {
 public:
  int wait_for_input() {
    std::cout << "entered" << std::endl;
    char byte;
    return ::read(0, &byte, 1) == 1 ? 42 : -1;
  }
};
ENGINE_EXPOSE(held, wait_for_input)

int main() {
  held object;
  engine::daemon daemon{{.host = "127.0.0.1"}};
  std::cout << daemon.expose(object, "held") << std::endl;
  daemon.run();
  std::cout << "ended with " << daemon.connections() << " connections" << std::endl;
}
