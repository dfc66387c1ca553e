// The ways to call, each written once for typed and dynamic proxies: waiting, asynchronously, without an answer, without exceptions. A
// call is what writes its request on a line; how it is sent and awaited is decided here.
#pragma once

#include <chrono>
#include <exception>
#include <expected>
#include <memory>
#include <type_traits>
#include <utility>

#include <engine/core/future.hpp>
#include <engine/object/core_calls.hpp>
#include <engine/object/error.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/replies.hpp>

namespace engine::detail {

/// Sends what `write` writes and waits for the answer; false: there is none to wait for. `early`: as of remote::acquire().
template <class Slot, class Write> bool ask(remote& to, time_point limit, std::uint16_t flags, Slot& answer, Write& write, bool early) {
  auto held = to.acquire(limit, early && !(flags & flag::oneway));
  const time_point deadline = limit == time_point::max() ? to.deadline() : limit;
  line on = to.on(deadline, flags);
  on.stays = true;
  const written request = to.write_early(held, deadline, [&] { return write(on); });
  if (request.oneway) to.dispatch(held, deadline);
  else to.exchange(held, answer, request.sequence, deadline, limit);
  return !request.oneway;
}

/// Calls `once(early)`, and again when the connection was lost or the time was up, as often as the proxy allows; and when its early request was
/// passed over.
template <class Once> auto with_retries(remote& to, Once& once) {
  bool early = true;
  for (int left = to.retries();; --left) {
    try {
      return once(early);
    } catch (const passed_over&) {
      if (!std::exchange(early, false)) throw;
      ++left;
    } catch (const connection_closed&) {
      if (left <= 0) throw;
    } catch (const timed_out&) {
      if (left <= 0) throw;
    }
  }
}

template <class R, class Write> R call_now(remote& to, time_limit limit, std::uint16_t flags, Write&& write) {
  const time_point until = limit ? remote::deadline_after(*limit) : time_point::max();
  auto once = [&](bool early) -> R {
    waiting_reply<R> answer(to);
    if (ask(to, until, flags, answer, write, early)) return answer.take();
    return R();
  };
  return with_retries(to, once);
}

/// Writes the request of a call, sends and announces it.
template <class R, class Write> void put_on_its_way(future_reply<R>& state, remote& to, remote::lock& held, line on, Write& write) {
  on.promise.keeps = is_proxy<R> && on.talk.keeps_results();
  const written request = write(on);
  if (request.oneway) {
    to.dispatch(held, state.deadline());
    if constexpr (std::is_void_v<R>) state.succeed();
    else state.succeed(R{});
    return;
  }
  state.add_reference_unseen();
  state.kept = on.promise.keeps;
  to.post(held, state, request.sequence, state.deadline());
}

template <class R, class Write> future<R> call_later(const std::shared_ptr<remote>& to, time_limit limit, Write&& write) {
  if (core* const here = core::current()) return call_on_core<R>(*here, *to, limit, write);
  future<R> result;
  remote::lock held = to->acquire_busy();
  auto* const state = new future_reply<R>(to, limit);
  result = future<R>(state);
  try {
    if (!held) held = to->acquire_patiently(limit ? state->deadline() : time_point::max());
  } catch (const unreachable&) {
    state->fail(std::current_exception());  // as if it had been lost on its way
    return result;
  }
  put_on_its_way(*state, *to, held, to->on(state->deadline(), 0, state->keep()), write);
  return result;
}

// ---- the styles: what a styled view of a proxy does with a call

struct waiting {
  time_limit limit{};
  template <class R, class Write> R call(const std::shared_ptr<remote>& to, Write&& write) const { return call_now<R>(*to, limit, 0, write); }
};
struct asynchronously {
  time_limit limit{};
  template <class R, class Write> future<R> call(const std::shared_ptr<remote>& to, Write&& write) const {
    return call_later<R>(to, limit, write);
  }
};
struct without_answer {
  time_limit limit{};
  template <class R, class Write> void call(const std::shared_ptr<remote>& to, Write&& write) const {
    if (core* const here = core::current()) return send_on_core(*here, *to, limit, write);
    call_now<R>(*to, limit, flag::oneway, write);
  }
};
struct attempting {
  time_limit limit{};
  template <class R, class Write> std::expected<R, failure> call(const std::shared_ptr<remote>& to, Write&& write) const {
    try {
      if constexpr (std::is_void_v<R>) {
        call_now<R>(*to, limit, 0, write);
        return {};
      } else {
        return call_now<R>(*to, limit, 0, write);
      }
    } catch (const std::exception&) {  // the caller's own classes are no engine::error
      return std::unexpected(failure(std::current_exception()));
    }
  }
};

}  // namespace engine::detail
