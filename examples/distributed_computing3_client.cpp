// Sends numbers to workers, each to one that is picked at random of those that can factorize: distributed_computing3_client [numbers].
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <engine/engine.hpp>
#include <engine/object/resolve.hpp>

struct Worker {
  std::vector<std::int64_t> factorize(std::int64_t n);
};
ENGINE_EXPOSE(Worker, factorize)

int main(int argc, char** argv) {
  std::minstd_rand random{std::random_device{}()};
  for (int i = argc > 1 ? std::stoi(argv[1]) : 100; i > 0; --i) {
    const engine::uri where = engine::resolve("PYROMETA:example3.worker.factorizer");
    engine::proxy<Worker> worker{where};
    const std::int64_t number = static_cast<std::int64_t>(3211 + random() % 8789) * static_cast<std::int64_t>(4567 + random() % 16433);
    const auto primes = worker.factorize(number);
    std::int64_t product = 1;
    std::cout << where.object() << " factorized " << number << ":";
    for (const std::int64_t prime : primes) {
      std::cout << ' ' << prime;
      product *= prime;
    }
    std::cout << '\n';
    if (product != number) return 1;
  }
}
