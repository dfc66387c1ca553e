// The name servers that this process asks, so that lookups share a connection. It is kept afterwards where the name server is one of ours, for
// which a connection is no more than memory; Python's gives each connection a thread, of which it has few, so there it is closed, as Pyro does.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include <engine/object/proxy.hpp>
#include <engine/object/resolve.hpp>

namespace engine::detail {

class name_servers {
 public:
  /// The process's. Outlived by whoever has called this before it was made.
  static name_servers& instance();
  name_servers(const name_servers&) = delete;
  name_servers& operator=(const name_servers&) = delete;

  /// What `question` makes of a name server that `at`, whose settings are set, finds. A kept connection that turns out to be lost is replaced by
  /// looking for a name server anew. Throws what locate() and the question throw. Any thread; threads that ask at once share a connection.
  uri ask(const locate_options& at, const std::function<uri(const proxy<>& names)>& question);
  /// Fails what is being asked and forgets all connections.
  void give_up();

 private:
  name_servers() = default;
  struct kept {
    locate_options at;
    std::shared_ptr<remote> to;
    ::pid_t process;         // a child of fork() must not talk on its parent's connection, nor shut it down
    std::size_t users = 0;
    bool lost = false;       // nobody else takes it, and the last user closes it
    ~kept();
  };
  /// One that is there already, or nullptr.
  std::shared_ptr<remote> find(const locate_options&);
  void add(const locate_options&, std::shared_ptr<remote>);
  void done(const std::shared_ptr<remote>&, bool keep);

  std::mutex mutex_{};
  std::list<kept> all_{};  // the one used last in front
};

}  // namespace engine::detail
