// Pyro4's autoproxy example as both sides know it: a factory whose products stay where they were made.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <engine/engine.hpp>

class Thingy {
 public:
  explicit Thingy(int number) : number_(number) {}
  void speak(std::string_view message);

 private:
  const int number_;
};
ENGINE_EXPOSE(Thingy, speak)
ENGINE_MARK(Thingy, speak, .parameters = "message")

class Factory {
 public:
  std::shared_ptr<Thingy> createSomething(int number);
};
ENGINE_EXPOSE(Factory, createSomething)
ENGINE_MARK(Factory, createSomething, .parameters = "number")
