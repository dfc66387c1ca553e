// Calls its client back twice and prints what the client's methods throw. After the second one, a callback, the client ends the
// connection.
#include <iostream>

#include "callback2.hpp"

namespace {

void print_failure(const engine::error& e) {
  std::cout << "got an exception from the callback:\n" << engine::get_traceback_text(e) << std::endl;
}

}  // namespace

void CrashedServer::doCallback(engine::proxy<CrashingHandler> callback) {
  std::cout << "\n\nserver: doing callback 1 to client" << std::endl;
  try {
    callback.call1();
  } catch (const engine::error& e) {
    print_failure(e);
  }
  std::cout << "\n\nserver: doing callback 2 to client" << std::endl;
  try {
    callback.call2();
  } catch (const engine::error& e) {
    print_failure(e);
  }
  std::cout << "server: callbacks done.\n" << std::endl;
}

int main() {
  CrashedServer server;
  engine::daemon daemon;
  daemon.expose(server, engine::enrolled_as{"example.callback2"});
  std::cout << "Pyro daemon running." << std::endl;
  daemon.run();
}
