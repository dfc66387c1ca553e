// Methods whose callers do not wait. They are marked blocking as well, since they take their time: they work in the background.
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

class Server {
 public:
  void oneway_start(int duration) {
    std::cout << "start request received. Starting work..." << std::endl;
    busy_ = true;
    for (int i = 0; i < duration; ++i) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      std::cout << duration - i << std::endl;
    }
    std::cout << "work is done!" << std::endl;
    busy_ = false;
  }
  bool ready() {
    std::cout << "ready status requested (" << (busy_ ? "False" : "True") << ")" << std::endl;
    return !busy_;
  }
  std::string result() { return "The result :)"; }
  void nothing() { std::cout << "nothing got called, doing nothing" << std::endl; }
  void oneway_work() {
    for (int i = 1; i <= 10; ++i) {
      std::cout << "work work.. " << i << std::endl;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    std::cout << "work's done!" << std::endl;
  }

 private:
  std::atomic<bool> busy_ = false;
};
ENGINE_EXPOSE(Server, oneway_start, ready, result, nothing, oneway_work)
ENGINE_MARK(Server, oneway_start, .oneway = true, .blocking = true)
ENGINE_MARK(Server, oneway_work, .oneway = true, .blocking = true)

int main() {
  engine::daemon daemon;
  Server server;
  daemon.expose(server, engine::enrolled_as{"example.oneway"});
  std::cout << "Server ready." << std::endl;
  daemon.run();
}
