// Where a peer is: host and port (IPv4 or IPv6), or a Unix socket by path or abstract name. A value; resolving host names is
// the one slow thing here and says so.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <engine/io/io_error.hpp>

namespace engine {

class address {
 public:
  address() = default;
  /// Numeric IPv4 or IPv6 address; EINVAL otherwise. IPv6 may carry a numeric scope (fe80::1%2).
  static std::expected<address, io_error> numeric(std::string_view host, std::uint16_t port);
  /// Unix socket path, or an abstract name when the first character is NUL; ENAMETOOLONG over 107 bytes.
  static std::expected<address, io_error> unix_socket(std::string_view path);
  /// All addresses of a host name, by getaddrinfo: may block on DNS for seconds, so never call it on a core.
  /// `ip_version` 4 or 6 keeps only those, 0 keeps the resolver's order (PREFER_IP_VERSION);
  /// a numeric address is what it is.
  static std::expected<std::vector<address>, io_error> resolve(const std::string& host, std::uint16_t port, int ip_version);
  static address from(const sockaddr_storage&, socklen_t);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }  ///< AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX
  bool is_unix() const { return family() == AF_UNIX; }
  bool is_loopback() const;     ///< 127.0.0.0/8, as IPv6 maps it too, or ::1
  std::uint16_t port() const;   ///< 0 for Unix sockets
  std::string host() const;     ///< numeric; empty for Unix sockets
  std::string path() const;     ///< of a Unix socket, leading NUL when abstract
  /// 127.0.0.1:9090, [::1]:9090, ./u:/tmp/socket — as in URIs (WIRE §7).
  std::string to_string() const;
  bool operator==(const address&) const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace engine
