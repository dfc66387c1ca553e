// without_io_uring [--enosys] COMMAND …: runs a command to which the kernel refuses io_uring (EPERM, as in a container; ENOSYS, as
// on an old kernel), so that whole test programs can show that they work on epoll.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "block_io_uring.hpp"

int main(int count, char** arguments) {
  int first = 1, error = EPERM;
  if (count > 1 && std::string_view(arguments[1]) == "--enosys") {
    error = ENOSYS;
    ++first;
  }
  if (first >= count) {
    std::fprintf(stderr, "usage: %s [--enosys] command [argument …]\n", arguments[0]);
    return 2;
  }
  if (const int failed = engine::testing_support::block_io_uring(error); failed != 0) {
    std::fprintf(stderr, "%s: no seccomp filter: %s\n", arguments[0], std::strerror(failed));
    return 77;  // meson: skipped
  }
  ::execvp(arguments[first], arguments + first);
  std::fprintf(stderr, "%s: %s: %s\n", arguments[0], arguments[first], std::strerror(errno));
  return 127;
}
