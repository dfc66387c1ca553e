// Chains: what is to be done with a result once it is there, and with a failure. The steps run while somebody waits for the end of the
// chain.
#include <cstdint>
#include <exception>
#include <iostream>

#include <engine/engine.hpp>

#include "asking.hpp"

class Thingy {
 public:
  std::int64_t divide(std::int64_t a, std::int64_t b);
  std::int64_t multiply(std::int64_t a, std::int64_t b);
  std::int64_t add(std::int64_t value, std::int64_t increase);
};
ENGINE_EXPOSE(Thingy, divide, multiply, add)

namespace {
std::int64_t increased(std::int64_t value) {
  std::cout << ">>> function called with value=" << value << '\n';
  return value + 1;
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<Thingy> proxy{argument_or_ask(argc, argv, "enter async server object uri: ")};

  std::cout << "* async call with error:\n";
  auto failing = engine::async(proxy).divide(100, 0).then(increased).on_error([](const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const engine::raised& e) {
      std::cout << "ERRORHANDLER: " << e.what() << '\n';
    }
  });
  try {
    const std::int64_t value = failing.get();
    std::cout << "SHOULD THROW INSTEAD: " << value << '\n';
  } catch (const engine::raised& e) {
    std::cout << "expected error occurred when trying to obtain the result: " << e.what() << '\n';
  }

  std::cout << "\n* async call with call chain:\n";
  auto chain = engine::async(proxy).divide(100, 5).then(increased).then(increased).then(increased);
  std::int64_t value = chain.get();
  std::cout << "final value= " << value << '\n';

  std::cout << "\n* async call with call chain, where calls are new asynchronous ones:\n";
  const auto add = [&](std::int64_t increase) { return [&, increase](std::int64_t value) { return engine::async(proxy).add(value, increase); }; };
  auto remote = engine::async(proxy).divide(100, 5).then(add(1)).then(add(2)).then(add(3));
  value = remote.get();
  std::cout << "final value= " << value << '\n';
}
