// What a steady call may cost in system calls and in copies of large values, for each style of calling and on both sides: the tables. Heap allocations
// are exact and stand in allocations_test and allocations_by_style_test, copies into the very memory of a method in copies_test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engine::test {

/// System calls for so many units at most. Where units share them (a send for many calls, a receive for many answers) the figure holds on a busy
/// machine too, where fewer come together than on an idle one.
struct call_budget {
  std::string_view style;
  std::size_t units;  ///< calls, entries, items or blobs that are made to be counted
  std::uint64_t client, uring, epoll;  ///< of the client, and of a server's core with io_uring and with epoll
};

inline constexpr call_budget call_budgets[] = {
    // The client: is the connection still good, send, try to receive twice, sleep, receive, or fewer when the answer is quick. The server with io_uring:
    // submit the answer and wait, collect the send's own completion, and once more when work was deferred; with epoll: wait, receive, send, and perhaps
    // look for more in vain before and after.
    {"sync", 1000, 6100, 3200, 5200},
    {"lookup", 1000, 6100, 3200, 5200},
    {"pipelined", 10'000, 700, 600, 800},     // in bursts of a hundred
    {"oneway", 10'000, 500, 500, 500},
    {"batched", 10'000, 610, 320, 520},       // a hundred in each: one call's for a batch
    {"stream", 100'000, 800, 400, 600},       // one call's for a window, of a thousand items in the end
    // A megabyte: how much fits into a socket at once is the kernel's to say, and how much of it has come when somebody looks depends on what else runs;
    // the budget is pieces of some forty kilobytes.
    {"blob_up", 50, 2500, 600, 2500},
    {"blob_down", 50, 2500, 800, 2500},
};

constexpr const call_budget& budget_of(std::string_view style) {
  for (const call_budget& each : call_budgets)
    if (each.style == style) return each;
  throw "no such style";
}

/// How often each large value is copied at most, not counting what of it arrives together with its header.
struct copy_budget {
  std::string_view style;
  std::size_t client, server;
};

inline constexpr copy_budget copy_budgets[] = {
    {"sync", 0, 0},
    {"results", 1, 1},             // into the vector; of a view, which the method may change afterwards
    {"results given away", 1, 0},
    {"pipelined", 1, 0},           // the caller may change it before it leaves
    {"pipelined results", 1, 1},
    {"oneway", 0, 0},
    {"batched", 2, 0},             // into the entries, and behind their header
    {"batched results", 1, 1},
    {"stream", 0, 2},              // seen where they were received; of views into the answer, which is kept until it is asked for
};

constexpr const copy_budget& copy_budget_of(std::string_view style) {
  for (const copy_budget& each : copy_budgets)
    if (each.style == style) return each;
  throw "no such style";
}

}  // namespace engine::test
