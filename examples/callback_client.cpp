// A client that is called back: it has a daemon of its own, and gives the server an object that this daemon has exposed. It arrives
// there as a proxy.
#include <atomic>
#include <iostream>
#include <random>

#include "callback.hpp"

namespace {
constexpr int workers = 5;
std::atomic<int> workdone{0};
}  // namespace

void CallbackHandler::done(int number) {
  std::cout << "callback: worker " << number << " reports work is done!" << std::endl;
  ++workdone;
}

int main() {
  auto settings = engine::settings::from_environment();
  settings.poll_timeout = 0.1;  // how often run() looks at its condition
  engine::daemon daemon{{.settings = settings}};
  CallbackHandler callback;
  daemon.expose(callback);

  std::cout << "creating a bunch of workers" << std::endl;
  engine::proxy<CallbackServer> server{"PYRONAME:example.callback"};
  std::mt19937 random{std::random_device{}()};
  for (int i = 0; i < workers; ++i) {
    auto worker = server.addworker(callback);
    worker.work(std::uniform_int_distribution(1, 3)(random));  // oneway: it says when it is done
  }

  std::cout << "waiting for all work complete..." << std::endl;
  daemon.run([] { return workdone < workers; });
  std::cout << "done!" << std::endl;
}
