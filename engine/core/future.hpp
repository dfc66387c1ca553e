// A result on its way. get() waits for it on a plain thread, co_await on a core. Who produces it decides how waiting works: a
// client channel is driven by whoever waits (no thread hop), a promise is kept by another thread or core.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <engine/core/core.hpp>
#include <engine/core/recycled.hpp>
#include <engine/core/reference_count.hpp>

namespace engine {

namespace detail {

/// Who makes a future ready. `waiter`: the thread that waits, and no other, so that no lock is needed. `its_core`: the core that it
/// was made on, which resumes who awaits it there at once, and must not wait for it.
enum class kept_by : std::uint8_t { another, waiter, its_core };

/// Something to be done once a future is ready.
class continuation {
 public:
  virtual void source_ready() = 0;

 protected:
  ~continuation() = default;
};

/// The shared part of a future: counted by the future and by its producer.
class future_state : public recycled {
 public:
  /// `made_on`: the core that makes it ready, if one does.
  explicit future_state(kept_by who = kept_by::another, const core* made_on = nullptr) : kept_by_(who) {
    if (who != kept_by::waiter) meeting_ = std::make_unique<meeting>(made_on);
  }
  future_state(const future_state&) = delete;
  future_state& operator=(const future_state&) = delete;

  void add_reference() { references_.add(); }
  /// The same while no other thread has seen it.
  void add_reference_unseen() { references_.add_unseen(); }
  void release() {
    if (references_.drop()) delete this;
  }

  bool ready() const { return ready_.load(std::memory_order_acquire); }
  /// Makes it ready, or returns at the deadline. Overridden by producers that are driven by the waiting thread.
  virtual void wait_until(time_point deadline);
  /// Nobody will take the result any more.
  virtual void abandon() {}
  /// The result is not wanted any more, if there is still time to say so.
  virtual void cancel() {}
  void fail(std::exception_ptr e) {
    error_ = std::move(e);
    finish();
  }
  void rethrow_if_failed() const {
    if (error_) std::rethrow_exception(error_);
  }
  bool failed() const { return error_ != nullptr; }
  const std::exception_ptr& error() const { return error_; }
  kept_by keeper() const { return kept_by_; }
  const core* made_on() const { return meeting_ ? meeting_->made_on : nullptr; }
  /// Registers a coroutine of this core to be resumed; false if the result is already there.
  bool resume_later(core& home, std::coroutine_handle<> waiting);
  /// Registers what is run by the thread that makes it ready; false if the result is already there. Not if kept by who waits.
  bool go_on_later(continuation&);
  /// It is kept by who waits, and a core cannot: throws what says so.
  [[noreturn]] virtual void refuse_await();
  /// The core that would make it ready waits for it: throws what says so.
  [[noreturn]] virtual void refuse_wait() const;

 protected:
  virtual ~future_state() = default;
  void finish();

