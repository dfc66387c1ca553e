// Shows which instance of a class answers: another one for every call, one per connection, or always the same.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

namespace {
/// A proxy opens a connection of its own, which is a session.
void three_messages(const engine::uri& where, const std::string& first, const std::string& second, const std::string& third) {
  engine::proxy<> p{where};
  for (const auto& message : {first, second, third}) std::cout << engine::to_repr(p["msg"](message)) << '\n';
}
}  // namespace

int main() {
  std::cout << "Showing the different instancing modes.\n"
               "The number printed, is the id of the instance that handled the call.\n"
               "\n-----PERCALL (different number every time) -----\n";
  three_messages("PYRONAME:instance.percall", "hello1", "hello2", "hello3");
  std::cout << "\n-----SESSION (same numbers within session) -----\n";
  three_messages("PYRONAME:instance.session", "hello1", "hello1", "hello1");
  std::cout << " ..new proxy..\n";
  three_messages("PYRONAME:instance.session", "hello2", "hello2", "hello2");
  std::cout << "\n-----SINGLE (same number always) -----\n";
  three_messages("PYRONAME:instance.single", "hello1", "hello1", "hello1");
  three_messages("PYRONAME:instance.single", "hello2", "hello2", "hello2");
}
