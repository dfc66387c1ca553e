// Exposed and registered in one step, and taken out of the name server again when the daemon ends cleanly:
//   daemon.expose(greeter, engine::enrolled_as{"example.greeting"});
// With a lease also when the program does not end cleanly, and registered anew when the name server has lost the name:
//   daemon.expose(greeter, engine::enrolled_as{.name = "example.greeting", .lease = 30s});
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
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
  /// Unless it is renewed for so long, the name server, which must be one of ours, removes the name. The daemon renews it each third of that, on a
  /// thread of its own, and registers it anew where it is not known any more. 0: no lease. 100 ms to a year, else ValueError.
  std::chrono::milliseconds lease{0};
};

namespace detail {

/// The names that a daemon has registered. Any thread.
class enrollments {
 public:
  ~enrollments() { end_renewing(); }
  /// Registers `where`. Throws naming_error, unreachable …; blocks.
  void add(enrolled_as, const uri& where);
  /// Takes out all that still stand for what they were registered for. What fails is logged.
  void withdraw() noexcept;

 private:
  using clock = std::chrono::steady_clock;
  struct enrolled {
    enrolled_as how;
    uri where;
    clock::time_point next = clock::time_point::max();  ///< when its lease is renewed
    bool lost = false;                                   ///< … has been said
  };
  void renew_all(std::stop_token);
  void renew(enrolled&);
  void end_renewing();

  std::mutex mutex_{};
  std::condition_variable_any changed_{};
  std::vector<enrolled> all_{};
  bool added_ = false;
  std::jthread renewing_{};
};

}  // namespace detail
}  // namespace engine
