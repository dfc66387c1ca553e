// Requests that are not answered at once: on another core, on a side thread, or by a coroutine that suspends. What one of them needs to
// travel, and how many of a connection's are on their way.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/output.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/promises.hpp>
#include <engine/object/session.hpp>

namespace engine {

/// A request that is not answered at once. It may borrow the frame, if its connection waits for it, or own a copy.
struct served_apart {
  served_apart(const frame& f, session& s, verdict place) : request(f), how(place), from((s.keep(), s)) { from.cancelled = &cancelled; }
  served_apart(const served_apart&) = delete;
  served_apart& operator=(const served_apart&) = delete;
  void own_the_frame() {
    annotations.assign(request.annotations.bytes().begin(), request.annotations.bytes().end());
    payload.assign(request.payload.begin(), request.payload.end());
    request.annotations = annotation_view(annotations, request.protocol);
    request.payload = payload;
  }
  std::vector<std::byte> annotations{}, payload{};
  frame request;
  verdict how;
  session from;  // a copy: it may be used on another thread, and the connection's own goes on
  detail::cancellation cancelled{};
  output answer{};
  verdict outcome = verdict::keep;
  bool kept = false;                  // its result is
  std::coroutine_handle<> waiting{};  // who brought it to another core
  bool brought = false;               // it has begun on another core
  bool unfinished = false;            // … and comes back without its answer: it has only begun there

  /// co_await: until finished().
  auto finish() {
    struct awaiter {
      served_apart& call;
      bool await_ready() const { return !call.unfinished; }
      void await_suspend(std::coroutine_handle<> h) { call.waiting = h; }
      void await_resume() const {}
    };
    return awaiter{*this};
  }
  void finished() {
    unfinished = false;
    if (waiting) std::exchange(waiting, nullptr).resume();
  }
};

/// The calls of a connection that are served behind its back.
struct calls_under_way {
  static constexpr std::size_t most = 1024;
  std::size_t count = 0;
  std::vector<served_apart*> running{};
  bool side_busy = false;                          // one of them is on a side thread, …
  std::deque<std::coroutine_handle<>> for_side{};  // … and these follow it there, in order
  std::coroutine_handle<> waiting{};
  std::size_t wanted = 0;  // who waits does so for no more than this
  std::unique_ptr<kept_results> promises{};  // what results are kept for calls upon them; made when first asked for
  kept_results& kept() {
    if (!promises) promises = std::make_unique<kept_results>();
    return *promises;
  }

  void enter(served_apart& call) {
    ++count;
    running.push_back(&call);
  }
  void leave(served_apart& call) { std::erase(running, &call); }  // then one_less()
  /// The caller does not want that answer any more; without a number: any.
  void cancel(std::optional<std::uint16_t> sequence = {}) {
    for (served_apart* const each : running)
      if (!sequence || each->request.sequence == *sequence) each->cancelled.request();
  }

  /// co_await at_most(n): until no more than n calls are under way.
  auto at_most(std::size_t n) {
    struct awaiter {
      calls_under_way& all;
      std::size_t n;
      bool await_ready() const { return all.count <= n; }
      void await_suspend(std::coroutine_handle<> h) {
        all.waiting = h;
        all.wanted = n;
      }
      void await_resume() const {}
    };
    return awaiter{*this, n};
  }
  void one_less() {
    if (--count <= wanted && waiting) std::exchange(waiting, nullptr).resume();
  }
  /// co_await side_turn(): until it is its turn among the connection's blocking calls; then leave_side().
  auto side_turn() {
    struct awaiter {
      calls_under_way& all;
      bool await_ready() const { return !std::exchange(all.side_busy, true); }
      void await_suspend(std::coroutine_handle<> h) { all.for_side.push_back(h); }
      void await_resume() const {}
    };
    return awaiter{*this};
  }
  void leave_side() {
    if (for_side.empty()) {
      side_busy = false;
      return;
    }
    const auto next = for_side.front();
    for_side.pop_front();
    next.resume();
  }
};

}  // namespace engine
