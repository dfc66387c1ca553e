// The socket calls that real backends share: listening, options, who is at the other end.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include <engine/io/backend.hpp>

namespace engine {

/// Binds and listens. The file of a Unix socket nobody answers on is replaced. `blocking`: see backend::accept.
std::expected<descriptor, io_error> open_listener(const address&, const listen_options&, bool blocking);
/// A socket to connect with, close-on-exec.
std::expected<descriptor, io_error> open_socket(int family, bool blocking);
/// TCP_NODELAY, keepalive after 60 s (every 10 s, 6 times), unacknowledged data for 30 s at most. Nothing on Unix sockets. Accepted
/// sockets inherit this from their listener, so it costs nothing per connection.
void tune_socket(descriptor, int family);
/// Between programs of one machine: keeps what is on its way small enough to stay in the processor's cache, which is worth half of
/// the speed of a large body. To other machines the kernel keeps fitting the buffer to the network.
void limit_send_buffer(descriptor, const address& peer);
/// Sends without waiting, and without SIGPIPE; as sendmsg(2) says.
ssize_t send_some(descriptor, std::span<const iovec>);
/// The same; how many bytes left, 0 also where it failed.
std::size_t send_what_fits(descriptor, std::span<const iovec>);
/// Fills `into` as far as it goes without waiting: how many bytes have come, 0 at the end of the stream, or -errno; nullopt if there is nothing yet.
/// Each recv(2) is counted.
std::optional<int> receive_what_is_there(descriptor, std::span<std::byte> into, std::uint64_t& system_calls);
/// The result of a connect that was under way: 0 or an errno.
int connect_result(descriptor);

address local_address_of(descriptor);
address peer_address_of(descriptor);
/// Whether that peer of a connected socket is on this machine, as far as addresses tell: a Unix socket, or TCP from an address to itself.
bool is_local(descriptor, const address& peer);

}  // namespace engine