 private:
  reference_count references_{1};
  std::atomic<bool> ready_{false};
  const kept_by kept_by_;
  std::exception_ptr error_{};
  /// Where who waits meets who makes it ready; not needed where they are the same thread.
  struct meeting : recycled {
    explicit meeting(const core* on) : made_on(on) {}
    std::mutex mutex{};
    std::condition_variable changed{};
    const core* made_on;
    core* home = nullptr;
    std::coroutine_handle<> waiting{};
    continuation* next = nullptr;
  };
  std::unique_ptr<meeting> meeting_{};
};

template <class T> class future_result : public future_state {
 public:
  using future_state::future_state;
  template <class... U> void succeed(U&&... value) {
    value_.emplace(std::forward<U>(value)...);
    finish();
  }
  T take() {
    rethrow_if_failed();
    return std::move(*value_);
  }

 protected:
  std::optional<T> value_{};
};

template <> class future_result<void> : public future_state {
 public:
  using future_state::future_state;
  void succeed() { finish(); }
  void take() { rethrow_if_failed(); }
};

struct release_state {
  void operator()(future_state* s) const { s->release(); }
};
template <class State> using state_pointer = std::unique_ptr<State, release_state>;
template <class T, class R, class F> class chained;
struct future_access;

}  // namespace detail

/// Move-only; one thread at a time. The result is taken once, by get(), co_await, then() or on_error().
/// Who destroys the future gives up only the result, and what was to follow it by then(); the call goes on, unless it was asked to stop before.
template <class T> class [[nodiscard]] future {
 public:
  using state = detail::future_result<T>;
  future() = default;
  /// Takes one reference over.
  explicit future(state* s) : state_(s) {}
  future(future&&) noexcept = default;
  future& operator=(future&& other) noexcept {
    if (state_) state_->abandon();
    state_ = std::move(other.state_);
    return *this;
  }
  ~future() {
    if (state_) state_->abandon();
  }

  bool valid() const { return state_ != nullptr; }
  bool ready() const { return state_ && state_->ready(); }
  void wait() { state_->wait_until(time_point::max()); }
  /// True if the result is there within `d`.
  template <class Rep, class Period> bool wait_for(std::chrono::duration<Rep, Period> d) {
    state_->wait_until(std::chrono::steady_clock::now() + d);
    return state_->ready();
  }
  /// Asks whoever works for the result to stop; an asynchronous call of a daemon of ours is told so (call_context::cancelled()), which a method
  /// may heed or not: the result, or what the method throws instead, still comes here. Nothing happens where that cannot be done: in Python
  /// servers, in methods that run to their end at once, for results of then(), or when it is too late. Does not wait for the other side. A call is
  /// named by its 16-bit sequence number: while one runs for as long as 65,536 others of its connection take, to cancel the younger of the
  /// two of that number may stop the elder as well.
  void cancel() {
    if (state_ && !state_->ready()) state_->cancel();
  }
  /// Waits and takes the result; throws what the producer failed with. On a core's own thread use co_await: to wait there for what only that
  /// core can make ready throws would_block, for a future of then() std::logic_error, as wait() and wait_for() do.
  T get() {
    wait();
    auto mine = std::move(state_);
    return mine->take();
  }

  /// A future of f(result), or of what the future that f returns gives; this one is empty afterwards. When this one fails, f is not
  /// called and the other fails the same way. f runs where the result becomes known: on the thread that waits for an asynchronous
  /// call made on a plain thread (so somebody must wait), on the core for one made on a core, else on the producer's thread.
  template <class F> auto then(F f) &&;
  template <class F> auto then(F f) & { return std::move(*this).then(std::move(f)); }
  /// A future of the same result. When this one fails, f(std::exception_ptr) is called, where then()'s would be: if it
  /// returns nothing the failure stays, otherwise what it returns is the result.
  template <class F> future on_error(F f) &&;
  template <class F> future on_error(F f) & { return std::move(*this).on_error(std::move(f)); }

  auto operator co_await() && {
    struct awaiter {
      detail::state_pointer<state> mine;
      bool await_ready() const { return mine->ready() || mine->keeper() == detail::kept_by::waiter; }
      bool await_suspend(std::coroutine_handle<> waiting) { return mine->resume_later(*core::current(), waiting); }
      T await_resume() {
        if (!mine->ready()) {  // nobody will wait for it any more
          mine->abandon();
          mine->refuse_await();
        }
        return mine->take();
      }
    };
    return awaiter{std::move(state_)};
  }
  auto operator co_await() & { return std::move(*this).operator co_await(); }

 private:
  template <class> friend class future;
  template <class, class, class> friend class detail::chained;
  friend struct detail::future_access;
  detail::state_pointer<state> state_{};
};

/// The producing end. Destroyed without a result, it fails the future with std::runtime_error "the promise was broken".
template <class T> class promise {
 public:
  promise() : state_(new detail::future_result<T>) {}
  promise(promise&&) noexcept = default;
  promise& operator=(promise&&) noexcept = default;
  ~promise() {
    if (state_ && !state_->ready()) state_->fail(std::make_exception_ptr(std::runtime_error("the promise was broken")));
  }
  /// Once.
  future<T> get_future() {
    state_->add_reference();
    return future<T>(state_.get());
  }
  /// Any thread, once.
  template <class... U> void succeed(U&&... value) { state_->succeed(std::forward<U>(value)...); }
  void fail(std::exception_ptr e) { state_->fail(std::move(e)); }

 private:
  detail::state_pointer<detail::future_result<T>> state_;
};

}  // namespace engine

#include <engine/core/future_chain.hpp>
