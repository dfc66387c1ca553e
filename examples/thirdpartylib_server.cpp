// Exposes a class of somebody else's library as it is: what is said of it stands outside of it, and so does what its results look like.
#include <iostream>

#include <engine/engine.hpp>

#include "awesome_thirdparty_library.hpp"

ENGINE_SHAPE_AS(WeirdReturnType, "awesome_thirdparty_library.WeirdReturnType", value)  // which no client knows
ENGINE_EXPOSE(AwesomeClass, method, private_, weird)
ENGINE_MARK(AwesomeClass, private_, .wire_name = "private")

int main() {
  engine::daemon daemon;
  AwesomeClass object;
  std::cout << "class registered, uri:  " << daemon.expose(object, "example.thirdpartylib") << std::endl;
  daemon.run();
}
