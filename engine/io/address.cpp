// See address.hpp.
#include <engine/io/address.hpp>

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace engine {

namespace {

template <class Raw> Raw load(const sockaddr_storage& storage) {
  Raw raw;
  std::memcpy(&raw, &storage, sizeof raw);
  return raw;
}

// getaddrinfo's codes as errno values, for one kind of error.
int errno_of(int code) {
  switch (code) {
    case EAI_SYSTEM: return errno;
    case EAI_MEMORY: return ENOMEM;
    case EAI_AGAIN: return EAGAIN;
    default: return EADDRNOTAVAIL;
  }
}

}  // namespace

address address::from(const sockaddr_storage& storage, socklen_t size) {
  address a;
  a.storage_ = storage;
  a.size_ = size;
  return a;
}

std::expected<address, io_error> address::numeric(std::string_view host, std::uint16_t port) {
  sockaddr_storage storage{};
  const std::string text(host.substr(0, host.find('%')));
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1 && text.size() == host.size()) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&storage, &v4, sizeof v4);
    return from(storage, sizeof v4);
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1) return std::unexpected(io_error{EINVAL, "address"});
  if (text.size() < host.size()) {
    const std::string_view scope = host.substr(text.size() + 1);
    const auto [end, failed] = std::from_chars(scope.data(), scope.data() + scope.size(), v6.sin6_scope_id);
    if (failed != std::errc{} || end != scope.data() + scope.size()) return std::unexpected(io_error{EINVAL, "address"});
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&storage, &v6, sizeof v6);
  return from(storage, sizeof v6);
}

std::expected<address, io_error> address::unix_socket(std::string_view path) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  if (path.empty()) return std::unexpected(io_error{EINVAL, "address"});
  if (path.size() >= sizeof raw.sun_path) return std::unexpected(io_error{ENAMETOOLONG, "address"});
  std::memcpy(raw.sun_path, path.data(), path.size());
  sockaddr_storage storage{};
  std::memcpy(&storage, &raw, sizeof raw);
  // An abstract name has no terminator: its length is part of it.
  const std::size_t terminator = path.front() == '\0' ? 0 : 1;
  return from(storage, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + terminator));
}

std::expected<std::vector<address>, io_error> address::resolve(const std::string& host, std::uint16_t port, int ip_version) {
  if (const auto known = numeric(host, port)) return std::vector{*known};
  addrinfo hints{};
  hints.ai_family = ip_version == 4 ? AF_INET : ip_version == 6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* name = host.empty() ? nullptr : host.c_str();
  if (!name) hints.ai_flags = AI_PASSIVE;
  if (const int code = ::getaddrinfo(name, std::to_string(port).c_str(), &hints, &found); code != 0)
    return std::unexpected(io_error{errno_of(code), "resolve"});
  std::vector<address> all;
  for (const addrinfo* i = found; i; i = i->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, i->ai_addr, i->ai_addrlen);
    all.push_back(from(storage, i->ai_addrlen));
  }
  ::freeaddrinfo(found);
  return all;
}

bool address::is_loopback() const {
  if (family() == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage_);
    return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
  }
  if (family() != AF_INET6) return false;
  const in6_addr& at = reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&at) || (IN6_IS_ADDR_V4MAPPED(&at) && at.s6_addr[12] == 127);
}

std::uint16_t address::port() const {
  if (family() == AF_INET) return ntohs(load<sockaddr_in>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(load<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

std::string address::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    const auto v4 = load<sockaddr_in>(storage_);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (family() == AF_INET6) {
    const auto v6 = load<sockaddr_in6>(storage_);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    if (v6.sin6_scope_id) return std::string(text) + "%" + std::to_string(v6.sin6_scope_id);
  }
  return text;
}

std::string address::path() const {
  if (!is_unix() || size_ <= offsetof(sockaddr_un, sun_path)) return {};
  const auto raw = load<sockaddr_un>(storage_);
  const std::size_t size = size_ - offsetof(sockaddr_un, sun_path);
  if (raw.sun_path[0] == '\0') return std::string(raw.sun_path, size);
  return std::string(raw.sun_path, ::strnlen(raw.sun_path, size));
}

std::string address::to_string() const {
  switch (family()) {
    case AF_INET: return host() + ":" + std::to_string(port());
    case AF_INET6: return "[" + host() + "]:" + std::to_string(port());
    case AF_UNIX: return "./u:" + path();
    default: return "nowhere";
  }
}

bool address::operator==(const address& other) const {
  return size_ == other.size_ && std::memcmp(&storage_, &other.storage_, size_) == 0;
}

}  // namespace engine
