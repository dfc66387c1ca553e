// Calls its clients back. A worker becomes an object of the daemon while a call is served, is given to the caller as a proxy, and
// takes itself off the network when its work is done. The callback is a proxy too: the client's object lives in the client.
#include <chrono>
#include <iostream>
#include <thread>

#include "callback.hpp"

Worker::Worker(int number, engine::proxy<CallbackHandler> callback) : number_(number), callback_(std::move(callback)) {
  std::cout << "Worker " << number_ << " created" << std::endl;
}

void Worker::work(int amount) {
  std::cout << "Worker " << number_ << " busy..." << std::endl;
  std::this_thread::sleep_for(std::chrono::seconds(amount));
  std::cout << "Worker " << number_ << " done. Informing callback client." << std::endl;
  engine::this_daemon().unregister(*this);  // the present call keeps it alive to its end
  callback_.done(number_);
}

std::shared_ptr<Worker> CallbackServer::addworker(engine::proxy<CallbackHandler> callback) {
  std::cout << "server: adding worker " << ++number_ << std::endl;
  auto worker = std::make_shared<Worker>(number_, std::move(callback));
  engine::this_daemon().expose(worker);
  return worker;  // arrives as a proxy
}

int main() {
  CallbackServer server;
  engine::daemon daemon;
  daemon.expose(server, engine::enrolled_as{"example.callback"});
  std::cout << "Pyro daemon running." << std::endl;
  daemon.run();
}
