// A client that works on a thread of its own while others are measured, or is one of several that are.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>

namespace bench {

/// A client on a thread of its own that goes on until it is stopped. `connect()` is run on that thread and gives what is repeated.
class background {
 public:
  template <class Connect> explicit background(Connect connect) {
    thread_ = std::thread([this, connect] {
      try {
        for (auto repeat = connect(); !stopped_; ++done_) repeat();
      } catch (...) {
        error_ = std::current_exception();
        alive_ = false;
      }
    });
  }
  ~background() { end(); }
  background(const background&) = delete;
  background& operator=(const background&) = delete;

  std::uint64_t done() const { return done_; }
  bool alive() const { return alive_; }  ///< false once it has thrown, which stop() tells
  /// Ends it; throws what it threw.
  void stop() {
    end();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void end() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::atomic<bool> stopped_{false}, alive_{true};
  std::atomic<std::uint64_t> done_{0};
  std::exception_ptr error_{};
  std::thread thread_{};
};

}  // namespace bench
