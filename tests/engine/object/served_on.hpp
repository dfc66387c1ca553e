// A served object on cores the test can look into: what a daemon is made of, without the daemon around it.
#pragma once

#include <engine/core/cores.hpp>
#include <engine/object/server.hpp>

#include "object_support.hpp"

namespace engine::test {

template <class T> class served {
 public:
  explicit served(T& object, backend_choice backend = backend_choice::automatic) : cores_([&] {
    cores_options o;
    o.each.spin = 0us;
    o.each.backend = backend;
    return o;
  }()) {
    host_.settings = quiet_settings();
    host_.accepted.insert(host_.settings.serializers_accepted.begin(), host_.settings.serializers_accepted.end());
    host_.upgrade = true;
    host_.objects.add({.id = "object", .object = &object, .table = &interface_of<T>()}, false);
    server_.add_core(cores_[0]);
    on_core([&](core&) { at_ = server_.listen(0, address::resolve("127.0.0.1", 0, 4)->front(), {}).value(); });
  }
  ~served() {
    server_.stop_listening();
    on_core([&](core&) { server_.close_connections(0); });
    server_.wait_until_idle();
    cores_.stop();
    cores_.join();
  }
  engine::uri uri() const { return "PYRO:object@127.0.0.1:" + std::to_string(at_.port()); }
  void on_core(const std::function<void(core&)>& f) { cores_.run_on(0, f); }
  io_counters counters() {
    io_counters c;
    on_core([&](core& home) { c = home.io().counters(); });
    return c;
  }

 private:
  hosting host_;
  server server_{host_, {}};
  address at_{};
  cores cores_;  // last: its thread uses all of the above
};

}  // namespace engine::test
