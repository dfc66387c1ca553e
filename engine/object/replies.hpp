// Answers of typed calls on plain threads: one that its caller waits for, on the caller's stack, and one behind a future.
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <engine/core/future.hpp>
#include <engine/object/autoproxy.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/remote_stream.hpp>
#include <engine/object/time_limit.hpp>

namespace engine {
template <class T> class proxy;
}

namespace engine::detail {

template <class T> inline constexpr bool is_proxy = false;
template <class T> inline constexpr bool is_proxy<proxy<T>> = true;

template <class R> struct owned_result { using type = std::remove_cvref_t<R>; };
template <> struct owned_result<std::string_view> { using type = std::string; };
/// Objects that travel by reference arrive as proxies.
template <by_reference T> struct owned_result<T> { using type = proxy<T>; };
template <by_reference T> struct owned_result<T*> { using type = proxy<T>; };
template <by_reference T> struct owned_result<std::shared_ptr<T>> { using type = proxy<T>; };
template <> struct owned_result<std::span<const std::byte>> { using type = bytes; };
/// What a caller gets for a method's return type: views become owners, because the frame does not stay.
template <class R> using result_type = typename owned_result<std::remove_cvref_t<R>>::type;

/// Reads a payload that is one value in a short form.
template <class R> bool read_plain_result(std::span<const std::byte> payload, R& result) {
  plain_msgpack in(payload);
  return in.take(result) && in.at_end();
}
inline bool read_plain_nothing(std::span<const std::byte> payload) {
  plain_msgpack in(payload);
  return in.none() && in.at_end();
}

/// The answer of a synchronous call, on the caller's stack.
template <class R> class waiting_reply final : public reply_slot {
 public:
  explicit waiting_reply(remote& r, incoming_context* heard = &answer_context()) : reply_slot(r.talk(), heard), of_(&r) {}
  /// For what cannot be a stream.
  explicit waiting_reply(conversation& c, incoming_context* heard) : reply_slot(c, heard) {}
  bool read_result(reader& in) override { return result_reader<R>::read(asked(), in, result_); }
  bool read_plainly(std::span<const std::byte> payload) override {
    if constexpr (plain_value<R>) return read_plain_result(payload, result_);
    else return false;
  }
  bool read_stream(std::string id) override { return of_ && result_reader<R>::open(*of_, asked(), std::move(id), result_); }
  void settle(std::exception_ptr error) override { error_ = std::move(error); }
  R take() {
    if (error_) std::rethrow_exception(error_);
    return std::move(result_);
  }

 private:
  remote* of_ = nullptr;
  R result_{};
  std::exception_ptr error_{};
};
template <> class waiting_reply<void> final : public reply_slot {
 public:
  explicit waiting_reply(remote& r, incoming_context* heard = &answer_context()) : reply_slot(r.talk(), heard) {}
  bool read_result(reader& in) override { return in.skip(); }
  bool read_plainly(std::span<const std::byte> payload) override { return read_plain_nothing(payload); }
  void settle(std::exception_ptr error) override { error_ = std::move(error); }
  void take() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_{};
};

/// An asynchronous call of a plain thread: driven by whoever waits, and asked again by it when the connection was lost or the time
/// was up and the proxy allows retries.
class pending_call : public reply_slot {
 public:
  pending_call(std::shared_ptr<remote> of, time_limit limit)
      : reply_slot(of->talk()), of_(std::move(of)), limit_(limit), deadline_(new_deadline()), tries_(of_->retries()) {
    if (tries_ > 0) [[unlikely]] kept_ = std::make_unique<prepared>();
  }
  time_point deadline() const { return deadline_; }
  /// Where the request is to be kept for another try, nullptr: nowhere.
  prepared* keep() const { return kept_.get(); }
  /// It cannot be asked again: what it is called upon went with the connection.
  void ask_once() {
    tries_ = 0;
    kept_.reset();
  }
  const std::shared_ptr<remote>& asked_of() const { return of_; }

 protected:
  /// Waits until it is concluded, or `until`.
  void await_answer(time_point until);
  /// Nobody wants the result any more.
  void forget();
  void ask_to_stop();
  /// The end, once: the result is read (nullptr) or will not come. Gives the channel's share back.
  virtual void conclude(std::exception_ptr) = 0;
  [[noreturn]] static void refuse_on_core();
  remote* from() const { return of_.get(); }

 private:
  void settle(std::exception_ptr) final;
  time_point new_deadline() const { return limit_ ? remote::deadline_after(*limit_) : of_->deadline(); }
  bool ask_again();

  std::shared_ptr<remote> of_;
  time_limit limit_;
  time_point deadline_;
  std::unique_ptr<prepared> kept_{};
  int tries_ = 0;           // left
  // With the remote's lock held:
  bool lost_ = false;       // to be asked again
  bool forgotten_ = false;
};

/// The answer of an asynchronous call: shared by the future and the channel.
template <class R> class future_reply final : public future_result<R>, public pending_call {
 public:
  future_reply(std::shared_ptr<remote> of, time_limit limit)
      : future_result<R>(kept_by::waiter), pending_call(std::move(of), limit) {}
  void wait_until(time_point until) override {
    if (!this->ready()) await_answer(until);
  }
  void abandon() override { forget(); }
  void cancel() override { ask_to_stop(); }
  void refuse_await() override { refuse_on_core(); }
  bool read_result(reader& in) override {
    if constexpr (std::is_void_v<R>) return in.skip();
    else return result_reader<R>::read(asked(), in, this->value_.emplace());
  }
  bool read_plainly(std::span<const std::byte> payload) override {
    if constexpr (std::is_void_v<R>) return read_plain_nothing(payload);
    else if constexpr (plain_value<R>) return read_plain_result(payload, this->value_.emplace());
    else return false;
  }
  bool read_stream(std::string id) override {
    if constexpr (std::is_void_v<R>) return false;
    else return from() && result_reader<R>::open(*from(), asked(), std::move(id), this->value_.emplace());
  }
  void conclude(std::exception_ptr error) override {
    if (error) this->fail(std::move(error));
    else this->finish();
    this->release();  // the channel's share
  }
};

}  // namespace engine::detail
