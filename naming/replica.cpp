// See replica.hpp.
#include <naming/replica.hpp>

#include <algorithm>
#include <utility>

#include <engine/io/log.hpp>
#include <engine/object/core_remote.hpp>
#include <engine/object/error.hpp>
#include <naming/live_names.hpp>

namespace engine {

/// co_await, by name: a while, unless it is woken.
class replica::nap final : public timer {
 public:
  nap(replica& of, std::chrono::nanoseconds length) : of_(of), until_(of.home_.io().now() + length) {}
  bool await_ready() const { return of_.ending_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    of_.napping_ = this;
    of_.home_.timers().arm(*this, until_);
  }
  void await_resume() { of_.napping_ = nullptr; }
  void wake() {
    disarm();
    expired();
  }

 private:
  void expired() override { std::exchange(waiting_, {}).resume(); }
  replica& of_;
  const time_point until_;
  std::coroutine_handle<> waiting_{};
};

namespace {

constexpr double usual_patience = 10;
constexpr std::chrono::milliseconds least_pause{50};

std::chrono::milliseconds patience_of(const settings& s) {
  return std::chrono::milliseconds(static_cast<std::int64_t>((s.comm_timeout > 0 ? s.comm_timeout : usual_patience) * 1000));
}

template <class Object> proxy<Object> proxy_of(const char* id, const replica_options& o, std::chrono::milliseconds patience) {
  return proxy<Object>("PYRO:" + std::string(id) + "@" + o.of, {.timeout = patience, .hmac_key = o.hmac_key, .settings = o.settings});
}

}  // namespace

replica::replica(NameServer& copy, core& home, bool owns_home, replica_options options)
    : copy_(copy), home_(home), owns_home_(owns_home), options_(std::move(options)), patience_(patience_of(options_.settings)),
      names_(proxy_of<name_server>(name_server_id, options_, patience_)), live_(proxy_of<live_names>(live_names_id, options_, patience_)) {
  home_.post([this] {
    task<> following = follow();
    spawn(std::move(following));
  });
}

replica::~replica() {
  if (ended_) return;
  home_.post([this] { end(); });
  end_seen_.wait();
}

void replica::end() {
  ending_ = true;
  // It may be gone when either returns.
  if (napping_) napping_->wake();
  else if (owns_home_) detail::core_remote::hang_up(home_);
}

bool replica::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

std::int64_t replica::revision() const {
  const std::scoped_lock lock(mutex_);
  return revision_;
}

void replica::check_copy() const {
  if (!has_copy_) throw naming_error("this replica has no copy yet of the names of " + options_.of);
}

std::vector<std::string> replica::lineage() const {
  const std::scoped_lock lock(mutex_);
  return lineage_;
}

// ---- following

task<> replica::follow() {
  while (!ending_) {
    task<std::string> following = follow_once();
    const std::string why = co_await following;
    if (ending_) break;
    if (!reached_) lose(why);
    nap pause(*this, reached_ ? std::min(least_pause, options_.retry) : options_.retry);
    co_await pause;
  }
  stop_waiting("this replica has ended");
  note_tried();
  promise<void> last = std::move(end_);  // who waits for it destroys this
  ended_ = true;
  last.succeed();
}

/// As long as it can be watched; why not any more.
task<std::string> replica::follow_once() {
  reached_ = false;
  standing_.clear();
  {
    const std::scoped_lock lock(mutex_);
    ++session_;
  }
  std::string why = "it watches no longer";
  try {
    auto asking = async(live_).watch("", std::chrono::duration<double>(patience_).count() / 4);
    stream<name_change> changes = co_await asking;
    auto tracing = async(live_).lineage();  // not before: who can be watched has been joined to its own line
    join(co_await tracing);
    while (!ending_) {
      auto next = co_await changes.next();
      if (!next) break;
      hear(std::move(*next));
    }
  } catch (const std::exception& e) {
    why = e.what();
  }
  const std::scoped_lock lock(mutex_);
  current_ = false;
  co_return why;
}

/// A circle would send a change round for ever. There is none to begin with, for without a copy nobody is followed, but one that was followed may have been
/// started again as a replica of its own replica.
void replica::join(std::vector<std::string> lineage) {
  if (std::ranges::find(lineage, copy_.identity()) != lineage.end()) throw naming_error("it follows this one itself");
  const std::scoped_lock lock(mutex_);
  lineage_ = std::move(lineage);
}

void replica::hear(name_change c) {
  if (c.what == "listed") {
    standing_.push_back({std::move(c.name), {.uri = std::move(c.uri), .tags = std::move(c.metadata)}});
  } else if (c.what == "current") {
    copy_.copy_all(std::exchange(standing_, {}));
    reach(c.revision, true);
  } else {
    if (c.what != "quiet") copy_.copy_one(c);
    reach(c.revision, false);
  }
}

/// The copy is there now.
void replica::reach(std::int64_t revision, bool anew) {
  std::vector<waiting> heard;
  {
    const std::scoped_lock lock(mutex_);
    revision_ = revision;
    current_ = true;
    if (anew) why_lost_.clear();
    const auto still = [&](const waiting& each) { return each.revision > revision && each.session == session_; };
    const auto gone = std::ranges::partition(waiting_, still);
    std::ranges::move(gone, std::back_inserter(heard));
    waiting_.erase(gone.begin(), gone.end());
  }
  for (waiting& each : heard) each.copied.succeed();
  if (!anew) return;
  reached_ = has_copy_ = true;
  note_tried();
  if (std::exchange(said_, false) && options_.told) options_.told("Replica of " + options_.of + ": it can be reached again, and the names are up to date.");
}

/// Nobody knows when it will be told of the changes that are waited for.
void replica::stop_waiting(const std::string& why) {
  std::vector<waiting> in_vain;
  {
    const std::scoped_lock lock(mutex_);
    in_vain.swap(waiting_);
    why_lost_ = why;
  }
  for (waiting& each : in_vain) {
    each.copied.fail(std::make_exception_ptr(naming_error("the change was made by the name server at " + options_.of + ", which cannot be reached now to tell this replica of it")));
  }
}

void replica::lose(const std::string& why) {
  ++losses_;
  stop_waiting(why);
  if (!std::exchange(said_, true)) say_lost(why);
  note_tried();  // last: who waits for it has heard
}

void replica::note_tried() {
  if (!std::exchange(tried_once_, true)) tried_.succeed();
}

void replica::say_lost(const std::string& why) const {
  log_warning("the name server at {} cannot be reached: {}", options_.of, why);
  if (options_.told)
    options_.told("Replica of " + options_.of + ": it cannot be reached (" + why + "). " +
                  (has_copy_ ? "Names are answered from the copy, and changes refused." : "There is no copy of its names yet."));
}

// ---- changes

void replica::refuse(const std::string& why) const {
  throw naming_error("changes are refused: the name server at " + options_.of + ", which this one is a replica of, cannot be reached (" + why + ")");
}

/// Who is not followed is not sent changes either: they might come back from there.
void replica::check_followed() const {
  check_copy();
  std::string why;
  {
    const std::scoped_lock lock(mutex_);
    why = why_lost_;
  }
  if (!why.empty()) refuse(why);
}

task<> replica::enroll(std::string name, registration r, bool safe) {
  check_followed();
  try {
    auto asking = r.lease > 0 ? async(live_).enroll(std::move(name), uri(r.uri), r.lease, safe, std::move(r.tags))
                              : async(names_).enroll(std::move(name), uri(r.uri), safe, std::move(r.tags));
    co_await asking;
  } catch (const unreachable& e) {
    refuse(e.what());
  }
  task<> seeing = see_own_change();
  co_await seeing;
}

task<> replica::set_metadata(std::string name, std::vector<std::string> tags) {
  check_followed();
  try {
    auto asking = async(names_).set_metadata(std::move(name), std::move(tags));
    co_await asking;
  } catch (const unreachable& e) {
    refuse(e.what());
  }
  task<> seeing = see_own_change();
  co_await seeing;
}

task<std::int64_t> replica::remove(std::optional<std::string> name, std::optional<std::string> prefix, std::optional<std::string> regex) {
  check_followed();
  std::int64_t removed = 0;
  try {
    auto asking = async(names_).remove(std::move(name), std::move(prefix), std::move(regex));
    removed = co_await asking;
  } catch (const unreachable& e) {
    refuse(e.what());
  }
  task<> seeing = see_own_change();
  co_await seeing;
  co_return removed;
}

// What is leased is no change of the copy.
task<> replica::lease(std::string name, double seconds) {
  check_followed();
  try {
    auto asking = async(live_).lease(std::move(name), seconds);
    co_await asking;
  } catch (const unreachable& e) {
    refuse(e.what());
  }
}

task<std::map<std::string, std::optional<std::string>>> replica::renew(std::map<std::string, std::string> uris) {
  check_followed();
  try {
    auto asking = async(live_).renew(std::move(uris));
    co_return co_await asking;
  } catch (const unreachable& e) {
    refuse(e.what());
  }
}

/// So that who has changed something finds it here.
task<> replica::see_own_change() {
  std::int64_t made = 0;
  try {
    auto asking = async(live_).revision();
    made = co_await asking;
  } catch (const unreachable& e) {
    refuse(e.what());
  }
  future<void> copied = when_copied(made);
  co_await copied;
}

future<void> replica::when_copied(std::int64_t revision) {
  promise<void> copied;
  future<void> seen = copied.get_future();
  const std::scoped_lock lock(mutex_);
  if (current_ && revision_ >= revision) copied.succeed();
  else waiting_.push_back({session_, revision, std::move(copied)});
  return seen;
}

void replica::keep(const std::string& name, const registration& r) {
  check_followed();
  try {
    if (r.lease > 0) proxy<live_names>(live_).enroll(name, uri(r.uri), r.lease, false, r.tags);
    else proxy<name_server>(names_).enroll(name, uri(r.uri), false, r.tags);
    when_copied(proxy<live_names>(live_).revision()).get();
  } catch (const unreachable& e) {
    refuse(e.what());
  }
}

void replica::drop(const std::string& name) {
  check_followed();
  try {
    proxy<name_server>(names_).remove(name);
    when_copied(proxy<live_names>(live_).revision()).get();
  } catch (const unreachable& e) {
    refuse(e.what());
  }
}

}  // namespace engine
