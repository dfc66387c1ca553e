// A fixed load from many connections: calls are due by the clock, `rate` a second in turns over all connections, whether or not earlier
// answers have come. The time of a call counts from when it was due. A client that only starts its next call when the last
// has ended would leave out just the calls that a stall delays ("coordinated omission"). The figure is the 99th percentile. This
// client polls, to be on time.
#pragma once

#include <sys/epoll.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <bench/common/measure.hpp>
#include <bench/common/socket.hpp>

namespace bench {

/// Caller: socket(), call(now) sends the request, receive() takes what is there and is true when the answer is complete.
template <class Caller> class steady_load {
 public:
  /// Settings: `rate` (calls a second), `warm`, `secs`. Lives no longer than the callers.
  steady_load(std::vector<std::unique_ptr<Caller>>& callers, const arguments& given)
      : lines_(callers.size()), period_(1e9 / given.number("rate", 20000)), warm_(given.number("warm", 0.2) * 1e9),
        calls_(static_cast<std::uint64_t>((warm_ + given.number("secs", 0.5) * 1e9) / period_) + 1) {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      lines_[i] = {.caller = callers[i].get(), .place = i};
      reset_on_close(callers[i]->socket());  // thousands of connections that linger would use the ports up
      epoll_event interest{.events = EPOLLIN, .data = {.ptr = &lines_[i]}};
      if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, callers[i]->socket(), &interest) != 0) fail("epoll_ctl");
    }
  }

  /// Runs it and prints the line. Throws std::runtime_error when the server is five seconds behind: then the load is no load below saturation.
  void run(std::uint64_t answer) {
    start_ = now_ns();
    while (answered_ < calls_) {
      send_what_is_due(now_ns());
      take_answers();
    }
    const double seconds = (static_cast<double>(last_ - start_) - warm_) / 1e9;
    char achieved[64];
    std::snprintf(achieved, sizeof achieved, R"(,"achieved_per_s":%.1f)", static_cast<double>(counted_) / seconds);
    print({.value = latencies_.percentile_us(0.99), .unit = "us", .answer = answer, .operations = counted_, .workload = "steady_load", .more = achieved}, &latencies_);
  }

 private:
  struct line {
    Caller* caller = nullptr;
    std::size_t place = 0;        ///< in the round: its calls are place, place + n, place + 2n …
    std::uint64_t answered = 0;   ///< of its calls
    std::uint64_t due = 0;        ///< of its calls, answered or not
  };

  std::uint64_t due_at(std::uint64_t call) const { return start_ + static_cast<std::uint64_t>(static_cast<double>(call) * period_); }

  void send_what_is_due(std::uint64_t now) {
    for (; due_ < calls_ && due_at(due_) <= now; ++due_) {
      line& next = lines_[due_ % lines_.size()];
      if (next.due++ == next.answered) next.caller->call(now);  // otherwise it leaves when the answer before it has come
    }
    if (now > due_at(answered_) + 5'000'000'000u) throw std::runtime_error("the server cannot keep up with the load");
  }

  void take_answers() {
    const int n = epoll_wait(epoll_.number(), events_.data(), static_cast<int>(events_.size()), 0);
    for (int i = 0; i < n; ++i) {
      line& ready = *static_cast<line*>(events_[static_cast<std::size_t>(i)].data.ptr);
      if (ready.caller->receive()) finished(ready);
    }
  }

  void finished(line& ready) {
    last_ = now_ns();
    const std::uint64_t due = due_at(ready.place + ready.answered++ * lines_.size());
    ++answered_;
    if (static_cast<double>(due - start_) >= warm_) {
      ++counted_;
      latencies_.add(last_ - due);
    }
    if (ready.due > ready.answered) ready.caller->call(last_);
  }

  descriptor epoll_{epoll_create1(EPOLL_CLOEXEC)};
  std::vector<line> lines_;
  std::vector<epoll_event> events_ = std::vector<epoll_event>(1024);
  double period_, warm_;  ///< nanoseconds
  std::uint64_t calls_, start_ = 0, last_ = 0, due_ = 0, answered_ = 0, counted_ = 0;
  latencies latencies_{};
};

}  // namespace bench
