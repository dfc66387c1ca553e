// Gets work from the dispatcher, does it, gives the result back, and again. Start as many as there are processors, anywhere.
#include <unistd.h>

#include <iostream>

#include "distributed_computing.hpp"

namespace {
std::vector<std::uint64_t> factorize(std::uint64_t n) {
  std::vector<std::uint64_t> primes;
  for (std::uint64_t candidate = 2; candidate * candidate <= n; ++candidate) {
    for (; n % candidate == 0; n /= candidate) primes.push_back(candidate);
  }
  if (n > 1) primes.push_back(n);
  return primes;
}
}  // namespace

int main() {
  const std::string name = "Worker_" + std::to_string(::getpid()) + "@c++";
  engine::proxy<DispatcherQueue> dispatcher{"PYRONAME:example.distributed.dispatcher"};
  std::cout << "This is worker " << name << "\ngetting work from dispatcher." << std::endl;
  for (;;) {
    try {
      Workitem item = dispatcher.getWork();
      item.result = factorize(item.data);
      item.processedBy = name;
      std::cout << "factorized " << item.data << std::endl;
      dispatcher.putResult(item);
    } catch (const engine::raised&) {
      std::cout << "no work available yet." << std::endl;
    }
  }
}
