// The seam: what a core asks of the operating system, in completions only. Each word starts something; wait() says what has
// finished. Three siblings speak it: uring.cpp, epoll.cpp, simulated.cpp. All words but wake() belong to the core's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <engine/io/address.hpp>
#include <engine/io/buffer_pool.hpp>
#include <engine/io/io_error.hpp>
#include <engine/io/operation.hpp>

namespace engine {

using time_point = std::chrono::steady_clock::time_point;
using completions = std::vector<completion>;

struct listen_options {
  int backlog = 4096;
  bool reuse_address = true;   ///< SOCK_REUSE
  bool reuse_port = false;     ///< one listener per core, for connection storms
  int given = -1;              ///< a socket that listens at the address already, opened by somebody else; it stays his
};

/// Counted by every backend, for tests and metrics: what was paid.
struct io_counters {
  std::uint64_t system_calls = 0;   ///< made by this backend
  std::uint64_t waits = 0;          ///< wait() calls
  std::uint64_t completions = 0;
  std::uint64_t starved = 0;        ///< receives that found no free buffer and waited for one
};

class backend {
 public:
  virtual ~backend() = default;
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;

  /// A listening socket (TCP or Unix by the address). A stale Unix socket file whose server is dead is replaced.
  /// Of a given one, a duplicate.
  virtual std::expected<descriptor, io_error> listen(const address&, const listen_options&) = 0;
  /// The address a descriptor is bound to, and the one of its peer.
  virtual address local_address(descriptor) const = 0;
  virtual address peer_address(descriptor) const = 0;

  /// Finishes once per peer, with its descriptor (non-blocking, close-on-exec, TCP_NODELAY, keepalive 60/10/6), until cancelled.
  /// A full descriptor table finishes with -EMFILE or -ENFILE and the accept goes on, paused for 100 ms.
  virtual void accept(descriptor listener, operation&) = 0;
  /// Finishes with a new connected descriptor or a negative errno. The address must outlive the operation.
  virtual void connect(const address&, operation&) = 0;
  /// Finishes once, with the bytes that arrived in a pool buffer (result = their number), 0 at the end of the stream.
  virtual void receive(descriptor, operation&) = 0;
  /// Finishes once, with at least one byte received in place (result = how many, at most 8 MiB a time) or 0 at the end of the stream.
  /// May wait until all of the span (or of 8 MiB) is filled; cancel() ends it with what has come by then.
  virtual void receive_into(descriptor, std::span<std::byte>, operation&) = 0;
  /// Finishes with the bytes sent, possibly fewer than given. Spans and bytes must outlive the operation. One at a time
  /// per descriptor. Never raises SIGPIPE.
  virtual void send(descriptor, std::span<const iovec>, operation&) = 0;
  /// Sends what the socket takes at once and returns how many bytes that was. 0: none, for whatever reason, which send() will find out. Not
  /// while one is under way.
  virtual std::size_t send_now(descriptor, std::span<const iovec>) { return 0; }
  /// Shuts down and closes; what is still pending on the descriptor finishes with -ECANCELED first. Synchronous for the caller.
  virtual void close(descriptor) = 0;
  /// Ends the writing side only: the peer sees the end of the stream, its last bytes may still be received.
  virtual void shutdown(descriptor) = 0;
  /// The descriptor goes to another core's backend: nothing of it is under way, and its number may come back as another socket.
  virtual void let_go(descriptor) {}
  /// Asks for an early end; the operation still finishes exactly once (with -ECANCELED, or with what it got).
  virtual void cancel(operation&) = 0;
  /// Finishes each time the foreign descriptor is readable, until cancelled.
  virtual void watch(descriptor, operation&) = 0;

  /// Submits what was started, sleeps until something finishes, wake() or `until` (in the past: does not sleep), and appends what
  /// finished. A start may appear here or at a later wait, never earlier.
  virtual void wait(time_point until, completions& finished) = 0;
  /// The only word another thread may use: makes a sleeping wait() return.
  virtual void wake() = 0;
  virtual time_point now() const = 0;

  /// For a foreign loop: a descriptor that becomes readable when something has finished or wake() was called, provided settle() was the
  /// last word said here. -1: this backend has none.
  virtual descriptor poll_descriptor() = 0;
  /// Hands everything that was started to the kernel, and counts as sleeping from now on; the next wait() ends it.
  virtual void settle() = 0;

  /// "io_uring", "epoll" or "simulated".
  virtual std::string_view name() const = 0;
  /// Whether descriptors are the kernel's, so that others may be sent over Unix sockets (unix(7)).
  virtual bool passes_descriptors() const { return true; }
  const io_counters& counters() const { return counters_; }

 protected:
  backend() = default;
  io_counters counters_{};
};

/// Which one to use: by probing, or forced by a setting or ENGINE_BACKEND.
enum class backend_choice : std::uint8_t { automatic, uring, epoll };

struct backend_options {
  backend_choice choice = backend_choice::automatic;
};

struct chosen_backend {
  std::unique_ptr<engine::backend> backend;
  std::string why;  ///< one line for the log: what was tried, what refused it, what is used
};

/// Tries io_uring, else epoll (DESIGN §2.4). Environment ENGINE_BACKEND=io_uring|epoll overrides `choice`. Must be called on the thread that will
/// use the backend. Errors: a forced backend that the kernel refuses, or ENOMEM/EMFILE (never a silent fallback).
std::expected<chosen_backend, io_error> choose_backend(const backend_options&, buffer_pool&);

std::expected<std::unique_ptr<backend>, io_error> make_uring_backend(buffer_pool&);
std::expected<std::unique_ptr<backend>, io_error> make_epoll_backend(buffer_pool&);

}  // namespace engine
