// What all proxies of one object share on plain threads: its address, the connection and who may use it when. call_styles.hpp puts
// typed calls around it. Every word is safe for several threads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <engine/core/core.hpp>
#include <engine/link/channel.hpp>
#include <engine/object/conversation.hpp>
#include <engine/object/core_links.hpp>
#include <engine/object/error.hpp>
#include <engine/object/proxy_options.hpp>
#include <engine/object/uri.hpp>

namespace engine {

/// A proxy's connection as it is at the moment.
struct connection_info {
  address local{}, peer{};
  int descriptor = -1;  ///< of the socket, for looking: it stays the proxy's
  bool own_peer = false; ///< the daemon is one of ours
  std::string serializer{};  ///< of the requests
  bool shares_memory = false; ///< calls go over memory that this process and the daemon's share, not over the socket
};

}  // namespace engine

namespace engine::detail {

inline constexpr const char* no_other_socket = "the connected socket of this proxy is closed, and there is no other";

class remote : public std::enable_shared_from_this<remote> {
 public:
  using lock = channel::lock;

  /// Throws serialize_error for an unknown serializer.
  remote(engine::uri where, proxy_options options);
  ~remote();

  /// Locks and connects if need be, until `limit` at most. Throws communication_error, timed_out, would_block (on a core's own thread) …
  /// `early`: if the daemon is known, its welcome is not waited for. One request must follow, by write_early() and exchange(), with the lock held.
  lock acquire(time_point limit = time_point::max(), bool early = false);
  /// The same where other calls are under way: nothing needs to be waited for or looked at. Else what is returned holds nothing. Not on a core.
  lock acquire_busy() {
    lock held(mutex_);
    if (connecting_ || !channel_ || channel_->outstanding() == 0 || !channel_->usable()) held.unlock();
    return held;
  }
  /// As acquire(), but while the daemon says that it has no free workers it is asked again, as Pyro's asynchronous calls do.
  lock acquire_patiently(time_point limit);
  time_point deadline() const { return deadline_after(timeout_.load(std::memory_order_relaxed)); }
  static time_point deadline_after(std::chrono::milliseconds d) { return d.count() > 0 ? now_here() + d : time_point::max(); }

  // With the lock held, between acquire() and its end:
  conversation& talk() { return talk_; }
  line on(time_point deadline, std::uint16_t flags = 0, prepared* keep = nullptr) {
    return {talk_, channel_->outgoing(), deadline, flags, keep};
  }
  core_links& on_cores() { return on_cores_; }
  /// What `write` writes after acquire(…, early). If it throws, the daemon's welcome has been waited for.
  template <class Write> written write_early(lock& held, time_point deadline, Write write) {
    try {
      return write();
    } catch (...) {
      const auto mine = channel_;
      enter_early(held, mine, deadline);
      throw;
    }
  }
  /// Sends a finished request and waits for the answer; fails it with timed_out at the deadline. `limit`: the caller's own, for connecting as well;
  /// time_point::max(): none, so that the deadline counts from the daemon's welcome.
  void exchange(lock&, reply_slot&, std::uint16_t sequence, time_point deadline, time_point limit);
  /// Sends a finished request that has no answer; quick ones after each other leave together, a moment later.
  void dispatch(lock& held, time_point deadline) {
    if (!channel_->keeps_back()) send_lazily(held, deadline);
  }
  /// Sends what dispatch() kept back; false: nothing was kept since the last time.
  bool send_rest();
  /// Puts a finished request on its way; the answer comes when somebody waits.
  void post(lock& held, reply_slot& slot, std::uint16_t sequence, time_point deadline) {
    channel_->expect(slot, sequence);
    if (!channel_->holds_back()) send(held, deadline);
  }

