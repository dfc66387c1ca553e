// See activation.hpp. The protocol is sd_listen_fds(3): descriptors from 3 on.
#include <engine/object/activation.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace engine {

namespace {

constexpr int first = 3, most = 256;

std::optional<long> number_from(const char* variable) {
  const char* said = std::getenv(variable);
  if (!said) return std::nullopt;
  const std::string_view text = said;
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) throw std::invalid_argument(std::string(variable) + "=" + said + " is no number");
  return number;
}

int option_of(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

given_sockets activation_sockets() {
  const auto process = number_from("LISTEN_PID"), count = number_from("LISTEN_FDS");
  for (const char* each : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(each);
  given_sockets given;
  std::vector<int> unix_streams;
  if (!count || process != ::getpid()) return given;
  if (*count < 0 || *count > most) throw std::invalid_argument("LISTEN_FDS is " + std::to_string(*count));
  for (int socket = first; socket < first + *count; ++socket) {
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    if (option_of(socket, SO_ACCEPTCONN) == 1) (option_of(socket, SO_DOMAIN) == AF_UNIX ? unix_streams : given.streams).push_back(socket);
    else if (option_of(socket, SO_TYPE) == SOCK_DGRAM && option_of(socket, SO_DOMAIN) != AF_UNIX) given.datagrams.push_back(socket);
    else throw std::invalid_argument("descriptor " + std::to_string(socket) + " is neither a listening socket nor a UDP socket");
  }
  given.streams.insert(given.streams.end(), unix_streams.begin(), unix_streams.end());
  return given;
}

}  // namespace engine
