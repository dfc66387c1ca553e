// Two persons visit the warehouse of Pyro's tutorial. Nothing of it is declared here: the proxy is dynamic.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "asking.hpp"

namespace {

void visit(const engine::proxy<>& warehouse, const std::string& name) {
  const auto look = [&] { std::cout << "The warehouse contains: " << to_repr(warehouse["list_contents"]()) << '\n'; };
  std::cout << "This is " << name << ".\n";
  look();
  if (const auto item = ask("Type a thing you want to store (or empty): "); !item.empty()) warehouse["store"](name, item);
  look();
  if (const auto item = ask("Type something you want to take (or empty): "); !item.empty()) warehouse["take"](name, item);
  std::cout << "Thank you, come again!\n";
}

}  // namespace

int main() try {
  const engine::proxy<> warehouse{"PYRONAME:example.warehouse"};
  visit(warehouse, "Janet");
  visit(warehouse, "Henry");
} catch (const engine::error& e) {
  std::cerr << e.type() << ": " << e.what() << '\n';
  return 1;
}
