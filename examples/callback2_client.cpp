// Callbacks that throw. The server always gets the exception; of a method marked as callback it is logged here as well (see it with
// PYRO_LOGLEVEL=WARNING and PYRO_LOGFILE={stderr}).
#include <iostream>

#include "callback2.hpp"

namespace {
[[noreturn]] void crash() { throw engine::raised("ZeroDivisionError", {"integer division or modulo by zero"}); }
}  // namespace

int CrashingHandler::call1() {
  std::cout << "\n\ncallback 1 received from server!\ngoing to crash - you won't see the exception here, only on the server" << std::endl;
  crash();
}

int CrashingHandler::call2() {
  std::cout << "\n\ncallback 2 received from server!\ngoing to crash - but you will see the exception here too" << std::endl;
  crash();
}

int main() {
  engine::daemon daemon;
  CrashingHandler callback;
  daemon.expose(callback);
  engine::proxy<CrashedServer> server{"PYRONAME:example.callback2"};
  server.doCallback(callback);  // oneway, so we go on at once
  std::cout << "waiting for callbacks to arrive...\n(ctrl-c/break the program once it's done)" << std::endl;
  daemon.run();
}
