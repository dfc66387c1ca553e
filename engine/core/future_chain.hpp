// then() and on_error(): a future made of another and of what is to be done with its result. Kept by the same one as its source: a
// chain on a driven future is driven, a link at a time, by who waits for its end.
#pragma once

#include <engine/core/future.hpp>

namespace engine::detail {

template <class R> struct unwrapped { using type = R; };
template <class R> struct unwrapped<future<R>> { using type = R; };
template <class R> inline constexpr bool is_future = false;
template <class R> inline constexpr bool is_future<future<R>> = true;

/// `F`: takes a finished future_result<T> to a value of R, to void or to a future<R>, or throws.
template <class T, class R, class F> class chained final : public future_result<R>, private continuation {
 public:
  chained(state_pointer<future_result<T>> source, F f)
      : future_result<R>(source->keeper(), source->made_on()), source_(std::move(source)), f_(std::move(f)) {}

  /// Once, before anything else.
  void start() {
    if (driven()) return;
    this->add_reference();  // the source's, and then the follower's
    if (!source_->go_on_later(*this)) source_ready();
  }
  void wait_until(time_point until) override {
    if (!driven()) return future_state::wait_until(until);
    if (source_) source_->wait_until(until);
    if (source_ && source_->ready()) go_on();
    if (follower_) follower_->wait_until(until);
    if (follower_ && follower_->ready()) take_over();
  }
  void abandon() override {
    if (!driven()) return;
    if (source_) source_->abandon();
    if (follower_) follower_->abandon();
  }
  void refuse_await() override {
    if (source_) source_->refuse_await();
    if (follower_ && follower_->keeper() == kept_by::waiter) follower_->refuse_await();
    future_state::refuse_await();
  }

 private:
  bool driven() const { return this->keeper() == kept_by::waiter; }

  void source_ready() override {
    if (follower_) {
      take_over();
    } else {
      go_on();
      if (follower_) return follow();
    }
    this->release();
  }
  void follow() {
    // Made by f where nobody will wait for it: it is waited for here.
    if (follower_->keeper() == kept_by::waiter) follower_->wait_until(time_point::max());
    if (follower_->keeper() == kept_by::waiter || !follower_->go_on_later(*this)) source_ready();
  }
  void go_on() {
    const auto source = std::move(source_);
    try {
      using result = std::invoke_result_t<F&, future_result<T>&>;
      if constexpr (is_future<result>) {
        follower_ = std::move(f_(*source).state_);
      } else if constexpr (std::is_void_v<result>) {
        f_(*source);
        this->succeed();
      } else {
        this->succeed(f_(*source));
      }
    } catch (...) {
      this->fail(std::current_exception());
    }
  }
  void take_over() {
    const auto done = std::move(follower_);
    try {
      if constexpr (std::is_void_v<R>) {
        done->take();
        this->succeed();
      } else {
        this->succeed(done->take());
      }
    } catch (...) {
      this->fail(std::current_exception());
    }
  }

  state_pointer<future_result<T>> source_;
  state_pointer<future_result<R>> follower_{};  // what f returned
  F f_;
};

template <class R, class T, class F> future<R> chain(state_pointer<future_result<T>> source, F f) {
  auto* made = new chained<T, R, F>(std::move(source), std::move(f));
  future<R> result(made);
  made->start();
  return result;
}

}  // namespace engine::detail

namespace engine {

template <class T> template <class F> auto future<T>::then(F f) && {
  auto next = [f = std::move(f)](state& source) mutable -> decltype(auto) {
    if constexpr (std::is_void_v<T>) {
      source.take();
      return f();
    } else {
      return f(source.take());
    }
  };
  using result = std::invoke_result_t<decltype(next)&, state&>;
  return detail::chain<typename detail::unwrapped<std::remove_cvref_t<result>>::type>(std::move(state_), std::move(next));
}

template <class T> template <class F> future<T> future<T>::on_error(F f) && {
  auto next = [f = std::move(f)](state& source) mutable -> T {
    if (!source.failed()) return source.take();
    if constexpr (std::is_void_v<std::invoke_result_t<F&, std::exception_ptr>>) {
      f(source.error());
      return source.take();
    } else {
      return f(source.error());
    }
  };
  return detail::chain<T>(std::move(state_), std::move(next));
}

}  // namespace engine
