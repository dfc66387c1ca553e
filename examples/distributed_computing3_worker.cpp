// Factorizes numbers. Any number of these may run: clients take one at random of those with the tag.
#include <unistd.h>

#include <iostream>
#include <vector>

#include <engine/engine.hpp>
#include <naming/locate.hpp>

class Worker {
 public:
  std::vector<std::int64_t> factorize(std::int64_t n) {
    std::cout << "factorize request received for " << n << std::endl;
    std::vector<std::int64_t> primes;
    for (std::int64_t candidate = 2; candidate * candidate <= n; ++candidate)
      for (; n % candidate == 0; n /= candidate) primes.push_back(candidate);
    if (n > 1) primes.push_back(n);
    return primes;
  }
};
ENGINE_EXPOSE(Worker, factorize)

int main() {
  Worker worker;
  engine::daemon daemon;
  const std::string name = "Worker_" + std::to_string(::getpid());  // of its own, or it would replace another one
  std::cout << "Starting up worker " << name << '\n';
  engine::locate_name_server().enroll(name, daemon.expose(worker), false, std::vector<std::string>{"example3.worker.factorizer"});
  std::cout << "ready" << std::endl;
  daemon.run();
}
