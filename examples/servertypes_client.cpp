// Measures what kind of server answers: by how long five calls take that are made at the same time.
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <engine/engine.hpp>

class Server {
 public:
  void reset();
  int getcount();
  std::string delay();
  void onewaydelay();
};
ENGINE_EXPOSE(Server, reset, getcount, delay, onewaydelay)  // which one is oneway, the server's metadata say

int main() {
  using clock = std::chrono::steady_clock;
  const engine::uri uri = "PYRONAME:example.servertypes";
  engine::proxy<Server> serv{uri};
  serv.reset();
  for (int i = 0; i < 5; ++i) serv.onewaydelay();
  std::cout << "Done with the oneway calls. Completed: " << serv.getcount() << " (0, they are still busy in the background)\n";

  const auto start = clock::now();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([uri, i] {
      engine::proxy<Server> own{uri};  // one connection for each: calls of one connection are served one after the other
      std::cout << "[ thread " + std::to_string(i) + " called delay, processed by: " + own.delay() + " ]\n";
    });
  }
  threads.clear();
  const bool parallel = clock::now() - start < std::chrono::milliseconds(2500);
  std::cout << "The calls were served " << (parallel ? "in parallel" : "one after the other") << ".\n";
}
