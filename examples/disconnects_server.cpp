// Closing connections that say nothing for too long: comm_timeout, here five seconds unless PYRO_COMMTIMEOUT says otherwise.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

class TestDisconnect {
 public:
  engine::value echo(engine::value arg) {
    std::cout << "echo:  " << engine::to_repr(arg) << std::endl;
    return arg;
  }
};
ENGINE_EXPOSE(TestDisconnect, echo)

int main() {
  auto settings = engine::settings::from_environment();
  if (settings.comm_timeout == 0) settings.comm_timeout = 5;
  engine::daemon daemon{{
      .settings = settings,
      .client_disconnect = [](const std::string& peer) { std::cout << "client disconnected: " << peer << std::endl; },
  }};
  TestDisconnect object;
  std::cout << "uri = " << daemon.expose(object, "example.disconnect") << std::endl;
  daemon.run();
}
