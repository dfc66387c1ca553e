// Has a bunch of random numbers factorized by whatever workers there are.
#include <iostream>
#include <map>
#include <random>

#include "distributed_computing.hpp"

namespace {
constexpr int number_of_items = 40;

void placework(engine::proxy<DispatcherQueue>& dispatcher) {
  std::cout << "placing work items into dispatcher queue.\n";
  std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<std::uint64_t> some(3211, 12000);
  for (int i = 1; i <= number_of_items; ++i) dispatcher.putWork(Workitem{.itemId = i, .data = some(random) * some(random)});
}

std::map<std::uint64_t, std::vector<std::uint64_t>> collectresults(engine::proxy<DispatcherQueue>& dispatcher) {
  std::cout << "getting results from dispatcher queue.\n";
  std::map<std::uint64_t, std::vector<std::uint64_t>> numbers;
  for (int got = 0; got < number_of_items;) {
    try {
      const Workitem item = dispatcher.getResult();
      std::cout << "Got result: <Workitem id=" << item.itemId << "> (from " << item.processedBy.value() << ")" << std::endl;
      numbers[item.data] = item.result.value();
      ++got;
    } catch (const engine::raised&) {
      std::cout << "Not all results available yet (got " << got << " out of " << number_of_items
                << "). Work queue size: " << dispatcher.workQueueSize() << std::endl;
    }
  }
  return numbers;
}
}  // namespace

int main() {
  engine::proxy<DispatcherQueue> dispatcher{"PYRONAME:example.distributed.dispatcher"};
  placework(dispatcher);
  const auto numbers = collectresults(dispatcher);
  std::cout << "\nComputed Prime Factorials follow:\n";
  for (const auto& [number, factors] : numbers) {
    const char* before = " --> [";
    std::cout << number;
    for (const std::uint64_t factor : factors) std::cout << std::exchange(before, ", ") << factor;
    std::cout << "]\n";
  }
}
