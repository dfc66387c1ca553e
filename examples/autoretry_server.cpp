// A server that soon closes the connections of silent clients, for those that try again by themselves.
#include <iostream>

#include <engine/engine.hpp>

class CalcServer {
 public:
  int add(int num1, int num2) {
    std::cout << "calling add: " << num1 << ", " << num2 << std::endl;
    return num1 + num2;
  }
};
ENGINE_EXPOSE(CalcServer, add)

int main() {
  auto settings = engine::settings::from_environment();
  settings.comm_timeout = 0.5;
  engine::daemon daemon{{.settings = settings}};
  CalcServer calculator;
  daemon.expose(calculator, engine::enrolled_as{"example.autoretry"});
  std::cout << "Server ready." << std::endl;
  daemon.run();
}
