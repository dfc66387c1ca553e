// Tries io_uring, else epoll, and says which and why in one line (DESIGN §2.4).
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include <engine/io/backend.hpp>
#include <engine/io/uring.hpp>

namespace engine {

namespace {

std::string first_word(const char* file) {
  std::ifstream in(file);
  std::string word;
  in >> word;
  return word;
}

bool under_seccomp() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("Seccomp:")) return line.find('0') == std::string::npos;
  return false;
}

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "unknown";
}

// The likely cause in words a user can act on.
std::string likely_cause(int code) {
  const std::string disabled = first_word("/proc/sys/kernel/io_uring_disabled");
  if ((code == EPERM || code == EACCES) && !disabled.empty() && disabled != "0")
    return "sysctl kernel.io_uring_disabled is " + disabled;
  if (under_seccomp()) return "a seccomp filter refuses it, as container runtimes do by default";
  if (code == ENOSYS || code == EINVAL) return "kernel " + kernel_release() + " is too old, 6.1 or newer is wanted";
  if (code == ENOMEM) return "locked or control-group memory is exhausted: see ulimit -l";
  return "kernel " + kernel_release();
}

bool means_unavailable(int code) {
  constexpr std::array codes{ENOSYS, EPERM, EACCES, EINVAL, ENOMEM, EOPNOTSUPP};
  return std::ranges::find(codes, code) != codes.end();
}

std::expected<backend_choice, io_error> overridden(backend_choice choice) {
  const char* said = std::getenv("ENGINE_BACKEND");
  const std::string name = said ? said : "";
  if (name.empty()) return choice;
  if (name == "auto") return backend_choice::automatic;
  if (name == "io_uring" || name == "uring") return backend_choice::uring;
  if (name == "epoll") return backend_choice::epoll;
  return std::unexpected(io_error{EINVAL, "ENGINE_BACKEND (io_uring, epoll or auto)"});
}

std::expected<chosen_backend, io_error> use_epoll(buffer_pool& pool, std::string why) {
  auto made = make_epoll_backend(pool);
  if (!made) return std::unexpected(made.error());
  return chosen_backend{std::move(*made), std::move(why)};
}

}  // namespace

std::expected<chosen_backend, io_error> choose_backend(const backend_options& options, buffer_pool& pool) {
  const auto choice = overridden(options.choice);
  if (!choice) return std::unexpected(choice.error());
  if (*choice == backend_choice::epoll) return use_epoll(pool, "io: epoll, as asked for");
  auto ring = make_uring_backend(pool);
  if (ring) {
    const std::string flags = static_cast<uring_backend&>(**ring).flags();
    return chosen_backend{std::move(*ring), "io: io_uring (" + flags + "), kernel " + kernel_release()};
  }
  const io_error refused = ring.error();
  if (*choice == backend_choice::uring || !means_unavailable(refused.code)) return std::unexpected(refused);
  return use_epoll(pool, "io: epoll, because " + refused.to_string() + " (" + likely_cause(refused.code) + ")");
}

}  // namespace engine
