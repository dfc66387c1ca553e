// Calls that take their time, for clients that do something else meanwhile. The delay in seconds may be given as an argument.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

class Thingy {
 public:
  explicit Thingy(double delay) : delay_(delay) {}
  std::int64_t divide(std::int64_t a, std::int64_t b) {
    std::cout << "dividing " + std::to_string(a) + " by " + std::to_string(b) + " after a slight delay\n" << std::flush;
    std::this_thread::sleep_for(delay_);
    if (b == 0) throw engine::raised("ZeroDivisionError", {"integer division or modulo by zero"});
    return a / b;
  }
  std::int64_t multiply(std::int64_t a, std::int64_t b) {
    std::cout << "multiply " + std::to_string(a) + " by " + std::to_string(b) + ", no delay\n" << std::flush;
    return a * b;
  }
  std::int64_t add(std::int64_t value, std::int64_t increase) {
    std::cout << "adding " + std::to_string(increase) + " to " + std::to_string(value) + ", no delay\n" << std::flush;
    return value + increase;
  }

 private:
  const std::chrono::duration<double> delay_;
};
ENGINE_EXPOSE(Thingy, divide, multiply, add)
ENGINE_MARK(Thingy, divide, .blocking = true)  // on side threads: several at once
ENGINE_MARK(Thingy, add, .parameters = "value, increase")

int main(int argc, char** argv) {
  engine::daemon daemon;
  Thingy object{argc > 1 ? std::atof(argv[1]) : 3.0};
  std::cout << "uri = " << daemon.expose(object, "example.async") << std::endl;
  daemon.run();
}
