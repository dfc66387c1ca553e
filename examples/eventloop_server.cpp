// A daemon in somebody else's event loop: one descriptor to poll besides whatever the program polls for itself, here the terminal. No
// thread is started; calls are served by the loop's own. Type quit to end it.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <variant>

#include <engine/engine.hpp>

#include "asking.hpp"

class EmbeddedServer {
 public:
  /// Multiplies a number, or repeats a text, as Python's * does.
  std::variant<std::int64_t, std::string> multiply(std::variant<std::int64_t, std::string> x, std::int64_t y) {
    if (const auto* number = std::get_if<std::int64_t>(&x)) return *number * y;
    if (y > 1000) throw engine::raised("OverflowError", {"repeated string is too long"});
    std::string repeated;
    for (; y > 0; --y) repeated += std::get<std::string>(x);
    return repeated;
  }
};
ENGINE_EXPOSE(EmbeddedServer, multiply)

namespace {
/// For poll(): how long until `deadline`, at most a minute.
int milliseconds_until(engine::time_point deadline) {
  using namespace std::chrono;
  const auto left = deadline - steady_clock::now();
  return static_cast<int>(std::clamp<std::int64_t>(ceil<milliseconds>(left).count(), 0, 60'000));
}
}  // namespace

int main() {
  engine::daemon daemon{{.threads = false}};
  EmbeddedServer object;
  std::cout << "server uri=" << daemon.expose(object, engine::enrolled_as{"example.embedded.server"}) << std::endl;
  std::cout << "Waiting for requests, and for what you type..." << std::endl;
  pollfd waiting[] = {{.fd = daemon.descriptor(), .events = POLLIN, .revents = 0}, {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
  for (;;) {
    ::poll(waiting, std::size(waiting), milliseconds_until(daemon.next_deadline()));
    daemon.run_ready();
    if (waiting[1].revents == 0) continue;
    const std::string typed = ask("");
    if (typed == "quit" || !std::cin) break;
    std::cout << "You typed: " << typed << std::endl;
  }
  std::cout << "done" << std::endl;
}
