// Hands data on to whoever listens to its topic, without reading it: the bytes that came are the bytes that leave.
#include <iostream>

#include "blob_dispatch.hpp"

void Dispatcher::enroll(std::string topic, engine::proxy<Listener> listener) {
  std::cout << "New listener for topic " << topic << " registered: " << engine::uri_of(listener) << std::endl;
  const std::scoped_lock lock(mutex_);
  listeners_[std::move(topic)].push_back(std::move(listener));
}

void Dispatcher::process_blob(engine::serialized_blob blob) {
  const auto topic = blob.info().as<std::string>();
  std::cout << "Dispatching blob with name: " << topic << std::endl;
  const auto listeners = [&] {
    const std::scoped_lock lock(mutex_);
    const auto found = listeners_.find(topic);
    return found == listeners_.end() ? std::vector<engine::proxy<Listener>>{} : found->second;
  }();
  for (auto listener : listeners) listener.process_blob(blob);
}

int main() {
  Dispatcher dispatcher;
  engine::daemon daemon;
  daemon.expose(dispatcher, engine::enrolled_as{"example.blobdispatcher"});
  std::cout << "Pyro daemon running." << std::endl;
  daemon.run();
}
