// Calls upon an object that is not there yet: what an asynchronous call will return as a proxy can be called at once, in the same round trip
// and over the same connection (promise pipelining).
//
//   auto file = engine::async(directory).open("notes");          // future<proxy<File>>
//   auto text = engine::pipelined(file).read(0, 100);            // future<std::string>, on its way with the first
//   auto size = engine::pipelined(engine::pipelined(file).parent()).size();   // chains of any length
//
// A daemon of ours runs the second call when the first has ended, without holding up the connection's other calls. Where that cannot be (a
// Python server, an older one of ours, a connection that a core has not opened yet, a future of then()) the second call waits here and is made
// on the proxy that came, as then() would do: the same results, a round trip more.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <engine/object/proxy.hpp>

namespace engine {

namespace detail {

/// What a call keeps of an argument until it can be made: views are copied, exposed objects are referred to.
template <class A> struct kept_argument {
  using plain = std::remove_cvref_t<A>;
  using type = std::conditional_t<std::is_convertible_v<const plain&, std::string_view>, std::string,
               std::conditional_t<std::same_as<plain, std::span<const std::byte>>, bytes,
               std::conditional_t<by_reference<plain>, const plain&, std::decay_t<A>>>>;
};

/// One future taken apart into two of the same result. Whoever waits drives the first for both.
template <class P> class forked {
 public:
  explicit forked(state_pointer<future_result<P>> source) : source_(std::move(source)) {}

  /// Whether it is known before `until`.
  bool wait_until(time_point until) {
    std::unique_lock lock(mutex_, std::defer_lock);
    if (until == time_point::max()) lock.lock();
    else if (!lock.try_lock_until(until)) return false;
    if (!source_->ready()) source_->wait_until(until);
    if (source_->ready()) learn();
    return source_->ready();
  }
  void tell(future_result<P>& to) const {
    if (error_) to.fail(error_);
    else to.succeed(*result_);
  }
  future_result<P>& source() { return *source_; }
  void learn() {
    if (result_ || error_) return;
    try {
      result_.emplace(source_->take());
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  void one_less() {
    if (--wanted_ == 0) source_->abandon();
  }

 private:
  std::timed_mutex mutex_;
  std::optional<P> result_{};
  std::exception_ptr error_{};
  std::atomic<int> wanted_{2};
  state_pointer<future_result<P>> source_;
};

/// One of the two.
template <class P> class prong final : public future_result<P> {
 public:
  explicit prong(std::shared_ptr<forked<P>> of) : future_result<P>(of->source().keeper(), of->source().made_on()), of_(std::move(of)) {}
  void wait_until(time_point until) override {
    if (this->keeper() != kept_by::waiter) return future_state::wait_until(until);
    if (!this->ready() && of_->wait_until(until)) of_->tell(*this);
  }
  void abandon() override { of_->one_less(); }
  void cancel() override { of_->source().cancel(); }
  void refuse_await() override { of_->source().refuse_await(); }
  void refuse_wait() const override { of_->source().refuse_wait(); }

 private:
  std::shared_ptr<forked<P>> of_;
};

/// Tells the two, where somebody else makes the first one ready. Destroys itself then.
template <class P> class fork_point final : private continuation {
 public:
  static void follow(std::shared_ptr<forked<P>> of, prong<P>& one, prong<P>& other) {
    auto* const self = new fork_point(std::move(of), one, other);
    if (!self->of_->source().go_on_later(*self)) self->source_ready();
  }

 private:
  fork_point(std::shared_ptr<forked<P>> of, prong<P>& one, prong<P>& other) : of_(std::move(of)), one_(&one), other_(&other) {
    one.add_reference();
    other.add_reference();
  }
  void source_ready() override {
    of_->learn();
    of_->tell(*one_);
    of_->tell(*other_);
    delete this;
  }
  std::shared_ptr<forked<P>> of_;
  state_pointer<prong<P>> one_, other_;
};

template <class P> std::pair<future<P>, future<P>> fork(state_pointer<future_result<P>> source) {
  const auto shared = std::make_shared<forked<P>>(std::move(source));
  auto* const one = new prong<P>(shared);
  future<P> first(one);
  auto* const other = new prong<P>(shared);
  future<P> second(other);
  if (one->keeper() != kept_by::waiter) fork_point<P>::follow(shared, *one, *other);
  return {std::move(first), std::move(second)};
}

/// Puts a call upon the result of that one on its way, on a plain thread; nullopt: it cannot be pipelined.
template <class R, class Write> std::optional<future<R>> call_upon(pending_call& earlier, std::uint16_t flags, Write& write) {
  const std::shared_ptr<remote> to = earlier.asked_of();
  auto* const state = new future_reply<R>(to, std::nullopt);
  future<R> result(state);
  state->ask_once();
  auto held = to->locked();
  if (earlier.done() || !earlier.kept) return std::nullopt;  // not done: its connection is the present one
  line on = to->on(state->deadline(), flags);
  on.promise = {.upon = true, .sequence = earlier.sequence()};
  put_on_its_way(*state, *to, held, on, write);
  return result;
}
/// The same on a core.
template <class R, class Write> std::optional<future<R>> call_upon(core_call& earlier, core& here, std::uint16_t flags, Write& write) {
  const std::shared_ptr<remote> to = earlier.asked_of();
  if (&earlier.made_on() != &here || earlier.done() || !earlier.kept || !core_remote::of(here, *to).connected()) return std::nullopt;
  auto* const state = new core_reply<R>(here, to, std::nullopt);
  future<R> result(state);
  state->ask_once();
  line on = state->on(flags);
  on.promise = {.upon = true, .sequence = earlier.sequence()};
  put_on_its_way(*state, on, write);
  return result;
}
template <class R, class Write> std::optional<future<R>> call_upon(future_state& earlier, std::uint16_t flags, Write& write) {
  if (earlier.ready()) return std::nullopt;
  core* const here = core::current();
  if (auto* const call = dynamic_cast<core_call*>(&earlier); call && here) return call_upon<R>(*call, *here, flags, write);
  if (auto* const call = dynamic_cast<pending_call*>(&earlier); call && !here) return call_upon<R>(*call, flags, write);
  return std::nullopt;
}

struct future_access {
  template <class T> static state_pointer<future_result<T>>& state_of(future<T>& f) { return f.state_; }
};

}  // namespace detail

/// A view of the object that a future will give, with T's methods, each returning a future. Made by pipelined(), for one call.
template <class T> class upon : public detail::stub_of<T, upon<T>> {
 public:
  explicit upon(future<proxy<T>>& f) : of_(&f) {}
  explicit upon(future<proxy<T>>&& f) : own_(std::move(f)), of_(&own_) {}
  upon(const upon&) = delete;
  upon& operator=(const upon&) = delete;

  template <auto Member, class... A> auto engine_call_(A&&... a) {
    using shape = detail::call_shape<T, Member>;
    using R = detail::call_result<T, Member, sizeof...(A)>;
    if constexpr (shape::pointer::is_method) static_assert(!shape::pointer::parameters::storage::blob, "a serialized_blob cannot be pipelined");
    constexpr std::uint16_t flags = shape::said.oneway ? flag::oneway : std::uint16_t{0};
    auto write = [&](const detail::line& on) { return detail::write_call<T, Member>(on, a...); };
    auto& state = detail::future_access::state_of(*of_);
    if (!state) throw error("this future refers to no result");
    if (auto sent = detail::call_upon<R>(*state, flags, write)) return std::move(*sent);
    if (state->ready() && !state->failed()) {
      const proxy<T> there = take_and_leave();
      return detail::call_later<R>(detail::proxy_access::of(there), {}, write);
    }
    using kept = std::tuple<typename detail::kept_argument<A>::type...>;
    return when_there().then([arguments = kept(std::forward<A>(a)...)](proxy<T> p) mutable {
      return std::apply([&](auto&... each) {
        return detail::call_later<R>(detail::proxy_access::of(p), {}, [&](const detail::line& on) { return detail::write_call<T, Member>(on, each...); });
      }, arguments);
    });
  }

 private:
  proxy<T> take_and_leave() {
    promise<proxy<T>> again;
    const proxy<T> there = of_->get();
    again.succeed(there);
    *of_ = again.get_future();
    return there;
  }
  /// Another future of the same proxy; the first stays as it was for its owner.
  future<proxy<T>> when_there() {
    auto both = detail::fork<proxy<T>>(std::move(detail::future_access::state_of(*of_)));
    *of_ = std::move(both.first);
    return std::move(both.second);
  }
  future<proxy<T>> own_{};
  future<proxy<T>>* of_;
};

/// What `f` will give, to be called before it is there; `f` itself stays and gives its proxy. Errors of the first call are those of the second.
/// The first call's result must be an object that its daemon exposes: for a proxy of somewhere else, or the 65th result that a connection keeps
/// unanswered, a daemon of ours refuses the second with unwelcome daemon_error; it has not run then. A call upon a result is not
/// repeated when the connection is lost, whatever max_retries says: it throws connection_closed. Limits of time are the first proxy's.
/// The view is for the expression it is made in. On the thread, or the core, of the first call.
template <class T> upon<T> pipelined(future<proxy<T>>& f) { return upon<T>(f); }
template <class T> upon<T> pipelined(future<proxy<T>>&& f) { return upon<T>(std::move(f)); }

}  // namespace engine
