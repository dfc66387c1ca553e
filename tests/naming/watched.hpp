// A name server and what is beside it, as a host has them, for tests that watch it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <naming/live_names.hpp>
#include <naming/locate_live.hpp>

#include "naming_support.hpp"

namespace engine::test {

inline constexpr double never = 3600;

/// "registered a PYRO:x@h:1 [t1 t2] 5"
inline std::string text_of(const name_change& c) {
  std::string text = c.what;
  if (!c.name.empty()) text += " " + c.name;
  if (!c.uri.empty()) text += " " + c.uri;
  for (const std::string& tag : c.metadata) text += " [" + tag + "]";
  return text + " " + std::to_string(c.revision);
}
inline std::string next_of(stream<name_change>& items) {
  const auto next = items.get();
  return next ? text_of(*next) : "the end";
}

/// What is written waits until it is let through, or is refused.
class held_storage final : public storage {
 public:
  explicit held_storage(bool& full) : full_(full) {}
  std::vector<named_registration> load() override { return {{"old", {.uri = "PYRO:old@h:1"}}}; }
  void write(std::span<const registration_change>) override {
    if (full_) throw naming_error("disk full");
  }

 private:
  bool& full_;
};

/// A name server with what is beside it, as a host has them.
class watched {
 public:
  explicit watched(watch_limits limits = {}, std::unique_ptr<storage> kept_in = nullptr, std::function<void()> wake = {}, unsigned cores = 1)
      : object(std::move(kept_in), std::move(wake), limits), live(object), host(everything(cores)) {
    names = proxy<name_server>(host.expose(object, name_server_id, {.shared = true}), quiet_proxy());
    changes = proxy<live_names>(host.expose(live, live_names_id, {.shared = true}), quiet_proxy());
  }
  static daemon_options everything(unsigned cores) {
    auto options = on_loopback(cores);
    options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
    return options;
  }
  static std::unique_ptr<storage> held(bool& full) { return std::make_unique<held_storage>(full); }

  NameServer object;
  LiveNames live;
  daemon host;
  proxy<name_server> names;
  proxy<live_names> changes;
};

}  // namespace engine::test
