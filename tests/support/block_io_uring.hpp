// Refuses io_uring to this process, as container runtimes and old kernels do: a seccomp filter whose answer is the caller's
// choice. There is no way back, so tests install it in a forked child.
#pragma once

#include <functional>

namespace engine::testing_support {

/// From now on io_uring_setup, _enter and _register fail with `error` (EPERM: a container; ENOSYS: an old kernel) in this process
/// and in all it starts. Returns 0 or an errno.
int block_io_uring(int error);

/// Runs `f` in a forked child under block_io_uring(); its result is the child's exit code, 200 if the filter could not be
/// installed and 201 if the child died.
int without_io_uring(int error, const std::function<int()>& f);

inline constexpr int no_filter = 200, child_died = 201;

}  // namespace engine::testing_support
