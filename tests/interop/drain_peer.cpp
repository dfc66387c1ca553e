// A server that is asked to drain while it is called: serves an object whose call lasts until a line "go" is typed; "drain" makes it drain.
// Prints its URI, and in the end whether all calls ended by themselves and how many have begun.
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

#include <engine/engine.hpp>

class Worker {
 public:
  std::string work(const std::string& what) {
    std::unique_lock lock(mutex_);
    ++begun_;
    std::cout << "working on " << what << std::endl;
    let_go_.wait(lock, [this] { return open_; });
    return what + " is done";
  }
  std::string quick() { return "quick"; }
  void let_go() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    let_go_.notify_all();
  }
  int begun() {
    const std::scoped_lock lock(mutex_);
    return begun_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable let_go_;
  bool open_ = false;
  int begun_ = 0;
};
ENGINE_EXPOSE(Worker, work, quick)
ENGINE_MARK(Worker, work, .blocking = true)

int main() {
  Worker worker;
  engine::daemon daemon;
  std::cout << daemon.expose(worker, "worker") << std::endl;
  std::thread draining;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "go") worker.let_go();
    if (line == "drain") draining = std::thread([&] { std::cout << "drained: " << std::boolalpha << daemon.drain(std::chrono::minutes(1)) << std::endl; });
  }
  worker.let_go();
  if (draining.joinable()) draining.join();
  std::cout << worker.begun() << " calls had begun" << std::endl;
}
