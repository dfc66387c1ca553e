// See beacon.hpp.
#include <naming/beacon.hpp>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <engine/io/address.hpp>
#include <engine/io/log.hpp>

namespace engine {

namespace {

constexpr std::string_view question = "GET_NSURI";
constexpr int at_once = 64;  // answers before others get their turn: a flood does not hold the core

[[noreturn]] void fail(const std::string& doing) { throw std::system_error(errno, std::generic_category(), doing); }

/// The address by which this machine reaches the asker; empty if none is known.
std::string address_facing(const sockaddr_in& asker) {
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in mine{};
  socklen_t size = sizeof mine;
  char text[INET_ADDRSTRLEN] = "";
  if (probe >= 0 && ::connect(probe, reinterpret_cast<const sockaddr*>(&asker), sizeof asker) == 0 &&
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&mine), &size) == 0)
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&mine), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  if (probe >= 0) ::close(probe);
  return text;
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  if (host.empty()) return at;
  addrinfo hints{};
  hints.ai_family = AF_INET;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    throw std::system_error(EADDRNOTAVAIL, std::generic_category(), "broadcast host " + host + ": " + ::gai_strerror(code));
  at.sin_addr = reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr;
  ::freeaddrinfo(found);
  return at;
}

}  // namespace

beacon::beacon(uri answer, const std::string& host, std::uint16_t port) : answer_(std::move(answer)) {
  const sockaddr_in at = address_of(host, port);
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) fail("broadcast socket");
  const int on = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket_, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    const int error = errno;
    ::close(socket_);
    throw std::system_error(error, std::generic_category(), "broadcast port " + std::to_string(port));
  }
}

beacon::beacon(uri answer, int socket) : socket_(socket), answer_(std::move(answer)) {
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
}

beacon::~beacon() { ::close(socket_); }

std::string beacon::location() const {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
  char text[INET_ADDRSTRLEN] = "";
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&at), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return std::string(text) + ":" + std::to_string(ntohs(at.sin_port));
}

void beacon::answer_waiting() {
  for (int i = 0; i < at_once; ++i) {
    std::array<char, 100> said;
    sockaddr_in asker{};
    socklen_t size = sizeof asker;
    const ssize_t n = ::recvfrom(socket_, said.data(), said.size(), 0, reinterpret_cast<sockaddr*>(&asker), &size);
    if (n < 0) return;
    if (std::string_view(said.data(), static_cast<std::size_t>(n)) != question) continue;
    std::string text = answer_.to_string();
    if (answer_.host() == "0.0.0.0") {
      if (const std::string facing = address_facing(asker); !facing.empty())
        text = "PYRO:" + answer_.object() + "@" + facing + ":" + std::to_string(answer_.port());
    }
    log_debug("responding to broadcast request: {}", text);
    ::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&asker), size);
  }
}

}  // namespace engine
