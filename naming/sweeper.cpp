// See sweeper.hpp.
#include <naming/sweeper.hpp>

#include <set>

#include <engine/io/address.hpp>
#include <engine/io/log.hpp>
#include <engine/link/channel.hpp>
#include <engine/object/error.hpp>

namespace engine {

sweeper::sweeper(NameServer& of, sweeper_options options)
    : names_(of), options_(options), thread_([this](std::stop_token stop) { serve(std::move(stop)); }) {}

sweeper::~sweeper() = default;

void sweeper::serve(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, stop, options_.every, [] { return false; }) && !stop.stop_requested()) {
    std::set<std::string> there;
    for (const auto& [name, at] : names_.everything()) {
      if (stop.stop_requested()) return;
      there.insert(name);
      if (name != name_server_id && name != "Pyro.Daemon") look_at(name, at.uri);
    }
    std::erase_if(unreachable_, [&](const auto& each) { return !there.contains(each.first); });
  }
}

void sweeper::look_at(const std::string& name, const std::string& where) {
  if (reachable(where)) {
    unreachable_.erase(name);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const auto since = unreachable_.try_emplace(name, now).first->second;
  if (now - since < options_.unreachable) return;
  log_info("autoclean: unregistering {}; cannot connect uri {} for {} sec", name, where, std::chrono::duration<double>(options_.unreachable).count());
  unreachable_.erase(name);
  try {
    names_.drop_if(name, where);  // it may have come back meanwhile, at another address
  } catch (const error& e) {
    log_error("autoclean: {} is still registered: {}", name, e.what());
  }
}

// What cannot be connected to by its kind, such as another name, is left alone.
bool sweeper::reachable(const std::string& where) const {
  try {
    const uri at(where);
    if (at.protocol() != uri_protocol::pyro) return true;
    std::vector<address> candidates;
    if (!at.sockname().empty()) {
      if (auto socket = address::unix_socket(at.sockname())) candidates.push_back(*socket);
    } else if (auto found = address::resolve(at.host(), static_cast<std::uint16_t>(at.port()), 0)) {
      candidates = std::move(*found);
    }
    for (const address& a : candidates)
      if (channel::connect(a, std::chrono::steady_clock::now() + options_.timeout, {})) return true;
    return false;
  } catch (const error&) {
    return true;
  }
}

}  // namespace engine
