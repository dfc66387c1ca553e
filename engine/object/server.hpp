// Serving: the whole life of a connection, on whatever cores there are. It is served by one short coroutine, and that coroutine is
// the walk: welcome, then frame in, answer out. daemon.hpp puts threads under it, the simulation puts seeds.
// A call that cannot be answered at once (on another core, a side thread, or by a coroutine) holds up its connection if the peer
// is Pyro's, which counts on order; our own peers match answers by number, and the requests behind it go on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <engine/core/core.hpp>
#include <engine/io/handover.hpp>
#include <engine/link/connection.hpp>
#include <engine/link/listener.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/welcome.hpp>

namespace engine {

struct served_apart;
struct calls_under_way;
struct kept_result;
class reverse_listener;

class server {
 public:
  /// `host` outlives the server. `gone`: told the peer of each welcomed connection that has ended, on its core.
  server(hosting& host, handshake_validator validate, std::function<void(const std::string& peer)> gone = {});
  /// idle() must be true, and the cores' loops have ended.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// One more core, before anything is served. It outlives the server's last connection.
  void add_core(core&);
  std::size_t size() const { return shares_.size(); }

  /// Core i accepts on this address from now on; the address bound. On that core's thread.
  std::expected<address, io_error> listen(std::size_t i, const address&, const listen_options&);
  /// The sockets that core i accepts on, in the order of listen(). On that core's thread.
  std::vector<descriptor> listening(std::size_t i) const;
  /// Serves a connected socket on core 0, which takes it over, without a handshake; `ended` is called there when it is over.
  void adopt(descriptor socket, std::string peer, std::function<void()> ended);
  /// Core i dials that daemon from now on, and serves the calls that come over those connections. On that core's thread.
  void be_reachable_through(std::size_t i, std::unique_ptr<reverse_listener>);
  /// Tells every connection that host.hmac_key has changed, and who dials for others. Any thread.
  void renew_keys();
  /// Any thread: no more connections from now on; those that are on their way end at once.
  void stop_listening();
  /// Closes what callers have offered for being called. When it is idle().
  void drop_parked();
  /// Ends the connections of core i, after what runs has been answered. On core i's thread.
  void close_connections(std::size_t i);

  std::size_t connections() const { return connections_.load(std::memory_order_relaxed); }
  /// Any thread: like stop_listening(), and every connection ends as soon as no call of it is under way.
  void drain();
  bool idle() const;       ///< nothing listens and no connection is open
  /// Blocks, not on a core; whether it is idle before the deadline.
  bool wait_until_idle(time_point deadline = time_point::max());

 private:
  struct core_share;
  struct hop;
  void open_giver();
  void started();
  void ended();
  task<> accept_from(core_share& at, std::unique_ptr<listener>);
  task<> serve_adopted(core_share& at, loose_connection, session, std::function<void()> ended);
  task<> dial_for(core_share& at, std::unique_ptr<reverse_listener>);
  task<> serve(core_share& at, loose_connection socket, std::optional<session> known, bool dialled = false);
  task<bool> greet(core_share& at, connection& peer, session&, bool dialled);
  void offer_memory(connection& peer, std::span<const std::byte> ticket);
  void gone(core_share&, std::uint64_t place);
  task<> answer_requests(core_share& at, connection& peer, session&, calls_under_way&);
  task<> answer_in_turn(core_share& at, connection& peer, session&, calls_under_way&, const frame& request, verdict& outcome);
  task<> answer_behind(core_share& at, connection& peer, calls_under_way&, std::unique_ptr<served_apart>);
  task<> answer_upon(core_share& at, connection& peer, calls_under_way&, std::unique_ptr<served_apart>, std::shared_ptr<kept_result> earlier);
  bool begin_upon(core_share& at, served_apart&, const std::shared_ptr<const kept_result>&);
  void end_behind(connection& peer, calls_under_way&, std::unique_ptr<served_apart>);
  task<> serve_apart(core_share& at, served_apart&);
  task<> begin_elsewhere(core_share& at, served_apart&);
  void begin_there(core_share& from, core_share& home, served_apart&);
  task<> finish_there(core_share& from, core_share& home, served_apart&);
  void say_goodbye(session&);
  bool goes_ahead(const frame& request, const session&, verdict how) const;
  void close_one(core_share&, std::uint64_t place);
  core_share& home_of(const session&);
  std::uint64_t enter(core_share&, connection&);
  void leave(core_share&, std::uint64_t place);
  connection_limits greeting_limits() const;
  connection_limits serving_limits() const;

  hosting& host_;
  handshake_validator validate_;
  std::function<void(const std::string&)> gone_;
  std::optional<handover_giver> gives_memory_{};  // to programs of ours on this machine
  std::atomic<std::uint64_t> numbered_{0};        // connections there have been
  std::vector<std::unique_ptr<core_share>> shares_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  std::condition_variable all_ended_;
  std::size_t running_ = 0;  // coroutines not ended yet
};

}  // namespace engine
