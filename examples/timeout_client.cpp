// Not waiting for ever: a limit for one call, a limit for a proxy, and one for connecting to a server that does not answer at all.
#include <chrono>
#include <iostream>
#include <string>

#include <engine/engine.hpp>

using namespace std::chrono_literals;

class TimeoutServer {
 public:
  std::string delay(int amount);
};
ENGINE_EXPOSE(TimeoutServer, delay)

namespace {
template <class Call> void must_time_out(Call call) {
  const auto start = std::chrono::steady_clock::now();
  try {
    call();
    std::cout << "!?should have thrown timed_out!?\n";
  } catch (const engine::timed_out&) {
    const bool in_time = std::chrono::steady_clock::now() - start < 900ms;
    std::cout << (in_time ? "timed_out! As expected!\n" : "timed_out, but late!?\n");
  }
}
}  // namespace

int main() {
  engine::proxy<TimeoutServer> patient{"PYRONAME:example.timeout"};
  std::cout << "No timeout is configured. Calling delay with 1 second.\n" << patient.delay(1) << '\n';

  std::cout << "Timeout of 0.2 seconds for a call. Calling delay with 1 second.\n";
  must_time_out([&] { engine::within(200ms, patient).delay(1); });

  std::cout << "Timeout of 0.2 seconds for a proxy. Calling delay with 1 second.\n";
  engine::proxy<TimeoutServer> hasty{"PYRONAME:example.timeout", {.timeout = 200ms}};
  must_time_out([&] { hasty.delay(1); });

  std::cout << "Trying to connect to the frozen daemon, for 0.2 seconds.\n";
  engine::proxy<TimeoutServer> frozen{"PYRONAME:example.timeout.frozendaemon", {.timeout = 200ms}};
  must_time_out([&] { frozen.delay(1); });
}
