// Limits and defaults in one struct, and the only reader of environment variables. Names and defaults are Pyro's (FEATURES H);
// ours are at the end.
#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <codec/frame_reader.hpp>
#include <codec/serializer.hpp>
#include <engine/io/backend.hpp>

namespace engine {

struct settings {
  std::string host = "localhost";          ///< PYRO_HOST: where daemons listen
  double comm_timeout = 0;                 ///< PYRO_COMMTIMEOUT, seconds, 0 = for ever
  bool compression = false;                ///< PYRO_COMPRESSION
  std::size_t max_message_size = 0;        ///< PYRO_MAX_MESSAGE_SIZE, bytes, 0 = no limit
  int max_retries = 0;                     ///< PYRO_MAX_RETRIES, after a timeout or a lost connection
  bool metadata = true;                    ///< PYRO_METADATA: check names before calling
  int prefer_ip_version = 4;               ///< PYRO_PREFER_IP_VERSION: 4, 6, or 0 = as the resolver says
  std::string serializer = "serpent";      ///< PYRO_SERIALIZER of proxies
  std::set<std::string> serializers_accepted{"json", "marshal", "serpent"};  ///< PYRO_SERIALIZERS_ACCEPTED by daemons
  bool sock_reuse = true;                  ///< PYRO_SOCK_REUSE
  std::string ns_host = "localhost";       ///< PYRO_NS_HOST: where the name server is looked for
  int ns_port = 9090;                      ///< PYRO_NS_PORT
  double ns_autoclean = 0;                 ///< PYRO_NS_AUTOCLEAN, seconds between a name server's looks for who is still there, 0 = none; at least 3
  std::string ns_bchost{};                 ///< PYRO_NS_BCHOST: where a name server listens for broadcasts, empty = everywhere
  int ns_bcport = 9091;                    ///< PYRO_NS_BCPORT: UDP port of broadcasts
  std::string broadcast_addrs = "<broadcast>, 0.0.0.0";  ///< PYRO_BROADCAST_ADDRS: where broadcasts go
  double ns_lookup_delay = 0;              ///< PYRO_NS_LOOKUP_DELAY, seconds to wait for a name that is not registered yet
  bool iter_streaming = true;              ///< PYRO_ITER_STREAMING: a method may answer with a stream of items
  double iter_stream_lifetime = 0;         ///< PYRO_ITER_STREAM_LIFETIME, seconds a stream lives at most, 0 = no limit
  double iter_stream_linger = 30;          ///< PYRO_ITER_STREAM_LINGER, seconds a stream outlives its client's connection
  bool oneway_threaded = true;             ///< PYRO_ONEWAY_THREADED: oneway calls of blocking methods do not hold up their connection
  double poll_timeout = 2;                 ///< PYRO_POLLTIMEOUT, seconds between looks at loop conditions and housekeeping
  std::string server_type = "core";        ///< PYRO_SERVERTYPE: core (ours), thread (every method may block), multiplex (one core)
  int threadpool_size = 40;                ///< PYRO_THREADPOOL_SIZE: most threads for blocking methods
  int threadpool_size_min = 4;             ///< PYRO_THREADPOOL_SIZE_MIN: threads that stay once they were needed
  bool autoproxy = true;                   ///< PYRO_AUTOPROXY: exposed objects travel as proxies
  std::string nat_host{};                  ///< PYRO_NATHOST: host in URIs that are given away, empty = the one listened on
  int nat_port = 0;                        ///< PYRO_NATPORT: port in URIs that are given away, 0 = the one listened on
  bool log_wire = false;                   ///< PYRO_LOGWIRE: log every message
  bool serpent_bytes_repr = false;         ///< PYRO_SERPENT_BYTES_REPR: bytes in serpent are literals, which Python gets as bytes
  bool detailed_traceback = false;         ///< PYRO_DETAILED_TRACEBACK: tracebacks tell what the method was called with

  double handshake_timeout = 10;           ///< ENGINE_HANDSHAKE_TIMEOUT, seconds a new connection may take to say who it is
  std::chrono::microseconds spin{50};      ///< ENGINE_SPIN_US: longest poll before a thread sleeps, 0 = none
  std::size_t shared_memory = 256 * 1024;  ///< ENGINE_SHARED_MEMORY, bytes each way (a power of two from 4 KiB to 64 MiB, else the next) that a connection between two of our programs on one machine shares where both spin; 0 = none
  bool pin = false;                        ///< ENGINE_PIN: each core on its own processor
  std::chrono::milliseconds stall{0};      ///< ENGINE_STALL_MS: log methods that hold a core longer, 0 = do not watch
  decode_limits decoding{};                ///< ENGINE_MAX_DEPTH, _DIGITS, _ELEMENTS, _REPEATED, _REPEATED_BYTES, _INFLATED
  backend_choice backend = backend_choice::automatic;  ///< ENGINE_BACKEND (read by choose_backend)

  bool operator==(const settings&) const = default;
  frame_limits frames_read() const { return {.message_size = max_message_size, .inflated_size = decoding.inflated}; }
  /// Who never looks without sleeping has to be woken for each message, and then a socket is as good.
  bool shares_memory() const { return shared_memory > 0 && spin.count() > 0; }
  serpent_bytes bytes_in_serpent() const { return serpent_bytes_repr ? serpent_bytes::literal : serpent_bytes::base64; }

  /// As written above.
  static settings defaults() { return {}; }
  /// The defaults as changed by the environment. Throws engine::error naming the variable and what is wrong with its text; booleans
  /// are 0 off no false, 1 on yes true.
  static settings from_environment();
  /// Every setting with its value as text, in the order above, under Pyro's names.
  std::vector<std::pair<std::string, std::string>> as_list() const;
  /// The same as lines "NAME = value".
  std::string dump() const;
};

}  // namespace engine
