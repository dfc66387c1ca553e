// See name_servers.hpp.
#include <engine/object/name_servers.hpp>

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <engine/object/error.hpp>
#include <engine/object/late_sender.hpp>
#include <engine/object/remote.hpp>

namespace engine::detail {

namespace {

constexpr std::size_t most_kept = 8;

bool is_ours(remote& to) {
  const auto held = to.locked();
  return to.talk().own_peer();
}

}  // namespace

name_servers& name_servers::instance() {
  late_sender::instance();  // ends after it
  static name_servers one;
  return one;
}

name_servers::kept::~kept() {
  if (process != ::getpid()) new std::shared_ptr<remote>(std::move(to));  // closing it would end the parent's connection
}

std::shared_ptr<remote> name_servers::find(const locate_options& at) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(all_, [&at, here = ::getpid()](const kept& each) { return each.process == here && !each.lost && each.at == at; });
  if (found == all_.end()) return nullptr;
  ++found->users;
  all_.splice(all_.begin(), all_, found);
  return found->to;
}

void name_servers::add(const locate_options& at, std::shared_ptr<remote> to) {
  const std::scoped_lock lock(mutex_);
  all_.push_front({.at = at, .to = std::move(to), .process = ::getpid(), .users = 1});
}

void name_servers::done(const std::shared_ptr<remote>& to, bool keep) {
  std::list<kept> gone;  // closed without the lock
  const std::scoped_lock lock(mutex_);
  const auto mine = std::ranges::find(all_, to, &kept::to);
  if (mine == all_.end()) return;
  --mine->users;
  mine->lost = mine->lost || !keep;
  if (mine->lost && mine->users == 0) gone.splice(gone.end(), all_, mine);
  const auto oldest = std::ranges::find(all_.rbegin(), all_.rend(), 0u, &kept::users);
  if (all_.size() > most_kept && oldest != all_.rend()) gone.splice(gone.end(), all_, std::prev(oldest.base()));
}

uri name_servers::ask(const locate_options& at, const std::function<uri(const proxy<>&)>& question) {
  for (;;) {
    auto to = find(at);
    const bool known = to != nullptr;
    if (!known) add(at, to = locate(at));
    try {
      uri answer = question(proxy_access::around<proxy<>>(to));
      done(to, is_ours(*to));
      return answer;
    } catch (const timed_out&) {
      done(to, false);
      throw;
    } catch (const unreachable&) {
      done(to, false);
      if (!known) throw;  // else there may be another by now
    } catch (...) {
      done(to, is_ours(*to));
      throw;
    }
  }
}

void name_servers::give_up() {
  std::list<kept> gone;
  {
    const std::scoped_lock lock(mutex_);
    gone.swap(all_);
  }
  for (const kept& each : gone)
    if (each.process == ::getpid()) each.to->release();
}

}  // namespace engine::detail
