// Sends data through a dispatcher to those who listen to a topic.
#include <iostream>

#include "asking.hpp"
#include "blob_dispatch.hpp"

int main() {
  engine::proxy<Dispatcher> dispatcher{"PYRONAME:example.blobdispatcher"};
  for (;;) {
    const std::string topic = ask("Enter topic to send data on (just enter to quit) ");
    if (topic.empty()) break;
    const CustomData data{.a = 42, .b = "hello world", .c = "2026-01-02T03:04:05"};
    dispatcher.process_blob(engine::serialized_blob(topic, data));
    std::cout << "processed" << std::endl;
  }
}
