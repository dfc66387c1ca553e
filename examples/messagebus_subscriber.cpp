// Prints what is said about the weather on the message bus. The bus calls our object, on the daemon's own thread.
#include <iostream>
#include <iterator>

#include "asking.hpp"
#include "messagebus.hpp"

namespace {

class Printer final : public Subscriber {
  void consume(const std::string& topic, const Message& message) override {
    std::cout << "\nGOT MESSAGE:\n   topic: " << topic << "\n   msgid: " << message.msgid << "\n created: " << message.created
              << "\n    data: " << to_repr(message.data) << std::endl;
  }
};

}  // namespace

int main() {
  const std::string host = ask("hostname to bind on (empty=localhost): ");
  engine::proxy<MessageBus> bus{std::string("PYRONAME:") + bus_name};
  Printer printer;
  engine::daemon daemon{{.host = host.empty() ? "localhost" : host}};
  daemon.expose<Subscriber>(printer);
  std::cout << "Topics on the bus: ";
  for (const std::string& topic : bus.topics()) std::cout << topic << ' ';
  std::cout << "\nSubscribing to weather-forecast." << std::endl;
  bus.subscribe("weather-forecast", daemon.proxy_for<Subscriber>(printer));
  std::cout << "Subscribed on weather-forecast" << std::endl;
  daemon.run();
  bus.unsubscribe("weather-forecast", daemon.proxy_for<Subscriber>(printer));
}
