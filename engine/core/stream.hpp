// A sequence produced item by item, when asked: the return type of a coroutine that says co_yield, and what a caller iterates over,
// wherever the items are made. On a core: while (auto item = co_await items.next()). On a plain thread: for (auto& item : items).
//
//   engine::stream<quote> Market::quotes(std::string symbol) {
//     for (;;) co_yield co_await next_quote(symbol);
//   }
//
// The body runs only while somebody asks for the next item. Parameters outlive the call, so they are taken by value.
#pragma once

#include <coroutine>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <utility>

#include <engine/core/recycled.hpp>

namespace engine {

/// Where the items of a stream come from. One pull at a time.
template <class T> class stream_source : public detail::recycled {
 public:
  virtual ~stream_source() = default;
  /// Begins to bring the next item, unless that is under way. True: it is here, or the end or a failure is.
  virtual bool pull() = 0;
  /// Resumes the coroutine when what pull() began is here; only after it said false.
  virtual void resume_when_pulled(std::coroutine_handle<>) = 0;
  /// Waits for it on a plain thread.
  virtual void wait_pulled() = 0;
  /// The item that is here, nullopt at the end; throws what the producer threw. Once per pull.
  virtual std::optional<T> take() = 0;
  /// Nobody will take what pull() began: who waits may be resumed before anything comes.
  virtual void give_up() {}
};

/// Move-only; one consumer at a time. Destroying it ends the producer: its locals are destroyed where it stands. (A producer that
/// is waiting for something itself goes on to its next co_yield first.)
template <class T> class [[nodiscard]] stream {
 public:
  using value_type = T;
  struct promise_type;

  stream() = default;
  explicit stream(std::unique_ptr<stream_source<T>> source) : source_(std::move(source)) {}
  stream(stream&&) noexcept = default;
  stream& operator=(stream&&) noexcept = default;

  explicit operator bool() const { return source_ != nullptr; }
  stream_source<T>& source() { return *source_; }
  /// For what takes its parameters as constants and passes the items on (engine/object/stream_argument.hpp): this stream is empty afterwards.
  std::unique_ptr<stream_source<T>> give_away() const { return std::move(source_); }

  /// co_await next(): the next item, nullopt at the end (and from then on). Throws what the producer threw. On a core.
  auto next() {
    struct awaiter {
      stream_source<T>* from;
      bool await_ready() { return !from || from->pull(); }
      void await_suspend(std::coroutine_handle<> waiting) { from->resume_when_pulled(waiting); }
      std::optional<T> await_resume() { return from ? from->take() : std::nullopt; }
    };
    return awaiter{source_.get()};
  }

  /// The next item, waiting for it on a plain thread; nullopt at the end. Throws what the producer threw.
  std::optional<T> get() {
    if (!source_) return std::nullopt;
    if (!source_->pull()) source_->wait_pulled();
    return source_->take();
  }

  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    explicit iterator(stream& of) : of_(&of), item_(of.get()) {}
    T& operator*() const { return *item_; }
    T* operator->() const { return &*item_; }
    iterator& operator++() {
      item_ = of_->get();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !item_; }

   private:
    stream* of_;
    mutable std::optional<T> item_;
  };
  /// Once: a stream is not rewound.
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  mutable std::unique_ptr<stream_source<T>> source_{};
};

template <class T> struct stream<T>::promise_type : detail::recycled {
  // Declared, so that this is no aggregate: a coroutine would make it from parameters that convert to an item.
  promise_type() = default;

  std::optional<T> item{};
  std::exception_ptr error{};
  std::coroutine_handle<> consumer = std::noop_coroutine();
  bool running = false;

  /// Hands control to whoever waits for the item.
  struct hand_over {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> producer) noexcept {
      producer.promise().running = false;
      return std::exchange(producer.promise().consumer, std::noop_coroutine());
    }
    void await_resume() const noexcept {}
  };

  stream get_return_object();
  std::suspend_always initial_suspend() noexcept { return {}; }
  hand_over final_suspend() noexcept { return {}; }
  template <class U> hand_over yield_value(U&& made) {
    item.emplace(std::forward<U>(made));
    return {};
  }
  void return_void() noexcept {}
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

namespace detail {

/// Items made by a coroutine.
template <class T> class coroutine_source final : public stream_source<T> {
 public:
  using promise = typename stream<T>::promise_type;
  using handle = std::coroutine_handle<promise>;

  explicit coroutine_source(handle h) : made_by_(h) {}
  coroutine_source(const coroutine_source&) = delete;
  coroutine_source& operator=(const coroutine_source&) = delete;
  ~coroutine_source() override {
    if (made_by_.promise().running) {
      // It waits for something that will resume it: let it come to its next item, and end there.
      made_by_.promise().consumer = ending::of(made_by_).self;
    } else {
      made_by_.destroy();
    }
  }

  bool pull() override {
    promise& p = made_by_.promise();
    if (p.running) return false;
    if (made_by_.done() || p.item) return true;
    p.running = true;
    made_by_.resume();
    return !p.running;
  }
  void resume_when_pulled(std::coroutine_handle<> waiting) override { made_by_.promise().consumer = waiting; }
  [[noreturn]] void wait_pulled() override {
    throw std::logic_error("this stream waits for something on its core: take its items there, with co_await next()");
  }
  std::optional<T> take() override {
    promise& p = made_by_.promise();
    if (p.error) std::rethrow_exception(std::exchange(p.error, nullptr));
    return std::exchange(p.item, std::nullopt);
  }

 private:
  /// Destroys the producer when control comes to it, and itself.
  struct ending {
    struct promise_type {
      ending get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
    };
    static ending of(handle producer) {
      producer.destroy();
      co_return;
    }
    std::coroutine_handle<promise_type> self;
  };

  handle made_by_;
};

}  // namespace detail

template <class T> stream<T> stream<T>::promise_type::get_return_object() {
  return stream<T>(std::make_unique<detail::coroutine_source<T>>(std::coroutine_handle<promise_type>::from_promise(*this)));
}

/// The items of a range as a stream; the range is kept as long.
template <std::ranges::input_range Range> stream<std::ranges::range_value_t<Range>> stream_of(Range items) {
  for (auto&& item : items) co_yield std::forward<decltype(item)>(item);
}
/// The items from `first` to `last`; what they point into must live as long.
template <std::input_iterator Iterator, std::sentinel_for<Iterator> Sentinel>
stream<std::iter_value_t<Iterator>> stream_of(Iterator first, Sentinel last) {
  for (; first != last; ++first) co_yield *first;
}

}  // namespace engine
