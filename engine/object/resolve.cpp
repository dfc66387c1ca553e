// See resolve.hpp.
#include <engine/object/resolve.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <random>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <engine/object/error.hpp>
#include <engine/object/name_servers.hpp>
#include <engine/object/proxy.hpp>

namespace engine {

namespace {

uri look_up(const uri& where, const proxy<>& names) {
  if (where.protocol() == uri_protocol::pyroname) return names["lookup"](where.object()).as<uri>();
  const std::vector<std::string> tags(where.tags().begin(), where.tags().end());
  const value found = names["list"](kw("metadata_all", tags));
  const auto candidates = found.entries();
  if (candidates.empty()) {
    std::string set;
    for (const std::string& tag : tags) set += (set.empty() ? "" : ", ") + to_repr(value(tag));
    throw naming_error("no registrations available with desired metadata properties {" + set + "}");
  }
  thread_local std::minstd_rand random{std::random_device{}()};
  return candidates[std::uniform_int_distribution<std::size_t>(0, candidates.size() - 1)(random)].item.as<uri>();
}

locate_options name_server_of(const uri& where, const proxy_options& how) {
  locate_options at;
  at.host = where.sockname().empty() ? where.host() : "./u:" + where.sockname();
  at.port = where.port();
  at.hmac_key = how.hmac_key;
  at.settings = how.settings ? *how.settings : settings::from_environment();
  at.timeout = how.timeout.value_or(std::chrono::milliseconds(0));
  return at;
}

/// Whether there is time for another look.
bool wait_a_while(std::chrono::steady_clock::time_point limit, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds pause{500};  // Pyro's
  const auto now = std::chrono::steady_clock::now();
  if (now >= limit || stop.stop_requested()) return false;
  std::mutex nobody;
  std::condition_variable_any changed;
  std::unique_lock lock(nobody);
  changed.wait_until(lock, stop, std::min(limit, now + pause), [] { return false; });
  return !stop.stop_requested();
}

uri resolve_until(const std::stop_token& stop, const uri& where, const proxy_options& how, std::optional<std::chrono::milliseconds> patience) {
  if (where.protocol() == uri_protocol::pyro) return where;
  const locate_options at = name_server_of(where, how);
  const auto limit =
      std::chrono::steady_clock::now() + patience.value_or(std::chrono::milliseconds(static_cast<std::int64_t>(at.settings->ns_lookup_delay * 1000)));
  for (;;) {
    try {
      return detail::name_servers::instance().ask(at, [&](const proxy<>& names) { return look_up(where, names); });
    } catch (const naming_error&) {
      if (!wait_a_while(limit, stop)) throw;
    }
  }
}

/// The threads of lookups that nobody waits for by blocking: none outlives it. At the end of the program what still waits is given up.
class lookups {
 public:
  static lookups& instance() {
    detail::name_servers::instance();  // outlives it
    static lookups one;
    return one;
  }
  ~lookups() {
    for (running& each : all_) each.thread.request_stop();
    detail::name_servers::instance().give_up();
  }
  void start(std::move_only_function<void(const std::stop_token&)> work) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(all_, [](const running& each) { return each.over->load(); });
    auto over = std::make_shared<std::atomic<bool>>(false);
    all_.push_back({over, std::jthread([over, work = std::move(work)](const std::stop_token& stop) mutable {
                      work(stop);
                      over->store(true);
                    })});
  }

 private:
  struct running {
    std::shared_ptr<std::atomic<bool>> over;
    std::jthread thread;
  };
  std::mutex mutex_{};
  std::list<running> all_{};
};

}  // namespace

uri resolve(const uri& where, const proxy_options& how, std::optional<std::chrono::milliseconds> patience) {
  return resolve_until({}, where, how, patience);
}

future<uri> resolve_later(uri where, proxy_options how, std::optional<std::chrono::milliseconds> patience) {
  promise<uri> found;
  auto later = found.get_future();
  lookups::instance().start([found = std::move(found), where = std::move(where), how = std::move(how), patience](const std::stop_token& stop) mutable {
    try {
      found.succeed(resolve_until(stop, where, how, patience));
    } catch (...) {
      found.fail(std::current_exception());
    }
  });
  return later;
}

}  // namespace engine
