// Serves a library, its books and their authors: what a method returns is sent as a proxy, because the daemon has exposed it.
#include <iostream>

#include "pipelining.hpp"

namespace {
Author melville("Herman Melville");
Book whale("Moby-Dick", melville);
}  // namespace

Book& Library::find(std::string_view title) {
  if (title != "Moby-Dick") throw engine::raised("KeyError", {std::string(title)});
  return whale;
}

int main() {
  Library library;
  engine::daemon daemon;
  daemon.expose(melville);
  daemon.expose(whale);
  std::cout << "uri = " << daemon.expose(library, "example.library") << std::endl;
  daemon.run();
}
