// Reads and assigns the attributes of a remote object, knowing nothing about its class.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

namespace {
void must_fail(const engine::proxy<>& p, const std::string& name) {
  try {
    std::cout << "accessing p." << name << "...\n";
    p[name].get();
    std::cout << "this should not be possible!\n";
  } catch (const engine::raised& e) {
    std::cout << "ok, got expected error: " << e.what() << '\n';
  }
}
}  // namespace

int main(int argc, char** argv) {
  std::string uri = argc > 1 ? argv[1] : "";
  if (uri.empty()) {
    std::cout << "enter attribute server object uri: " << std::flush;
    std::cin >> uri;
  }
  engine::proxy<> p{uri};
  std::cout << "\nDirect attribute access:\np.prop_value= " << p["prop_value"].get().as<int>() << "\nadding 500 to p.prop_value\n";
  p["prop_value"].set(p["prop_value"].get().as<int>() + 500);
  std::cout << "p.prop_value= " << p["prop_value"].get().as<int>() << "\nactual remote value:  " << p["getValue"]().as<int>()
            << "  (via p.getValue() remote method call)\n\ncalling p.__dunder__()....:  " << p["__dunder__"]().as<std::string>()
            << "\n\nAccessing unexposed attributes:\n";
  for (const char* name : {"sub", "value", "_value", "__value"}) must_fail(p, name);
}
