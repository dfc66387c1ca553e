// Living with connections that the server closes: a proxy that finds its connection closed opens another. Only a call that was under way
// fails, because nobody can tell whether it was served; this one may be made again.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

namespace {
std::string echo(const engine::proxy<>& obj, const std::string& text) {
  try {
    return obj["echo"](text).as<std::string>();
  } catch (const engine::connection_closed&) {
    std::cout << "  <proxy: Connection lost. Trying again...>\n";
    return obj["echo"](text).as<std::string>();
  }
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<> obj{argument_or_ask(argc, argv, "Uri of server? ")};
  std::cout << "result = " << echo(obj, "12345")
            << "\nClient proxy connection is still open. Wait until the server closes it because of its timeout.\n";
  ask("Press enter to continue:");
  std::cout << "Doing a new call on the same proxy:\nresult = " << echo(obj, "12345") << '\n';
}
