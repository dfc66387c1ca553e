// Threads for what may block, so that cores never do. They are started when work waits and nobody is free, up to a limit, and end
// again when idle, down to another: Pyro's thread pool, without a thread per connection.
#pragma once

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <engine/core/core.hpp>

namespace engine {

struct side_pool_options {
  std::size_t least = 4;  ///< threads that stay once they were started
  std::size_t most = 40;  ///< beyond that, work waits for a thread
  std::chrono::milliseconds patience{5000};  ///< how long a thread above the least waits for more work
};

class side_pool {
 public:
  explicit side_pool(const side_pool_options& o) : options_(o) {}
  /// Finishes all the work it has been given. Not from one of its own threads.
  ~side_pool();
  side_pool(const side_pool&) = delete;
  side_pool& operator=(const side_pool&) = delete;

  /// Any thread: runs `w` on a side thread. It must not throw.
  void post(work w);
  /// Every thread is at work and no more may be started.
  bool full() const;
  std::size_t size() const;  ///< threads there are
  std::size_t idle() const;  ///< threads that wait for work

  /// co_await on a core: runs `f` on a side thread and resumes on this core; throws what it threw. The pool must end before the core does:
  /// when the coroutine goes on, the side thread may still be telling the core so.
  template <class F> auto run(F f) {
    struct awaiter {
      side_pool& pool;
      F f;
      std::exception_ptr error{};
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> waiting) {
        pool.post([this, waiting, home = core::current()] {
          try {
            f();
          } catch (...) {
            error = std::current_exception();
          }
          home->post([waiting] { waiting.resume(); });
        });
      }
      void await_resume() const {
        if (error) std::rethrow_exception(error);
      }
    };
    return awaiter{*this, std::move(f)};
  }

 private:
  void serve();
  side_pool_options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;
  std::deque<work> waiting_;
  std::size_t threads_ = 0, idle_ = 0;
  bool ending_ = false;
};

/// co_await move_to(c): the coroutine goes on on core `c`.
inline auto move_to(core& there) {
  struct awaiter {
    core& there;
    bool await_ready() const { return core::current() == &there; }
    void await_suspend(std::coroutine_handle<> moving) {
      there.post([moving] { moving.resume(); });
    }
    void await_resume() const {}
  };
  return awaiter{there};
}

}  // namespace engine
