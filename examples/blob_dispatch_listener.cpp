// Listens to one topic and reads what is sent there.
#include <iostream>

#include "blob_dispatch.hpp"

void Listener::process_blob(engine::serialized_blob blob) {
  if (blob.info() != topic_) throw std::invalid_argument("not my topic");
  const auto data = blob.deserialized<CustomData>();
  std::cout << "Received custom data (type=CustomData):\n    a=" << data.a << ", b=" << data.b << ", c=" << data.c << std::endl;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cout << "Give topic as argument." << std::endl;
    return 2;
  }
  const std::string topic = argv[1];
  Listener listener{topic};
  engine::daemon daemon;
  daemon.expose(listener);
  engine::proxy<Dispatcher> dispatcher{"PYRONAME:example.blobdispatcher"};
  dispatcher.enroll(topic, listener);  // it arrives there as a proxy
  std::cout << "Listener for topic " << topic << " waiting for data." << std::endl;
  daemon.run();
}
