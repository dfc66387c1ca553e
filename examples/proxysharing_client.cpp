// One proxy for many threads: it may be shared, and its calls go out without waiting for each other. How many of them the server works
// on at once is another matter: those of one connection are served one after the other.
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <engine/engine.hpp>

class RemoteObject {
 public:
  std::string method(std::string);
  void work();
  void reset_work();
  int get_work_done();
};
ENGINE_EXPOSE(RemoteObject, method, work, reset_work, get_work_done)

namespace {
constexpr int many = 5;

template <class Work> void in_threads(Work work) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < many; ++i) threads.emplace_back(work);
}

/// How `many` calls are served that are made at once, each by the proxy that `proxy_for_thread` gives.
template <class Give> void measure(engine::proxy<RemoteObject>& counting, Give proxy_for_thread) {
  counting.reset_work();
  const auto start = std::chrono::steady_clock::now();
  in_threads([&] { proxy_for_thread().work(); });
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::cout << "--> work done on the server: " << counting.get_work_done() << '\n';
  std::cout << "--> one after the other: " << (taken.count() > 0.5 * (many - 1) ? "yes" : "no") << '\n';
}
}  // namespace

int main() {
  const engine::uri uri = "PYRONAME:example.proxysharing";
  engine::proxy<RemoteObject> shared{uri};
  std::cout << "Running a bunch of threads with the same proxy. You should not see any exceptions.\n";
  std::atomic<int> done = 0;
  in_threads([&] {
    for (int i = 0; i < 1000; ++i) {
      shared.method("the quick brown fox jumps over the lazy dog");
      ++done;
    }
  });
  std::cout << done << " calls done.\nAll threads work by the same proxy:\n";
  measure(shared, [&]() -> engine::proxy<RemoteObject>& { return shared; });
  std::cout << "Every thread has its own proxy:\n";
  measure(shared, [&] { return engine::proxy<RemoteObject>{uri}; });
}