  /// Drives until the slot is done or `until` has passed (which then does no harm); whether it is done.
  bool drive(reply_slot&, time_point until);
  /// Drives until the slot is done; at the deadline the connection fails with timed_out.
  void drive_or_fail(reply_slot&, time_point deadline);
  /// Tells the daemon that nobody wants that answer any more, if it is one of ours. Does not throw.
  void cancel(reply_slot&) noexcept;
  /// For what is shared with answers under way.
  lock locked() { return lock(mutex_); }

  /// Its streams were not opened by a call over its connection, so they may open one.
  void let_streams_connect() { streams_connect_ = true; }
  /// Asks for the next items of a stream: one, or `most` of our own daemons, which `windows` tells. Throws connection_closed if the
  /// connection has ended meanwhile and no other call has opened another.
  void ask_for_items(reply_slot&, std::string_view stream_id, std::uint32_t most, bool& windows, time_point deadline);
  /// Tells the daemon that nobody wants more of a stream. Does not throw: it ends there by itself, later.
  void close_stream(std::string_view stream_id) noexcept;

  void release();                       ///< closes the connection; the next call opens another
  /// Releases, then tries to connect up to `tries` times, `pause` apart. Throws connection_closed "failed to reconnect".
  void reconnect(int tries, std::chrono::milliseconds pause);
  const engine::uri& where() const { return uri_; }
  const engine::settings& settings() const { return settings_; }
  proxy_options options();              ///< as changed since
  bool socket_was_given() const { return socket_was_given_; }
  std::optional<int> take_socket();     ///< the one given, the caller's from now on; once
  remote_members known();               ///< without connecting: what is known of the object
  void know(remote_members);
  remote_members offered(bool again);   ///< connects if need be; `again`: asks the daemon anew
  int retries() const { return retries_.load(std::memory_order_relaxed); }
  void set_retries(int n) { retries_.store(n, std::memory_order_relaxed); }
  std::chrono::milliseconds timeout() const { return timeout_.load(std::memory_order_relaxed); }
  void set_timeout(std::chrono::milliseconds t) { timeout_.store(t, std::memory_order_relaxed); }
  void set_hmac_key(std::string key);
  bool connected();
  std::optional<connection_info> connection();  ///< the present one
  /// What the present connection has cost.
  channel::counters counted();
  /// where(), or what its name stood for at the last connecting. Throws naming_error if it has never been looked up.
  engine::uri direct();
  /// Where a direct URI is when no name has to be looked up, empty otherwise. Throws communication_error for what cannot be an address.
  static std::vector<address> numeric_addresses(const engine::uri& direct);

 private:
  void send(lock&, time_point deadline);
  void send_lazily(lock&, time_point deadline);
  void connect(lock&, time_point limit, bool early);
  void look_up();
  std::vector<address> addresses() const;
  void open_channel(time_point deadline);
  void greet(lock&, time_point deadline);
  void look_after(lock&, const std::shared_ptr<channel>&, time_point deadline);
  void greet_early();
  void enter_early(lock&, const std::shared_ptr<channel>&, time_point deadline);
  void share_memory(lock&, time_point limit);
  void learn_members(lock&, time_point deadline);
  channel_options options_of_channel() const;

  const engine::uri uri_;
  engine::uri direct_;        // changed with both mutexes held
  proxy_options options_;
  engine::settings settings_;
  proxy_options known_;       // options_ for others, with a lock that is never held for long
  std::mutex known_mutex_;
  std::atomic<std::chrono::milliseconds> timeout_{};
  std::atomic<int> retries_{0};
  std::mutex mutex_;
  std::shared_ptr<channel> channel_;  // shared with whoever waits, so that release() may come at any time
  bool connecting_ = false;           // a thread is in the handshake: nobody else may use the channel yet
  bool streams_connect_ = false;
  const bool socket_was_given_;       // so there is no second one
  std::condition_variable connected_;
  std::vector<address> addresses_;
  conversation talk_;
  std::optional<greeting> early_{};         // of a connection whose first request did not wait for it …
  const channel* early_on_ = nullptr;       // … this one
  core_links on_cores_;
};

}  // namespace engine::detail
