// Whatever a method throws reaches its caller: C++ exceptions as the Python ones they correspond to, and exceptions named by hand.
#include <iostream>
#include <stdexcept>
#include <string>

#include <engine/engine.hpp>

class TestClass {
 public:
  double div(double arg1, double arg2) {
    if (arg2 == 0) throw engine::raised("ZeroDivisionError", {"division by zero"});
    return arg1 / arg2;
  }
  void error() { throw std::invalid_argument("a valueerror! Great!"); }               // ValueError
  engine::wire_exception error2() { return {"builtins.ValueError", {"a valueerror! Great!"}}; }  // an exception as a result
  void othererr() { throw std::runtime_error("a runtime error!"); }                   // RuntimeError
  void complexerror() { crash("going down..."); }
  // An exception of a class that callers do not know: Python's say so, C++'s catch it as engine::raised.
  void unserializable() { throw engine::raised("excep.UnserializableError", {"this error can't be serialized"}); }

 private:
  static void crash(const std::string&) {
    throw engine::raised("TypeError", {"unsupported operand type(s) for //: 'str' and 'int'"});
  }
};
ENGINE_EXPOSE(TestClass, div, error, error2, othererr, complexerror, unserializable)

int main() {
  engine::daemon daemon;
  TestClass test;
  std::cout << "uri = " << daemon.expose(test, "example.exceptions") << std::endl;
  daemon.run();
}
