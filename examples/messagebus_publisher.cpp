// Says the weather of a place on the message bus, again and again.
#include <iostream>
#include <random>
#include <thread>
#include <tuple>

#include "asking.hpp"
#include "messagebus.hpp"

int main() {
  using namespace std::chrono_literals;
  std::string location = ask("Give city or country to use as location: ");
  if (location.empty()) location = "Amsterdam";
  engine::proxy<MessageBus> bus{std::string("PYRONAME:") + bus_name};
  bus.add_topic("weather-forecast");
  const std::vector<std::string> weathers{"sunny", "cloudy", "storm", "rainy", "hail", "thunder", "calm", "mist", "cold", "hot"};
  std::mt19937 random{std::random_device{}()};
  for (;;) {
    std::this_thread::sleep_for(10ms);
    const std::string& forecast = weathers[random() % weathers.size()];
    std::cout << "Forecast: ('" << location << "', '" << forecast << "')" << std::endl;
    try {
      bus.send("weather-forecast", engine::value::tuple{engine::value(location), engine::value(forecast)});
    } catch (const engine::unreachable&) {
      std::cout << "connection to the messagebus is lost, reconnecting..." << std::endl;
      engine::reconnect(bus);
    }
  }
}
