// Remote attributes: properties with a getter and perhaps a setter. What is not exposed cannot be reached.
#include <iostream>
#include <map>
#include <string>

#include <engine/engine.hpp>

class Thingy {
 public:
  std::string dunder() { return "yep"; }
  int len() { return 200; }
  int getValue() { return value; }
  int prop_value() { return value; }
  void set_prop_value(int to) { value = to; }
  std::map<std::string, std::string> prop_sub() { return sub; }

  std::map<std::string, std::string> sub{{"name", "value"}};
  int value = 42;
};
ENGINE_EXPOSE(Thingy, dunder, len, getValue, prop_value, prop_sub)
ENGINE_MARK(Thingy, dunder, .wire_name = "__dunder__")
ENGINE_MARK(Thingy, len, .wire_name = "__len__")
ENGINE_PROPERTY(Thingy, prop_value, "prop_value", set_prop_value)
ENGINE_MARK(Thingy, prop_sub, .attribute = true)

int main() {
  engine::daemon daemon;
  Thingy thingy;
  std::cout << "uri = " << daemon.expose(thingy, "example.attributes") << std::endl;
  daemon.run();
}
