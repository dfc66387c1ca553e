// A program with a name server inside and an object that is found by it: embedded_names loop|threads STORAGE [HOST]
// "loop": everything is served by the program's own poll() loop, which has its input to look after as well. "threads": beside it, on a
// thread of the name server's. Each line of input is answered by how many names there are; the end of input ends it.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <limits>
#include <string>

#include <naming/host.hpp>

namespace {

class greeter {
 public:
  std::string greet(std::string name) { return "hello " + name; }
};
ENGINE_EXPOSE(greeter, greet)

/// False at the end.
bool answer_input(engine::name_server_host& names) {
  std::array<char, 100> typed;
  if (::read(STDIN_FILENO, typed.data(), typed.size()) <= 0) return false;
  std::cout << names.names().count() << " names" << std::endl;
  return true;
}

/// For poll(): -1 for ever.
int milliseconds_until(engine::time_point when) {
  if (when == engine::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void loop(engine::name_server_host& names) {
  engine::daemon& daemon = names.daemon();
  for (bool open = true; open;) {
    daemon.run_ready();
    std::array<pollfd, 2> waiting{{{.fd = daemon.descriptor(), .events = POLLIN, .revents = 0}, {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}}};
    ::poll(waiting.data(), waiting.size(), milliseconds_until(daemon.next_deadline()));
    if (waiting[1].revents != 0) open = answer_input(names);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const bool in_loop = std::string(argv[1]) == "loop";
  const std::string host = argc > 3 ? argv[3] : "0.0.0.0";
  engine::name_server_host names{{.host = host, .port = 0, .storage = argv[2], .bc_port = 0, .threads = !in_loop}};
  engine::daemon objects{{.host = host == "::" ? "::1" : "127.0.0.1", .combine_with = &names.daemon()}};
  greeter one;
  names.enroll("greeter", objects.expose(one), {"friendly", "c++"});
  std::cout << "URI = " << names.where() << "\nresponder at " << names.responder()->location() << std::endl;
  if (in_loop) return loop(names), 0;
  while (answer_input(names)) {
  }
}
