// A name server in a daemon of its own, with everything a running one has: storage, the broadcast responder, the sweeper. What engine-ns
// is, for programs that want one inside of them.
//
//   engine::name_server_host names{{.storage = "sql:names.db"}};
//   std::cout << names.where() << '\n';        // PYRO:Pyro.NameServer@localhost:9090
//   names.enroll("example.greeting", uri);
//   names.run();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <engine/core/cores.hpp>
#include <engine/object/activation.hpp>
#include <engine/object/daemon.hpp>
#include <naming/alarm.hpp>
#include <naming/beacon.hpp>
#include <naming/live_names.hpp>
#include <naming/name_server.hpp>
#include <naming/replica.hpp>
#include <naming/sweeper.hpp>

namespace engine {

struct name_server_options {
  std::string host{};                        ///< empty: settings.host
  std::optional<std::uint16_t> port{};       ///< unset: settings.ns_port; 0: a free one
  std::string unix_socket{};                 ///< listens there too
  bool unix_only = false;                    ///< … and nowhere else
  std::string nat_host{};                    ///< for callers beyond a router
  std::optional<std::uint16_t> nat_port{};
  std::string storage = "memory";            ///< as open_storage()
  /// "host", "host:port", "./u:socket": follows the name server of ours there, with the same key, and answers from a copy of its names in memory;
  /// changes are brought there. It has a thread of its own, also without `threads`. Auto-clean is the other one's business.
  std::string replica_of{};
  std::function<void(const std::string&)> replica_told{};  ///< a line when the other one cannot be reached any more, or again; on that thread
  bool broadcast = true;                     ///< answer who looks for it (beacon.hpp), unless it listens at 127.0.0.1 or the like only
  std::string bc_host{};                     ///< empty: settings.ns_bchost
  std::optional<std::uint16_t> bc_port{};    ///< unset: settings.ns_bcport
  std::string hmac_key{};
  watch_limits watching{};                   ///< what those who watch names may cost
  /// Sockets that are open already: instead of the addresses above, and a UDP one for broadcasts. The host serves a duplicate of each.
  given_sockets sockets{};
  unsigned cores = 1;
  bool threads = true;                       ///< as daemon_options::threads: false for somebody else's loop
  std::optional<engine::settings> settings{};
};

class name_server_host {
 public:
  /// Serves from now on; a replica when it has tried to get its copy, for up to five seconds. Throws std::system_error for addresses that cannot be had, naming_error for the storage, std::invalid_argument
  /// for bad options.
  explicit name_server_host(name_server_options = {});
  ~name_server_host();

  /// Registers a name, replacing what is there, and takes one out, without a call: for what this program itself offers. They wait until it is durable:
  /// any thread, not from inside a call of a core. Throw naming_error; enroll() also ValueError for text with lone surrogates. Nothing has changed then.
  void enroll(std::string name, const uri& where, std::vector<std::string> tags = {});
  void remove(std::string_view name) { names_->drop(name); }
  NameServer& names() { return *names_; }
  engine::daemon& daemon() { return *daemon_; }
  uri where() const;                         ///< what it is registered as; with NAT the external one
  uri internal() const;                      ///< where it really listens
  /// The responder, nullptr: none runs; then why_silent() says why (Pyro's words; empty: it was not wanted).
  const engine::beacon* responder() const { return beacon_.get(); }
  const std::string& why_silent() const { return why_silent_; }
  /// The address it is bound to, as in "127.0.0.1" or "::1", or "Unix domain socket".
  std::string bound_to() const { return bound_to_; }
  std::size_t found_in_storage() const { return found_; }
  /// Where the name server is that this one follows, "host:port" or "./u:socket"; empty: none.
  const std::string& replica_of() const { return replica_of_; }
  /// As daemon::run() and daemon::stop().
  void run() { daemon_->run(); }
  void stop() { daemon_->stop(); }

 private:
  void begin_following(const name_server_options&, const settings&);
  void open_beacon(const name_server_options&, const settings&);

  std::unique_ptr<NameServer> names_;
  std::unique_ptr<LiveNames> live_;
  std::unique_ptr<engine::cores> following_{};  // the core of the replica
  std::unique_ptr<engine::replica> replica_{};
  std::size_t found_ = 0;
  std::unique_ptr<engine::daemon> daemon_;
  std::string why_silent_{}, bound_to_{}, replica_of_{};
  std::unique_ptr<engine::beacon> beacon_{};
  alarm_descriptor lease_ends_{};
  watch_handle watching_{}, watching_changes_{}, watching_leases_{};
  std::unique_ptr<sweeper> sweeper_{};
};

}  // namespace engine
