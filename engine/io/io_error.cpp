// See io_error.hpp.
#include <engine/io/io_error.hpp>

#include <system_error>

namespace engine {

std::string io_error::to_string() const {
  const std::string reason = std::generic_category().message(code);
  return *doing ? std::string(doing) + ": " + reason : reason;
}

}  // namespace engine
