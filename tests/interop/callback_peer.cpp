// Keeps what its clients offer to be called back on, and rings it. Prints its URI.
#include <iostream>
#include <map>
#include <mutex>
#include <string>

#include <engine/engine.hpp>

class Exchange {
 public:
  void join(std::string who, engine::proxy<> bell) {
    const std::scoped_lock lock(mutex_);
    bells_[who] = std::move(bell);
  }
  void leave(const std::string& who) {
    const std::scoped_lock lock(mutex_);
    bells_.erase(who);
  }
  /// What the bell answers; its failures are the caller's.
  std::int64_t ring(const std::string& who) { return bell_of(who)["ring"](who).as<std::int64_t>(); }
  /// "answered", or the class of what was wrong.
  std::string try_ring(const std::string& who) {
    try {
      ring(who);
      return "answered";
    } catch (const engine::error& e) {
      return e.type();
    }
  }

 private:
  engine::proxy<> bell_of(const std::string& who) {
    const std::scoped_lock lock(mutex_);
    return bells_.at(who);
  }
  std::mutex mutex_;
  std::map<std::string, engine::proxy<>> bells_;
};
ENGINE_EXPOSE(Exchange, join, leave, ring, try_ring)
ENGINE_MARK(Exchange, ring, .blocking = true)
ENGINE_MARK(Exchange, try_ring, .blocking = true)

int main() {
  Exchange exchange;
  engine::daemon daemon;
  std::cout << daemon.expose(exchange, "exchange") << std::endl;
  daemon.run();
}
