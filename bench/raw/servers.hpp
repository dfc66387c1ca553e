// The ways in which raw_server serves what it listens to, each in a file of its own. None of them comes back.
#pragma once

#include <cstddef>

#include <bench/common/socket.hpp>

namespace bench {

inline constexpr std::size_t receive_size = 64 * 1024;  // 256 KB would halve the rate: it does not stay in the L2 cache

/// A thread per connection that sleeps in recv.
[[noreturn]] void serve_blocking(const descriptor& listening);
/// So many threads with an epoll each; the first one accepts, for all of them in turns. `spin`: they poll and never sleep.
[[noreturn]] void serve_epoll(const descriptor& listening, std::size_t threads, bool spin);
/// One thread with an io_uring. `spin`: it never sleeps. Fetches are not served; throws as try_uring() does.
[[noreturn]] void serve_uring(const descriptor& listening, bool spin);
/// Throws std::system_error where the kernel has no io_uring that serve_uring() can use: some containers forbid it.
void try_uring();

}  // namespace bench
