// Calls whose results are taken later: async() gives a future at once, and the program goes on.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <engine/engine.hpp>

#include "asking.hpp"

using namespace std::chrono_literals;

class Thingy {
 public:
  std::int64_t divide(std::int64_t a, std::int64_t b);
  std::int64_t multiply(std::int64_t a, std::int64_t b);
};
ENGINE_EXPOSE(Thingy, divide, multiply)

int main(int argc, char** argv) {
  const engine::uri uri = argument_or_ask(argc, argv, "enter async server object uri: ");
  engine::proxy<Thingy> proxy{uri};
  std::cout << std::boolalpha << "* normal call: (notice the delay)\nresult= " << proxy.divide(100, 5) << '\n';

  std::cout << "\n* async call:\n";
  auto result = engine::async(proxy).divide(100, 5);  // returns immediately
  std::cout << "result value available? " << result.ready() << "\nclient can do other stuff here.\n";
  std::cout << "resultvalue= " << result.get() << '\n';  // blocks until the result is available

  std::cout << "\n* async call, with normal call inbetween:\n";
  engine::proxy<Thingy> normalproxy{uri};  // another connection: Pyro's servers serve the calls of one in their order
  result = engine::async(proxy).divide(100, 5);
  std::cout << "client does normal call: " << normalproxy.multiply(5, 20) << "\nresultvalue= " << result.get() << '\n';

  std::cout << "\n* async call with exception:\n";
  result = engine::async(proxy).divide(100, 0);
  try {
    const auto value = result.get();
    std::cout << "Weird, this shouldn't succeed!?... resultvalue= " << value << '\n';
  } catch (const engine::raised& e) {
    std::cout << "got exception (expected): " << e.type() << ": " << e.what() << '\n';
  }

  std::cout << "\n* async call with timeout:\n";
  result = engine::async(proxy).divide(100, 5);
  std::cout << "status after waiting for 0.05 seconds= " << result.wait_for(50ms) << '\n';
  std::cout << "status after waiting for 10 seconds= " << result.wait_for(10s) << '\n';
  std::cout << "available= " << result.ready() << "\nresultvalue= " << result.get() << '\n';

  std::cout << "\n* a few async calls at the same time:\n";
  std::vector<engine::proxy<Thingy>> proxies;
  std::vector<engine::future<std::int64_t>> results;
  for (const int divisor : {7, 6, 5, 4, 3}) results.push_back(engine::async(proxies.emplace_back(uri)).divide(100, divisor));
  for (auto& one : results) std::cout << "result= " << one.get() << '\n';
  std::cout << "\ndone.\n";
}
