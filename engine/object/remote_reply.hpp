// Answers on their way to a typed result: of a synchronous call, on the caller's stack; of an asynchronous one, shared by its future
// and the connection.
#pragma once

#include <engine/core/future.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/remote_stream.hpp>

namespace engine::detail {

/// The answer of a synchronous call, on the caller's stack.
template <class R> class waiting_reply final : public reply_slot {
 public:
  using reply_slot::reply_slot;
  bool read_result(reader& in) override { return result_reader<R>::read(in, result_); }
  bool read_stream(std::string id) override { return result_reader<R>::open(asked(), std::move(id), result_); }
  void settle(std::exception_ptr error) override { error_ = std::move(error); }
  R take() {
    if (error_) std::rethrow_exception(error_);
    return std::move(result_);
  }

 private:
  R result_{};
  std::exception_ptr error_{};
};
template <> class waiting_reply<void> final : public reply_slot {
 public:
  using reply_slot::reply_slot;
  bool read_result(reader& in) override { return in.skip(); }
  void settle(std::exception_ptr error) override { error_ = std::move(error); }
  void take() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_{};
};

/// The answer of an asynchronous call: shared by the future and the channel, driven by whoever waits.
template <class R> class future_reply final : public future_result<R>, public reply_slot {
 public:
  future_reply(std::shared_ptr<remote> r, time_point deadline)
      : future_result<R>(true), reply_slot(*r), of_(std::move(r)), deadline_(deadline) {}
  void wait_until(time_point until) override {
    if (this->ready()) return;
    if (until < deadline_) {
      of_->drive(*this, until);
    } else {
      of_->drive_or_fail(*this, deadline_);
    }
  }
  // Else the two would keep each other: the connection this answer, and this the connection.
  void abandon() override { of_.reset(); }
  bool read_result(reader& in) override {
    if constexpr (std::is_void_v<R>) return in.skip();
    else return result_reader<R>::read(in, this->value_.emplace());
  }
  bool read_stream(std::string id) override {
    if constexpr (std::is_void_v<R>) return false;
    else return result_reader<R>::open(asked(), std::move(id), this->value_.emplace());
  }
  void settle(std::exception_ptr error) override {
    if (error) this->fail(std::move(error));
    else this->finish();
    this->release();  // the channel's share
  }

 private:
  std::shared_ptr<remote> of_;
  time_point deadline_;
};

}  // namespace engine::detail
