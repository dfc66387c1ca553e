// The listener of a daemon that listens on nothing: it dials the daemon of its callers, says in CONNECT that the connection is for being called
// (reverse_connections.hpp), and gives it away; when it has been taken into use, it dials the next. A daemon that cannot be reached is
// tried again, with pauses that grow. Lives on one core.
#pragma once

#include <cstdint>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <engine/core/core.hpp>
#include <engine/core/task.hpp>
#include <engine/link/connection.hpp>
#include <engine/object/proxy_options.hpp>
#include <engine/object/uri.hpp>

namespace engine {

class core_channel;

struct reverse_options {
  uri where{};             ///< of any object of the daemon dialled
  std::string secret{};    ///< 16 bytes
  proxy_options options{}; ///< settings, handshake, key and timeout; all set
};

class reverse_listener final : private timer {
 public:
  /// `first`: told once how the first dialling has ended, nullptr: well. Throws communication_error if the location cannot be resolved;
  /// blocks for that. A host that cannot be connected to is looked up again, on a thread of its own. The rest is said on the core's thread.
  reverse_listener(core&, reverse_options, std::function<void(std::exception_ptr)> first);
  reverse_listener(const reverse_listener&) = delete;
  reverse_listener& operator=(const reverse_listener&) = delete;

  /// The next connection; nothing after stop(), and when the first dialling failed.
  task<std::optional<loose_connection>> next();
  /// co_await in_use(): until used() or stop().
  auto in_use() {
    struct awaiter {
      reverse_listener& of;
      bool await_ready() const { return of.used_ || of.stopped_; }
      void await_suspend(std::coroutine_handle<> h) { of.waiting_ = h; }
      void await_resume() const {}
    };
    return awaiter{*this};
  }
  /// The connection given last has been called, or it is lost.
  void used(bool called);
  /// For what is dialled from now on.
  void set_hmac_key(const std::string& key) { how_.options.hmac_key = key; }
  void stop();

 private:
  struct pause;
  struct next_pass;
  task<loose_connection> dial();
  task<> connect(core_channel&);
  task<> look_up(core_channel&);
  void expired() override { wake(); }
  void wake();

  core& core_;
  reverse_options how_;
  std::vector<address> addresses_{};
  std::function<void(std::exception_ptr)> first_;
  core_channel* dialling_ = nullptr;
  std::coroutine_handle<> waiting_{};
  std::chrono::milliseconds pause_{0};
  time_point dialled_{};
  bool used_ = false, stopped_ = false;
};

}  // namespace engine
