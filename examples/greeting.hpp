// What both sides of the greeting example share: the class, and what of it may be called.
#pragma once

#include <string>
#include <string_view>

#include <engine/engine.hpp>

class GreetingMaker {
 public:
  std::string get_fortune(std::string_view name);
};
ENGINE_EXPOSE(GreetingMaker, get_fortune)
ENGINE_MARK(GreetingMaker, get_fortune, .parameters = "name")
