// Trying again by itself: without it, a call on a connection that was lost fails; with it, the call is made anew.
#include <chrono>
#include <iostream>
#include <thread>

#include <engine/engine.hpp>

class CalcServer {
 public:
  int add(int num1, int num2);
};
ENGINE_EXPOSE(CalcServer, add)

int main() {
  engine::proxy<CalcServer> calculator{"PYRONAME:example.autoretry"};
  engine::set_max_retries(calculator, 2);  // the object may then be called more than once for one call
  std::cout << "Calling remote function 1st time (create connection)\n1 + 1 = " << calculator.add(1, 1)
            << "\nCalling remote function 2nd time (not timed out yet)\n2 + 2 = " << calculator.add(2, 2) << "\nSleeping 1 second..." << std::endl;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  std::cout << "Calling remote function 3rd time (will not throw)\n3 + 3 = " << calculator.add(3, 3) << '\n';
}
