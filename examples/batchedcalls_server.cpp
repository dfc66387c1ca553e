// Many calls in one message: the server does nothing special for it. A call of a batch that fails ends it there, as in Python.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

class Thingy {
 public:
  std::int64_t multiply(std::int64_t a, std::int64_t b) { return a * b; }
  std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }
  std::int64_t divide(std::int64_t a, std::int64_t b) {
    if (b == 0) throw engine::raised("ZeroDivisionError", {"integer division or modulo by zero"});
    const std::int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;  // rounded down, as Python's //
  }
  std::int64_t error() { return divide(1, 0); }
  int delay(int seconds) {
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    return seconds;
  }
  int printmessage(std::string message) {
    std::cout << message << std::endl;
    return 0;
  }
};
ENGINE_EXPOSE(Thingy, multiply, add, divide, error, delay, printmessage)
ENGINE_MARK(Thingy, delay, .blocking = true)  // a batch with such a method in reach runs on a side thread

int main() {
  engine::daemon daemon;
  Thingy object;
  std::cout << "uri = " << daemon.expose(object, "example.batched") << std::endl;
  daemon.run();
}
