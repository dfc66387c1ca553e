// Starts work without waiting for it, and asks from time to time whether it is done.
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include <engine/engine.hpp>

class Server {
 public:
  void oneway_start(int duration);
  bool ready();
  std::string result();
  void nothing();
};
ENGINE_EXPOSE(Server, oneway_start, ready, result, nothing)
ENGINE_ONEWAY(Server, oneway_start)

int main() {
  engine::proxy<Server> serv{"PYRONAME:example.oneway"};
  std::cout << "starting server using a oneway call\n";
  serv.oneway_start(1);
  std::cout << "doing some more oneway calls inbetween\n";
  for (int i = 0; i < 4; ++i) engine::oneway(serv).nothing();  // the class does not say so: the caller does
  std::cout << "\nNow contacting the server to see if it's done.\n";
  while (!serv.ready()) {
    std::cout << "no, trying again" << std::endl;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  std::cout << "yes!\ngetting the result from the server: " << serv.result() << '\n';
}
