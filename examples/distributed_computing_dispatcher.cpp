// Hands work from clients to workers and results back. Whoever asks for something that is not there yet waits for it.
#include <iostream>
#include <stdexcept>

#include "distributed_computing.hpp"

namespace {
Workitem must_have(std::optional<Workitem> item, const char* otherwise) {
  if (!item) throw std::invalid_argument(otherwise);  // ValueError
  return *std::move(item);
}
}  // namespace

void DispatcherQueue::putWork(Workitem item) { work_.put(std::move(item)); }
Workitem DispatcherQueue::getWork(std::optional<double> timeout) { return must_have(work_.get(timeout.value_or(5)), "no items in queue"); }
void DispatcherQueue::putResult(Workitem item) { results_.put(std::move(item)); }
Workitem DispatcherQueue::getResult(std::optional<double> timeout) { return must_have(results_.get(timeout.value_or(5)), "no result available"); }
std::size_t DispatcherQueue::workQueueSize() { return work_.size(); }
std::size_t DispatcherQueue::resultQueueSize() { return results_.size(); }

int main() {
  engine::daemon daemon;
  DispatcherQueue queues;
  daemon.expose(queues, engine::enrolled_as{"example.distributed.dispatcher"});
  std::cout << "Dispatcher ready." << std::endl;
  daemon.run();
}
