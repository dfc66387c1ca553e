// What the operating system refused: an errno and what was being done. Small, copied freely.
#pragma once

#include <string>

namespace engine {

struct io_error {
  int code = 0;              ///< an errno value, positive
  const char* doing = "";    ///< "bind", "connect" …; static storage
  std::string to_string() const;  ///< "bind: Address already in use"
};

}  // namespace engine
