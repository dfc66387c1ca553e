// Calls made on a core's own thread: started at once, awaited there. What they wait for is the core's own connection to the object.
// Mirror of replies.hpp, where threads wait.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <engine/core/future.hpp>
#include <engine/object/core_remote.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/replies.hpp>
#include <engine/object/remote_stream.hpp>

namespace engine {
struct hosting;
}

namespace engine::detail {

/// A call that a core makes and awaits: asked again when the connection was lost or the time was up and the proxy allows retries. Everything
/// happens on that core.
class core_call : public reply_slot {
 public:
  core_call(core& home, std::shared_ptr<remote> of, time_limit limit);
  /// Where its request is written, and kept for another try if need be.
  line on(std::uint16_t flags = 0);
  void expect(std::uint16_t sequence);
  /// It cannot be asked again: what it is called upon went with the connection.
  void ask_once() {
    tries_ = 0;
    kept_.reset();
  }
  const std::shared_ptr<remote>& asked_of() const { return of_; }
  const core& made_on() const { return *home_; }
  /// The daemon whose method has made it, nullptr: nobody's, or not known.
  const hosting* made_for() const { return made_for_; }
  /// It fails now, whatever is still to come. On its core.
  void give_up(std::exception_ptr why);
  virtual future_state& as_state() = 0;

 protected:
  /// The end, once: the result is read (nullptr) or will not come. Gives the channel's share back.
  virtual void conclude(std::exception_ptr) = 0;
  /// Nobody wants the result: no more tries. Any thread.
  void forget() { forgotten_ = true; }
  /// Any thread; `me` is this call's state.
  void ask_to_stop(future_state& me);
  remote& from() const { return *of_; }
  core& home() const { return *home_; }
  [[noreturn]] static void refuse_on_core();

 private:
  void settle(std::exception_ptr) final;
  void end(std::exception_ptr);
  void ask_to_stop_here();
  void ask_again();
  time_point new_deadline() const;

  core* home_;
  std::shared_ptr<remote> of_;
  time_limit limit_;
  time_point deadline_;
  std::unique_ptr<prepared> kept_{};
  int tries_;  // left
  const hosting* made_for_;
  bool given_up_ = false;
  std::atomic<bool> forgotten_{false};
};

/// The answer, shared by the future and the channel.
template <class R> class core_reply final : public future_result<R>, public core_call {
 public:
  core_reply(core& home, std::shared_ptr<remote> of, time_limit limit)
      : future_result<R>(kept_by::its_core, &home), core_call(home, std::move(of), limit) {}
  void refuse_wait() const override { refuse_on_core(); }
  void abandon() override { forget(); }
  void cancel() override { ask_to_stop(*this); }
  future_state& as_state() override { return *this; }
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
    else return result_reader<R>::open(from(), asked(), std::move(id), this->value_.emplace());
  }
  void conclude(std::exception_ptr error) override {
    if (error) this->fail(std::move(error));
    else this->finish();
    this->release();  // the channel's share
  }
};

inline time_point deadline_on_core(core& here, const remote& to, time_limit limit) {
  const std::chrono::milliseconds most = limit.value_or(to.timeout());
  return most.count() > 0 ? here.io().now() + most : time_point::max();
}

/// Writes the request of a call and announces it.
template <class R, class Write> void put_on_its_way(core_reply<R>& state, line on, Write& write) {
  on.promise.keeps = is_proxy<R> && on.talk.keeps_results();
  const written request = write(on);
  if (request.oneway) {
    if constexpr (std::is_void_v<R>) state.succeed();
    else state.succeed(R{});
    return;
  }
  state.add_reference_unseen();
  state.kept = on.promise.keeps;
  state.expect(request.sequence);
}

template <class R, class Write>
future<R> call_on_core(core& here, remote& to, time_limit limit, Write& write) {
  auto* state = new core_reply<R>(here, to.shared_from_this(), limit);
  future<R> result(state);
  put_on_its_way(*state, state->on(), write);
  return result;
}

template <class Write> void send_on_core(core& here, remote& to, time_limit limit, Write& write) {
  write(core_remote::of(here, to).on(deadline_on_core(here, to, limit), flag::oneway));
}

}  // namespace engine::detail
