// A name server, the responder to those who look for it by broadcast, and a daemon, all in somebody else's event loop: a descriptor
// each to poll besides whatever the program polls for itself, here the terminal. No thread is started. Type quit to end it.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>

#include <engine/engine.hpp>
#include <naming/host.hpp>

#include "asking.hpp"
#include "eventloop.hpp"

namespace {
/// For poll(): how long until `deadline`, at most a minute.
int milliseconds_until(engine::time_point deadline) {
  using namespace std::chrono;
  const auto left = deadline - steady_clock::now();
  return static_cast<int>(std::clamp<std::int64_t>(ceil<milliseconds>(left).count(), 0, 60'000));
}
}  // namespace

int main() {
  engine::name_server_host names{{.host = "0.0.0.0", .threads = false}};
  std::cout << "got a name server, uri=" << names.where() << ", broadcast responder at " << names.responder()->location() << '\n';
  engine::daemon daemon{{.threads = false}};
  EmbeddedServer object;
  const engine::uri where = daemon.expose(object);
  std::cout << "server uri=" << where << std::endl;
  names.enroll("example.embedded.server", where);

  std::cout << "Waiting for requests, and for what you type..." << std::endl;
  pollfd waiting[] = {{.fd = names.daemon().descriptor(), .events = POLLIN, .revents = 0},
                      {.fd = daemon.descriptor(), .events = POLLIN, .revents = 0},
                      {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
  for (;;) {
    ::poll(waiting, std::size(waiting), milliseconds_until(std::min(names.daemon().next_deadline(), daemon.next_deadline())));
    if (waiting[0].revents != 0) std::cout << "The name server or its responder received something" << std::endl;
    if (waiting[1].revents != 0) std::cout << "The daemon received something" << std::endl;
    names.daemon().run_ready();
    daemon.run_ready();
    if (waiting[2].revents == 0) continue;
    const std::string typed = ask("");
    if (typed == "quit" || !std::cin) break;
    std::cout << "You typed: " << typed << std::endl;
  }
  std::cout << "done" << std::endl;
}
