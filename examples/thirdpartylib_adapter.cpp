// An adapter offers what callers should reach of somebody else's class, and nothing else.
#include <iostream>
#include <string>

#include <engine/engine.hpp>

#include "awesome_thirdparty_library.hpp"

class AwesomeAdapterClass {
 public:
  std::string method(const std::string& arg) {
    std::cout << "Adapter class is called..." << std::endl;
    return awesome_.method(arg);
  }
  /// As text, which everybody can read.
  std::string weird() { return "weird " + awesome_.weird().value; }

 private:
  AwesomeClass awesome_;
};
ENGINE_EXPOSE(AwesomeAdapterClass, method, weird)

int main() {
  engine::daemon daemon;
  AwesomeAdapterClass object;
  std::cout << "adapter class registered, uri:  " << daemon.expose(object, "example.thirdpartylib") << std::endl;
  daemon.run();
}
