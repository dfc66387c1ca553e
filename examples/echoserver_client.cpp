// Calls the test echo server: engine-echoserver, or Pyro's own (python3 -m Pyro4.test.echoserver).
#include <iostream>
#include <string>

#include <engine/engine.hpp>

int main(int argc, char** argv) {
  std::string uri = argc > 1 ? argv[1] : "";
  if (uri.empty()) {
    std::cout << "First start the test echo server: engine-echoserver\nEnter the server's uri that was printed:" << std::endl;
    std::cin >> uri;
  }
  engine::proxy<> echoserver{uri};
  std::cout << "\ngot back from the server: " << echoserver["echo"]("hello").as<std::string>() << '\n';
  std::cout << "got back from the server: " << engine::to_repr(echoserver["echo"](std::vector<int>{1, 2, 3, 4})) << '\n';
  try {
    echoserver["error"]();
  } catch (const engine::raised& e) {
    std::cout << "\ncaught an exception (expected), traceback:\n" << engine::get_traceback_text(e);
  }
  std::cout << "\nshutting down the test echo server. (restart it if you want to run this again)\n";
  echoserver["shutdown"]();
}
