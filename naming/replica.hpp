// Keeps the copy of a name server that follows another one: it watches that one, has its changes in the copy, and brings those that are asked for
// here over there. When the other one is gone the copy goes on answering, changes are refused, and what has happened meanwhile is caught up with later.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <engine/core/core.hpp>
#include <engine/core/future.hpp>
#include <naming/locate_live.hpp>
#include <naming/name_server.hpp>
#include <naming/primary.hpp>

namespace engine {

struct replica_options {
  std::string of{};             ///< "host:port", "./u:socket"
  std::string hmac_key{};
  engine::settings settings{};  ///< comm_timeout, else ten seconds: how long the other one may be silent
  /// Told, on the core, when the other one cannot be reached any more, and when the copy is right again; once each.
  std::function<void(const std::string&)> told{};
  std::chrono::milliseconds retry{500};
};

class replica final : public primary {
 public:
  /// `copy` must outlive it. It follows on `home`: with `owns_home` nobody else's connections are there.
  replica(NameServer& copy, core& home, bool owns_home, replica_options);
  /// Waits until it has ended: not on its core.
  ~replica() override;
  replica(const replica&) = delete;
  replica& operator=(const replica&) = delete;

  /// Ready when there is a copy, or the first attempt to get one has failed. Once.
  future<void> tried() { return tried_.get_future(); }
  /// On its core: it ends at its next step; at once where it owns the core.
  void end();
  bool ended() const { return ended_; }
  /// Whether it is being told of changes, and the revision of the other one that the copy is at. Any thread.
  bool current() const;
  std::int64_t revision() const;
  std::size_t losses() const { return losses_; }  ///< attempts that failed

  void check_copy() const override;
  std::vector<std::string> lineage() const override;
  task<> enroll(std::string name, registration, bool safe) override;
  task<> set_metadata(std::string name, std::vector<std::string> tags) override;
  task<std::int64_t> remove(std::optional<std::string> name, std::optional<std::string> prefix, std::optional<std::string> regex) override;
  task<> lease(std::string name, double seconds) override;
  task<std::map<std::string, std::optional<std::string>>> renew(std::map<std::string, std::string> uris) override;
  void keep(const std::string& name, const registration&) override;
  void drop(const std::string& name) override;

 private:
  class nap;
  /// Somebody's change: in the copy once that is at `revision`, or was begun anew after `session`.
  struct waiting {
    std::uint64_t session;
    std::int64_t revision;
    promise<void> copied;
  };
  task<> follow();
  task<std::string> follow_once();
  void join(std::vector<std::string> lineage);
  void hear(name_change);
  void reach(std::int64_t revision, bool anew);
  void stop_waiting(const std::string& why);
  void lose(const std::string& why);
  void say_lost(const std::string& why) const;
  void note_tried();
  [[noreturn]] void refuse(const std::string& why) const;
  void check_followed() const;
  task<> see_own_change();
  future<void> when_copied(std::int64_t revision);

  NameServer& copy_;
  core& home_;
  const bool owns_home_;
  const replica_options options_;
  const std::chrono::milliseconds patience_;
  const proxy<name_server> names_;
  const proxy<live_names> live_;
  std::vector<named_registration> standing_{};  // what is listed, until all is
  nap* napping_ = nullptr;
  bool ending_ = false, reached_ = false, tried_once_ = false, said_ = false;
  std::atomic<bool> ended_{false}, has_copy_{false};
  std::atomic<std::size_t> losses_{0};
  promise<void> tried_{}, end_{};
  future<void> end_seen_ = end_.get_future();
  mutable std::mutex mutex_{};
  std::uint64_t session_ = 0;  // one for each time that it begins to watch
  std::int64_t revision_ = 0;
  std::vector<std::string> lineage_{};
  std::string why_lost_{};  // empty: it is followed, or may be in a moment
  bool current_ = false;
  std::vector<waiting> waiting_{};
};

}  // namespace engine
