// The same three, a name server, the responder to broadcasts and a daemon, combined: one run() serves them, and asks what the program
// wants each time round. Ctrl-C ends it.
#include <iostream>

#include <engine/engine.hpp>
#include <naming/host.hpp>

#include "eventloop.hpp"

int main() {
  engine::name_server_host names{{.host = "0.0.0.0", .threads = false}};
  std::cout << "got a name server, uri=" << names.where() << ", broadcast responder at " << names.responder()->location() << '\n';
  engine::daemon daemon{{.combine_with = &names.daemon()}};
  EmbeddedServer object;
  const engine::uri where = daemon.expose(object);
  std::cout << "server uri=" << where << std::endl;
  names.enroll("example.embedded.server", where);
  daemon.run([] {
    std::cout << "Waiting for requests..." << std::endl;
    return true;
  });
  std::cout << "done" << std::endl;
}
