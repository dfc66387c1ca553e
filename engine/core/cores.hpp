// One thread per core, started and joined together. What runs on a core is brought there by post().
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <engine/core/core.hpp>

namespace engine {

struct cores_options {
  unsigned count = 1;
  bool threads = true;   ///< false: one core, of the thread that makes it, which has to run it (core::run, run_ready)
  bool pin = false;      ///< core i on the i-th processor this process may use
  int first = 0;         ///< with pin: start at that one
  core_options each{};
};

class cores {
 public:
  /// Starts the threads and waits until every core is up. Throws std::system_error if one cannot be made.
  explicit cores(const cores_options&);
  /// Stops and joins. Not from one of the cores' own threads.
  ~cores();
  cores(const cores&) = delete;
  cores& operator=(const cores&) = delete;

  std::size_t size() const { return running_.size(); }
  bool threads() const { return !own_; }
  core& operator[](std::size_t i) { return *running_[i]; }

  /// Runs `f` on that core and waits until it has returned; what it throws is thrown here. On that core's own thread: runs it at once.
  /// A core without a thread must be run meanwhile, if this is called by another one.
  void run_on(std::size_t i, const std::function<void(core&)>& f);
  void stop();
  void join();

 private:
  std::unique_ptr<core> own_;   // without threads
  std::thread::id owner_ = std::this_thread::get_id();
  std::vector<core*> running_;  // owned by their threads, or own_
  // A core ends its loop at stop(), but dies only when nobody can be inside stop() or post() any more.
  std::atomic<bool> released_{false};
  std::vector<std::jthread> threads_;
};

}  // namespace engine
