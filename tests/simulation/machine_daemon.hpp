// Daemons of the simulated clients, for being called back and for giving streams: one core, one listener, no thread. And what makes objects
// of a simulated host travel as proxies and its streams as references, which a real daemon does by itself.
#pragma once

#include <algorithm>
#include <cassert>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <engine/object/autoproxy.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/server.hpp>
#include <engine/object/stream_argument.hpp>

#include "world.hpp"

namespace engine::simulation {

/// As long as it lives, objects of `host` travel as proxies, and the streams of its cores are given where it is.
class exposing final : private detail::exposer {
 public:
  exposing(hosting& host, std::vector<core*> cores, const address& where) : host_(host), cores_(std::move(cores)), where_(where.to_string()) {
    host_.location = where_;
    host_.locations = {where_};
    detail::add_exposer(*this);
  }
  ~exposing() { detail::remove_exposer(*this); }
  exposing(const exposing&) = delete;
  exposing& operator=(const exposing&) = delete;

 private:
  std::optional<std::string> uri_of(const void* object, const interface_table&) const override {
    const auto id = host_.objects.id_of(object);
    if (!id) return std::nullopt;
    return "PYRO:" + *id + "@" + where_;
  }
  bool works_on(const core& c) const override { return std::ranges::find(cores_, &c) != cores_.end(); }
  detail::given_stream give(std::unique_ptr<open_stream> items) const override {
    return {.daemon = "PYRO:Pyro.Daemon@" + where_, .id = host_.streams.add_unread(std::move(items), cores_.front()->now())};
  }

  hosting& host_;
  std::vector<core*> cores_;
  std::string where_;
};

/// Forgets the streams that were left too long, each second, as a daemon's housekeeping does, while `wanted` says so.
class sweeping final : private timer {
 public:
  sweeping(hosting& host, core& on, std::function<bool()> wanted) : host_(host), on_(on), wanted_(std::move(wanted)) {
    on_.post([this] { again(); });
  }
  /// Once more.
  void look() {
    on_.post([this] { forget(); });
  }

 private:
  void again() {
    if (wanted_()) on_.timers().arm(*this, on_.io().now() + 1s);
  }
  void expired() override {
    forget();
    again();
  }
  void forget() { host_.streams.expire(host_.settings.iter_stream_lifetime, host_.settings.iter_stream_linger, on_.io().now()); }
  hosting& host_;
  core& on_;
  std::function<bool()> wanted_;
};

/// On one machine. Stopped, and the world idle, before it goes.
class machine_daemon {
 public:
  machine_daemon(core& on, const address& where, const settings& how) : on_(on), known_(host_, {&on}, where) {
    host_.settings = how;
    host_.accepted = {"serpent", "msgpack"};
    host_.upgrade = true;
    server_.add_core(on);
    host_.objects.add({.id = daemon_object::id, .object = &own_, .table = &interface_of<daemon_object>(), .shared = true, .never_blocks = true}, false);
    on.post([this, where] {
      [[maybe_unused]] const auto bound = server_.listen(0, where, {});
      assert(bound && *bound == where);
    });
    on.run_once(time_point::min());
  }
  hosting& host() { return host_; }
  bool idle() const { return server_.idle(); }
  template <class T> void expose(T& object, std::string id) { host_.objects.add({.id = std::move(id), .object = &object, .table = &interface_of<T>()}, false); }
  void stop() {
    server_.stop_listening();
    on_.post([this] { server_.close_connections(0); });
  }

 private:
  core& on_;
  hosting host_{};
  daemon_object own_{host_, [] { return std::string("simulated"); }};
  engine::server server_{host_, {}};
  exposing known_;
};

}  // namespace engine::simulation
