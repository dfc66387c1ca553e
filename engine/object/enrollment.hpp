// Exposed and registered in one step, and taken out of the name server again when the daemon ends cleanly:
//   daemon.expose(greeter, engine::enrolled_as{"example.greeting"});
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <engine/object/resolve.hpp>
#include <engine/object/uri.hpp>

namespace engine {

/// Under which name an object is found, and in which name server.
struct enrolled_as {
  std::string name{};
  std::vector<std::string> tags{};  ///< to be found by PYROMETA
  bool safe = false;                ///< naming_error "name already registered: x" instead of replacing what is there
  std::string id{};                 ///< the object's id in the daemon, empty: one is made
  locate_options names{};           ///< default: wherever one is found
};

namespace detail {

/// The names that a daemon has registered. Any thread.
class enrollments {
 public:
  /// Registers `where`. Throws naming_error, unreachable …; blocks.
  void add(enrolled_as, const uri& where);
  /// Takes out all that still stand for what they were registered for. What fails is logged.
  void withdraw() noexcept;

 private:
  struct enrolled {
    enrolled_as how;
    uri where;
  };
  std::mutex mutex_{};
  std::vector<enrolled> all_{};
};

}  // namespace detail
}  // namespace engine
