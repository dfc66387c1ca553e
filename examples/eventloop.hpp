// What the servers of this example offer.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <engine/engine.hpp>

class EmbeddedServer {
 public:
  /// Multiplies a number, or repeats a text, as Python's * does.
  std::variant<std::int64_t, std::string> multiply(std::variant<std::int64_t, std::string> x, std::int64_t y) {
    if (const auto* number = std::get_if<std::int64_t>(&x)) return *number * y;
    if (y > 1000) throw engine::raised("OverflowError", {"repeated string is too long"});
    std::string repeated;
    for (; y > 0; --y) repeated += std::get<std::string>(x);
    return repeated;
  }
};
ENGINE_EXPOSE(EmbeddedServer, multiply)
