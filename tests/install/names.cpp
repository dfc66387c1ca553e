// A program with a name server of its own, which it asks: nothing but installed headers and libraries.
#include <naming/host.hpp>
#include <naming/locate.hpp>

int main() {
  engine::name_server_host host{{.host = "localhost", .port = 0, .broadcast = false}};
  auto names = engine::locate_name_server({.host = "localhost", .port = host.internal().port()});
  names.enroll("a.name", engine::uri("PYRO:object@localhost:1234"), std::nullopt, std::nullopt);
  return names.lookup("a.name") == engine::uri("PYRO:object@localhost:1234") && names.count() == 2 ? 0 : 1;
}
