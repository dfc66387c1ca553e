// The third speaker of the seam: an operating system made of a seed. Several backends (hosts) share one simulated network on
// one thread: its clock, listeners, streams, faults, random generator and log. Nothing sleeps and nothing is left to chance,
// so the same seed and the same calls give the same log, byte for byte, on every machine. For tests; a library of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <engine/io/backend.hpp>
#include <engine/io/simulated_socket.hpp>

namespace engine {

/// Our own generator (splitmix64): the distributions of the standard library differ from one library to the next.
class seeded_random {
 public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t draw();
  std::uint64_t below(std::uint64_t limit) { return draw() % limit; }                    ///< 0 … limit-1, limit > 0
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool chance(double odds) { return odds > 0 && unit() < odds; }
  double unit() { return static_cast<double>(draw() >> 11) * 0x1.0p-53; }                ///< 0 ≤ it < 1

 private:
  std::uint64_t state_;
};

/// What may go wrong, as odds from 0 (never) to 1 (always), drawn each time the event happens; then the network's measures.
struct faults {
  double reset = 0;            ///< per receive or send: both ends lose what is on its way and get -ECONNRESET
  double short_read = 0;       ///< per receive: fewer bytes than have arrived
  double short_write = 0;      ///< per send: fewer bytes than there is room for
  double refuse_connect = 0;   ///< per connect: -ECONNREFUSED although somebody listens
  double accept_error = 0;     ///< per peer: -EMFILE, the accept pauses for 100 ms, the peer stays in the backlog
  double reorder = 0;          ///< per wait: completions in another order, never those of one descriptor
  double exhaust_buffers = 0;  ///< per receive, once: no free buffer is found for up to a millisecond
  double delay = 0;            ///< per connect, receive and send, once: it finishes up to `delay_max` later than it could
  double late_cancel = 0;      ///< per cancel: it comes too late if the operation could have finished

  std::chrono::nanoseconds latency_min{10'000};    ///< from one end to the other, drawn per send and per connect
  std::chrono::nanoseconds latency_max{100'000};
  std::chrono::nanoseconds delay_max{5'000'000};
  std::size_t send_buffer = 64 * 1024;  ///< bytes one direction of a stream holds before the sender has to wait; at least 1

  /// Odds and measures themselves drawn from a seed, so each run is another world; about half of the faults are off.
  static faults drawn_from(std::uint64_t seed);
};

class simulated_backend;

/// Outlives its backends. Everything belongs to one thread, except wake() of a backend.
///
/// A driver with several hosts lets each run until none has anything to do, then moves the clock:
/// `network.advance_to(network.next_event())`. Which host runs next is the driver's choice, best drawn from random().
class simulated_network {
 public:
  explicit simulated_network(std::uint64_t seed, const faults& = {});
  ~simulated_network();  ///< asserts that every backend is gone
  simulated_network(const simulated_network&) = delete;
  simulated_network& operator=(const simulated_network&) = delete;

  /// A host. Its wait() never sleeps: it delivers what is due at now(). Destroying it is the death of its process: operations
  /// are dropped without completion, descriptors closed. `host_name` appears in the log only; addresses are one flat space.
  std::unique_ptr<backend> make_backend(buffer_pool&, std::string host_name);
  /// Another core of the process `of`: descriptors may be handed from one to the other, and belong to whoever used them last.
  std::unique_ptr<backend> make_sibling(const backend& of, buffer_pool&, std::string host_name);

  time_point now() const { return now_; }
  void advance(std::chrono::nanoseconds by) { advance_to(now_ + by); }
  void advance_to(time_point);  ///< not into the past
  /// When the next thing happens on any host: a completion is due, a host was woken, or the `until` of a host's last, idle
  /// wait() is reached (its timers). At or before now(): somebody can run now. time_point::max(): nothing will ever happen.
  time_point next_event() const;
  /// On: a wait() that finds nothing due moves the clock itself, to its `until` or to the next event anywhere, whichever comes
  /// first (not when it was woken, nor when another host has something due). For tests with one backend. Off by default.
  void auto_advance(bool on) { auto_advance_ = on; }

  void set_faults(const faults&);  ///< from now on, existing streams included; `send_buffer` for new streams
  const faults& present_faults() const { return faults_; }
  seeded_random& random() { return random_; }
  std::uint64_t seed() const { return seed_; }

  /// A descriptor that backend::watch() understands, belonging to no host; make_readable() lets its watch finish once.
  descriptor make_foreign();
  void make_readable(descriptor foreign);

  /// Of the whole event log, from the beginning.
  std::uint64_t hash() const { return hash_; }
  /// The last events (up to about half a megabyte of text), one a line: nanoseconds, host, what, descriptor, result.
  const std::string& log() const { return log_; }
  /// A line of the driver's own.
  void note(std::string_view line);

 private:
  friend class simulated_backend;
  using socket = simulated_socket;

  std::unique_ptr<backend> make_host(unsigned process, buffer_pool&, std::string host_name);
  void note(unsigned host, std::string_view what, descriptor, long long result);
  void append(std::string_view line);
  socket& at(descriptor);
  const socket& at(descriptor) const;
  time_point arrival() { return now_ + std::chrono::nanoseconds(latency()); }
  std::uint64_t latency();
  std::uint16_t spare_port();

  std::expected<descriptor, io_error> listen(unsigned host, const address&, const listen_options&);
  bool backlog_full(const address&) const;
  std::expected<descriptor, int> connect(unsigned host, const address&);
  void close(descriptor);
  void close_stream(socket&);
  void reset(descriptor, socket&);

  std::uint64_t seed_;
  seeded_random random_;
  faults faults_;
  time_point now_;
  bool auto_advance_ = false;
  std::vector<simulated_backend*> hosts_;  // null: gone
  std::vector<std::string> host_names_;
  std::vector<unsigned> processes_;        // of each host: the host that was there first
  std::map<descriptor, socket> sockets_;   // ordered: walking it must not depend on addresses in memory
  descriptor next_descriptor_;
  std::uint16_t next_port_;
  std::string log_;
  std::uint64_t hash_;
};

}  // namespace engine
