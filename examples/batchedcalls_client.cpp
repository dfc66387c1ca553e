// Many calls in one message: a batch collects them, sends them together, and each call has a place for its result.
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <engine/engine.hpp>

#include "asking.hpp"

class Thingy {
 public:
  std::int64_t multiply(std::int64_t a, std::int64_t b);
  std::int64_t add(std::int64_t a, std::int64_t b);
  std::int64_t divide(std::int64_t a, std::int64_t b);
  int delay(int seconds);
  int printmessage(std::string message);
};
ENGINE_EXPOSE(Thingy, multiply, add, divide, delay, printmessage)

namespace {
constexpr int number_of_loops = 20000;

using results = std::vector<engine::later<std::int64_t>>;

results collect(engine::batch<Thingy>& batch, int loops, const std::string& name) {
  results places;
  batch.printmessage("beginning batch " + name);
  for (int i = 0; i < loops; ++i) {
    places.push_back(batch.multiply(7, 6));
    places.push_back(batch.add(10, 20));
  }
  batch.printmessage("end of batch " + name);
  return places;
}

std::int64_t sum(results& places) {
  std::int64_t total = 0;
  for (auto& place : places) total += *place;
  return total;
}

template <class Work> void measure(const char* title, Work work) {
  std::cout << title << std::endl;
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::cout << "that took " << taken.count() << " seconds (" << 2 * number_of_loops / taken.count() << " calls/sec)\n\n";
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<Thingy> p{argument_or_ask(argc, argv, "enter server object uri: ")};
  engine::batch batch{p};
  measure("Normal remote calls...", [&] {
    std::int64_t total = 0;
    for (int i = 0; i < number_of_loops; ++i) total += p.multiply(7, 6) + p.add(10, 20);
    std::cout << "total= " << total << '\n';
  });
  measure("Batched remote calls...", [&] {
    results places = collect(batch, number_of_loops, "#1");
    batch.send();
    std::cout << "total= " << sum(places) << '\n';
  });
  measure("Oneway batched remote calls...", [&] {
    collect(batch, number_of_loops, "#2");
    batch.send_oneway();
  });

  std::cout << "Batched remote calls, asynchronous...\n";
  results places = collect(batch, 1, "#3");
  auto sent = batch.send_async();
  std::cout << "client can do other stuff here.\n";
  sent.get();
  std::cout << "total= " << sum(places) << "\n\nBatch with an error. Dividing a number by decreasing divisors...\n";

  std::vector<std::pair<int, engine::later<std::int64_t>>> quotients;
  for (int divisor = 3; divisor > -3; --divisor) quotients.emplace_back(divisor, batch.divide(100, divisor));
  batch.send();
  try {
    for (auto& [divisor, quotient] : quotients) {
      const std::int64_t result = *quotient;  // what failed is thrown here, by its own result
      std::cout << "100//" << divisor << " = " << result << '\n';
    }
  } catch (const engine::raised& e) {
    std::cout << "A divide by zero error occurred during the batch! (expected): " << e.what() << '\n';
  }
}
