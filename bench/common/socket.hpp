// The few socket words the raw programs need. Addresses are written as in URIs: 127.0.0.1:PORT, or ./u:/path for a Unix
// socket. Everything that fails throws std::system_error: a benchmark that meets an error has no number to report.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace bench {

/// An open file descriptor and its closing.
class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor();
  int number() const { return number_; }

 private:
  int number_;
};

/// Throws std::system_error with errno.
[[noreturn]] void fail(const char* what);

/// A listening socket; for port 0 the kernel picks one. `nonblocking`: accepting from it never waits.
descriptor listen_on(const std::string& address, bool nonblocking);
/// Where a listening socket can be reached, in the form that dial() takes.
std::string reachable_at(const descriptor& listening, const std::string& address);
/// A connected blocking socket, TCP without Nagle's delay.
descriptor dial(const std::string& address);

void send_all(int socket, std::span<const char> bytes);
/// At least one byte; `spin` polls instead of sleeping. Throws when the peer has closed.
std::size_t receive_some(int socket, std::span<char> room, bool spin);
void receive_exactly(int socket, std::span<char> room, bool spin);

/// Closing it will reset the connection: nothing lingers, and the port is free at once.
void reset_on_close(int socket);

/// Lets this process open as many files as the system allows: a thousand connections exceed the usual 1,024.
void raise_file_limit();

}  // namespace bench
