// A local function called later, on a thread of its own, with a future for its result: Pyro's Future(callable). Remote calls need none of it
// (engine::async).
//
//   engine::local_call counting{[](const std::string& file) { return lines_of(file); }};
//   counting.delay(2s);
//   engine::future<int> lines = counting("today.csv");     // then(), on_error(), get(), co_await as for every future
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include <engine/core/future.hpp>

namespace engine {

namespace detail {

/// When a local call happens, and whether. Shared by who wants it and the thread.
class appointment {
 public:
  /// False: it is too late for that.
  bool delay(std::chrono::nanoseconds d) {
    const std::scoped_lock lock(mutex_);
    if (begun_) return false;
    delay_ = d;
    changed_.notify_all();
    return true;
  }
  bool cancel() {
    const std::scoped_lock lock(mutex_);
    if (begun_) return false;
    cancelled_ = true;
    changed_.notify_all();
    return true;
  }
  /// Throws std::runtime_error if it has been called or cancelled.
  void make() {
    const std::scoped_lock lock(mutex_);
    if (made_) throw std::runtime_error("the future has already been evaluated");
    if (cancelled_) throw std::runtime_error("the future has been cancelled");
    made_ = true;
  }
  /// Waits for its time; false: it was cancelled.
  bool keep() {
    std::unique_lock lock(mutex_);
    const auto from = std::chrono::steady_clock::now();
    while (!cancelled_ && std::chrono::steady_clock::now() < from + delay_) changed_.wait_until(lock, from + delay_);
    begun_ = true;
    return !cancelled_;
  }

 private:
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::chrono::nanoseconds delay_{0};
  bool made_ = false, begun_ = false, cancelled_ = false;
};

/// The result, and the thread that brings it.
template <class R> class thread_result final : public future_result<R> {
 public:
  explicit thread_result(std::shared_ptr<appointment> when) : when_(std::move(when)) {}
  void cancel() override { when_->cancel(); }
  template <class Call> void start(Call call) {
    this->add_reference();
    thread_ = std::thread([this, call = std::move(call)]() mutable {
      run(call);
      this->release();
    });
  }

 private:
  ~thread_result() override {
    if (thread_.get_id() == std::this_thread::get_id()) thread_.detach();  // nobody waits, and it has ended but for this
    else if (thread_.joinable()) thread_.join();
  }
  template <class Call> void run(Call& call) {
    try {
      if (!when_->keep()) throw std::runtime_error("future has been cancelled");
      if constexpr (std::is_void_v<R>) {
        call();
        this->succeed();
      } else {
        this->succeed(call());
      }
    } catch (...) {
      this->fail(std::current_exception());
    }
  }
  std::shared_ptr<appointment> when_;
  std::thread thread_{};
};

}  // namespace detail

/// Called once. Any thread may delay or cancel it meanwhile. A thread that nobody waits for is joined by whoever destroys the future, unless it
/// has more to do than that: cancel() first.
template <class F> class local_call {
 public:
  explicit local_call(F f) : function_(std::move(f)) {}

  /// It begins so much later than it is called. False: it has begun.
  bool delay(std::chrono::nanoseconds d) { return when_->delay(d); }
  /// Its future fails with std::runtime_error "future has been cancelled". False: it has begun.
  bool cancel() { return when_->cancel(); }
  /// Returns at once; the arguments are copied or moved along. Throws std::runtime_error if it was called or cancelled before.
  template <class... A> auto operator()(A&&... arguments) {
    using R = std::invoke_result_t<F&, std::decay_t<A>...>;
    when_->make();
    auto* made = new detail::thread_result<R>(when_);
    future<R> result(made);
    made->start([f = std::move(function_), all = std::make_tuple(std::forward<A>(arguments)...)]() mutable -> R { return std::apply(f, std::move(all)); });
    return result;
  }

 private:
  F function_;
  std::shared_ptr<detail::appointment> when_ = std::make_shared<detail::appointment>();
};

}  // namespace engine
