// Has objects made elsewhere and speaks to them: a method that returns an exposed object gives its caller a proxy of it.
#include <iostream>

#include "asking.hpp"
#include "autoproxy.hpp"

int main(int argc, char** argv) {
  engine::proxy<Factory> factory{argument_or_ask(argc, argv, "enter factory server object uri: ")};
  std::cout << "Creating things." << std::endl;
  engine::proxy<Thingy> thing1 = factory.createSomething(1);
  engine::proxy<Thingy> thing2 = factory.createSomething(2);
  engine::proxy<Thingy> thing3 = factory.createSomething(3);
  std::cout << "Speaking stuff." << std::endl;
  thing1.speak("I am the first");
  thing2.speak("I am second");
  thing3.speak("I am last then...");
}
