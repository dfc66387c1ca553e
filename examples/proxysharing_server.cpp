// An object whose work takes half a second (or as many as the argument says), and counts what has been done.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

class RemoteObject {
 public:
  explicit RemoteObject(double seconds) : seconds_(seconds) {}
  std::string method(std::string) { return " ~~this is the remote result~~ "; }
  void work() {
    std::cout << "work... " + std::to_string(amount_) + "\n" << std::flush;
    std::this_thread::sleep_for(seconds_);
    ++amount_;
  }
  void reset_work() { amount_ = 0; }
  int get_work_done() { return amount_; }

 private:
  const std::chrono::duration<double> seconds_;
  std::atomic<int> amount_{0};
};
ENGINE_EXPOSE(RemoteObject, method, work, reset_work, get_work_done)
ENGINE_MARK(RemoteObject, work, .blocking = true)

int main(int argc, char** argv) {
  engine::daemon daemon;
  RemoteObject object{argc > 1 ? std::atof(argv[1]) : 0.5};
  daemon.expose(object, engine::enrolled_as{"example.proxysharing"});
  std::cout << "Server ready." << std::endl;
  daemon.run();
}
