// See block_io_uring.hpp. Raw prctl(2) and classic BPF: no libseccomp needed.
#include "block_io_uring.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>

namespace engine::testing_support {

namespace {

#if defined(__x86_64__)
constexpr unsigned architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned architecture = AUDIT_ARCH_AARCH64;
#else
#error "name this architecture's audit number here"
#endif

constexpr unsigned short load = BPF_LD | BPF_W | BPF_ABS, equal = BPF_JMP | BPF_JEQ | BPF_K, answer = BPF_RET | BPF_K;

constexpr sock_filter filter(unsigned short code, unsigned value, unsigned char yes = 0, unsigned char no = 0) {
  return {code, yes, no, value};
}

}  // namespace

int block_io_uring(int error) {
  const std::array filters{
      filter(load, offsetof(seccomp_data, arch)),
      filter(equal, architecture, 0, 4),  // another architecture's numbers mean something else
      filter(load, offsetof(seccomp_data, nr)),
      filter(equal, __NR_io_uring_setup, 3, 0),
      filter(equal, __NR_io_uring_enter, 2, 0),
      filter(equal, __NR_io_uring_register, 1, 0),
      filter(answer, SECCOMP_RET_ALLOW),
      filter(answer, SECCOMP_RET_ERRNO | (static_cast<unsigned>(error) & SECCOMP_RET_DATA)),
  };
  const sock_fprog program{.len = static_cast<unsigned short>(filters.size()), .filter = const_cast<sock_filter*>(filters.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

int without_io_uring(int error, const std::function<int()>& f) {
  const pid_t child = ::fork();
  if (child < 0) return child_died;
  if (child == 0) {
    int result = no_filter;
    try {
      if (block_io_uring(error) == 0) result = f();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "without io_uring: %s\n", e.what());
      result = child_died;
    }
    std::fflush(nullptr);
    ::_exit(result);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : child_died;
}

}  // namespace engine::testing_support
