// Calls made on a core's own thread: started at once, awaited there. What they wait for is the core's own connection to the object.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <engine/core/future.hpp>
#include <engine/object/core_remote.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/remote_stream.hpp>

namespace engine::detail {

/// The answer, shared by the future and the channel.
template <class R> class core_reply final : public future_result<R>, public reply_slot {
 public:
  core_reply(core& home, std::shared_ptr<remote> of, conversation& c)
      : future_result<R>(kept_by::its_core), reply_slot(c), home_(&home), of_(std::move(of)) {}
  void wait_until(time_point until) override {
    if (!this->ready() && core::current() == home_)
      throw would_block("on a core's own thread the answer would wait for itself: co_await the future there");
    future_state::wait_until(until);
  }
  void cancel() override {
    if (core::current() == home_) return core_remote::of(*home_, *of_).cancel(*this);
    this->add_reference();
    const bool there = home_->door()->post([this] {
      cancel();
      this->release();
    });
    if (!there) this->release();
  }
  bool read_result(reader& in) override {
    if constexpr (std::is_void_v<R>) return in.skip();
    else return result_reader<R>::read(asked(), in, this->value_.emplace());
  }
  bool read_stream(std::string id) override {
    if constexpr (std::is_void_v<R>) return false;
    else return result_reader<R>::open(*of_, asked(), std::move(id), this->value_.emplace());
  }
  void settle(std::exception_ptr error) override {
    if (error) this->fail(std::move(error));
    else this->finish();
    this->release();  // the channel's share
  }

 private:
  core* home_;
  std::shared_ptr<remote> of_;
};

inline time_point deadline_on_core(core& here, const remote& to, const std::optional<std::chrono::milliseconds>& limit) {
  const std::chrono::milliseconds most = limit.value_or(to.timeout());
  return most.count() > 0 ? here.io().now() + most : time_point::max();
}

template <class R, class Write>
future<R> call_on_core(core& here, remote& to, const std::optional<std::chrono::milliseconds>& limit, Write& write) {
  core_remote& at = core_remote::of(here, to);
  const time_point deadline = deadline_on_core(here, to, limit);
  const written request = write(at.on(deadline, 0));
  auto* state = new core_reply<R>(here, to.shared_from_this(), at.talk());
  future<R> result(state);
  if (request.oneway) {
    if constexpr (std::is_void_v<R>) state->succeed();
    else state->succeed(R{});
  } else {
    state->add_reference();
    at.expect(*state, request.sequence, deadline);
  }
  return result;
}

template <class Write> void send_on_core(core& here, remote& to, const std::optional<std::chrono::milliseconds>& limit, Write& write) {
  write(core_remote::of(here, to).on(deadline_on_core(here, to, limit), flag::oneway));
}

}  // namespace engine::detail
