// See enrollment.hpp.
#include <engine/object/enrollment.hpp>

#include <algorithm>
#include <map>
#include <optional>

#include <engine/io/log.hpp>
#include <engine/object/error.hpp>
#include <engine/object/proxy.hpp>

namespace engine::detail {

namespace {
constexpr std::chrono::milliseconds patience{2000};  // a name server that has gone does not hold up the end of a daemon for longer
constexpr std::chrono::hours longest_wait{1};

proxy<> names_of(const enrolled_as& how) { return proxy_access::around<proxy<>>(locate(how.names)); }

/// What gives leases, beside the name server that is found (naming/live_names.hpp).
proxy<> leases_of(const enrolled_as& how) {
  const std::string at = uri_of(names_of(how)).to_string();
  proxy_options options{.hmac_key = how.names.hmac_key, .settings = how.names.settings};
  if (how.names.timeout.count() > 0) options.timeout = how.names.timeout;
  return proxy<>("PYRO:Engine.NameServer" + at.substr(at.find('@')), std::move(options));
}

void enroll_leased(const enrolled_as& how, const uri& where) {
  const double seconds = std::chrono::duration<double>(how.lease).count();
  try {
    leases_of(how)["register"](how.name, where, seconds, how.safe, how.tags);
  } catch (const naming_error&) {
    throw;
  } catch (const error& e) {
    if (std::string_view(e.what()).find("unknown object") == std::string_view::npos) throw;
    throw naming_error("this name server gives no leases: it is not one of ours (engine-ns)");
  }
}
}  // namespace

void enrollments::add(enrolled_as how, const uri& where) {
  const bool leased = how.lease.count() != 0;
  if (leased) enroll_leased(how, where);
  else names_of(how)["register"](how.name, where, how.safe, how.tags);
  const std::scoped_lock lock(mutex_);
  std::erase_if(all_, [&](const enrolled& each) { return each.how.name == how.name; });
  const auto next = leased ? clock::now() + how.lease / 3 : clock::time_point::max();
  all_.push_back({std::move(how), where, next});
  if (leased && !renewing_.joinable()) renewing_ = std::jthread([this](std::stop_token stop) { renew_all(std::move(stop)); });
  added_ = true;
  changed_.notify_all();
}

// ---- leases

/// One name after the other, without the lock while a name server is asked.
void enrollments::renew_all(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto due = std::ranges::min_element(all_, {}, &enrolled::next);
    if (due == all_.end() || due->next > clock::now()) {
      added_ = false;
      const auto until = due == all_.end() ? clock::now() + longest_wait : std::min(due->next, clock::now() + longest_wait);
      changed_.wait_until(lock, stop, until, [this] { return added_; });
      continue;
    }
    enrolled mine = *due;
    lock.unlock();
    renew(mine);
    lock.lock();
    const auto still = std::ranges::find_if(all_, [&](const enrolled& each) { return each.how.name == mine.how.name && each.where == mine.where; });
    if (still == all_.end()) continue;
    still->next = clock::now() + still->how.lease / 3;
    still->lost = mine.lost;
  }
}

/// What has become of the name decides: it is kept, it is registered anew, or it is somebody else's.
void enrollments::renew(enrolled& mine) {
  enrolled_as how = mine.how;
  if (how.names.timeout.count() == 0) how.names.timeout = patience;
  const bool told = mine.lost;
  mine.lost = true;
  try {
    const std::map<std::string, std::string> name{{how.name, mine.where.to_string()}};
    const auto others = leases_of(how)["renew"](name).as<std::map<std::string, std::optional<std::string>>>();
    if (const auto at = others.find(how.name); at == others.end() || at->second == mine.where.to_string()) {
      mine.lost = false;
    } else if (!at->second) {
      how.safe = true;  // somebody may have been quicker
      enroll_leased(how, mine.where);
      log_info("{} was registered anew: its name server had lost it", how.name);
      mine.lost = false;
    } else if (!told) {
      log_warning("{} stands for something else meanwhile: {}", how.name, *at->second);
    }
  } catch (const std::exception& e) {
    if (!told) log_warning("the lease of {} was not renewed: {}", how.name, e.what());
  }
}

void enrollments::end_renewing() {
  std::jthread last;
  {
    const std::scoped_lock lock(mutex_);
    last.swap(renewing_);
  }
  last.request_stop();
}

// ---- the end

void enrollments::withdraw() noexcept {
  end_renewing();
  const std::scoped_lock lock(mutex_);
  for (enrolled& each : std::exchange(all_, {})) {
    if (each.how.names.timeout.count() == 0) each.how.names.timeout = patience;
    each.how.names.broadcast = false;
    try {
      const auto names = names_of(each.how);
      if (names["lookup"](each.how.name).as<uri>() == each.where) names["remove"](each.how.name);
    } catch (const std::exception& e) {
      log_warning("{} is still registered: {}", each.how.name, e.what());
    }
  }
}

}  // namespace engine::detail
