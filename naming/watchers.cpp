// See watchers.hpp.
#include <naming/watchers.hpp>

#include <algorithm>
#include <coroutine>
#include <deque>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include <engine/core/core.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace detail {

/// The names that stood at some moment, shared by all who began to watch then.
struct standing_names {
  standing_names(std::int64_t at, std::vector<named_registration> all, std::shared_ptr<std::atomic<std::size_t>> count)
      : revision(at), names(std::move(all)), counted(std::move(count)) {
    *counted += names.size();
  }
  ~standing_names() { *counted -= names.size(); }
  standing_names(const standing_names&) = delete;
  standing_names& operator=(const standing_names&) = delete;

  const std::int64_t revision;
  const std::vector<named_registration> names;  // in order
  const std::shared_ptr<std::atomic<std::size_t>> counted;
};

class watching;

/// What is between the threads that make changes and the stream of one watcher.
class watcher : public std::enable_shared_from_this<watcher> {
 public:
  watcher(std::string prefix, std::size_t backlog) : prefix_(std::move(prefix)), backlog_(backlog), home_(core::current()->door()) {}

  const std::string& prefix() const { return prefix_; }

  // Any thread.
  void add(const std::shared_ptr<const name_change>& change);
  /// Nothing follows, nor is what waits wanted.
  void end();

  // On its core.
  void read_by(watching* reader) { reader_ = reader; }
  /// Wakes the reader when something is there, at once if it is already.
  void sleep();
  enum class found { nothing, change, missed, end };
  found take(std::optional<name_change>& next);

 private:
  void wake();
  static std::size_t cost(const name_change&);

  const std::string prefix_;
  const std::size_t backlog_;
  const std::shared_ptr<core_door> home_;
  watching* reader_ = nullptr;
  std::mutex mutex_{};
  std::deque<std::shared_ptr<const name_change>> changes_{};
  std::size_t bytes_ = 0;
  bool asleep_ = false, missed_ = false, ended_ = false;
};

/// A watcher's stream.
class watching final : public stream_source<name_change>, private timer {
 public:
  watching(std::shared_ptr<watcher> w, std::shared_ptr<const standing_names> stand, const std::atomic<std::int64_t>& revision, std::chrono::nanoseconds quiet)
      : watcher_(std::move(w)), standing_(std::move(stand)), revision_(revision), quiet_(quiet), home_(*core::current()) {
    watcher_->read_by(this);
    const auto& names = standing_->names;
    const auto first = std::ranges::lower_bound(names, watcher_->prefix(), {}, &named_registration::name);
    position_ = static_cast<std::size_t>(first - names.begin());
  }
  ~watching() override { watcher_->read_by(nullptr); }

  bool pull() override { return next_ || missed_ || ended_ || over_ || (standing_ ? list() : bring()); }
  void resume_when_pulled(std::coroutine_handle<> waiting) override;
  [[noreturn]] void wait_pulled() override { throw would_block("changes of names are waited for on the core that watches them"); }
  std::optional<name_change> take() override;
  void give_up() override { watcher_->end(); }

  /// Something may be there.
  void awake();

 private:
  bool list();
  bool bring();
  void expired() override;
  /// So that a reader that nobody waits for any more does not wait either.
  struct end_it {
    std::shared_ptr<watcher> of;
    void operator()() const { of->end(); }
  };

  const std::shared_ptr<watcher> watcher_;
  std::shared_ptr<const standing_names> standing_;  // until all have been told
  std::size_t position_ = 0;
  const std::atomic<std::int64_t>& revision_;
  const std::chrono::nanoseconds quiet_;
  core& home_;
  std::optional<name_change> next_{};
  bool missed_ = false, ended_ = false, over_ = false;
  std::coroutine_handle<> waiting_{};
  std::optional<std::stop_callback<end_it>> unwanted_{};
};

// ---- between them

std::size_t watcher::cost(const name_change& c) {
  std::size_t bytes = sizeof c + c.name.size() + c.uri.size();
  for (const std::string& tag : c.metadata) bytes += sizeof tag + tag.size();
  return bytes;
}

void watcher::add(const std::shared_ptr<const name_change>& change) {
  if (!std::string_view(change->name).starts_with(prefix_)) return;
  {
    const std::scoped_lock lock(mutex_);
    if (missed_ || ended_) return;
    bytes_ += cost(*change);
    changes_.push_back(change);
    missed_ = bytes_ > backlog_;
    if (missed_) changes_ = {};
    if (!std::exchange(asleep_, false)) return;
  }
  wake();
}

void watcher::end() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changes_ = {};
    asleep_ = false;
  }
  wake();
}

void watcher::wake() {
  home_->post([self = shared_from_this()] {
    if (self->reader_) self->reader_->awake();
  });
}

void watcher::sleep() {
  {
    const std::scoped_lock lock(mutex_);
    asleep_ = changes_.empty() && !missed_ && !ended_;
    if (asleep_) return;
  }
  wake();
}

watcher::found watcher::take(std::optional<name_change>& next) {
  const std::scoped_lock lock(mutex_);
  if (ended_) return found::end;
  if (missed_) return found::missed;
  if (changes_.empty()) return found::nothing;
  next = *changes_.front();
  bytes_ -= cost(*next);
  changes_.pop_front();
  return found::change;
}

// ---- the stream

bool watching::list() {
  const auto& names = standing_->names;
  if (position_ < names.size() && names[position_].name.starts_with(watcher_->prefix())) {
    const auto& [name, at] = names[position_++];
    next_ = {.what = "listed", .name = name, .uri = at.uri, .metadata = at.tags, .revision = standing_->revision};
  } else {
    next_ = {.what = "current", .revision = standing_->revision};
    standing_.reset();
  }
  return true;
}

bool watching::bring() {
  const auto found = watcher_->take(next_);
  missed_ = found == watcher::found::missed;
  ended_ = found == watcher::found::end;
  return found != watcher::found::nothing;
}

void watching::resume_when_pulled(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  home_.timers().arm(*this, home_.io().now() + quiet_);
  if (call_context* const asks = current_call()) unwanted_.emplace(asks->stop_token(), end_it{watcher_});
  watcher_->sleep();
}

void watching::awake() {
  if (!waiting_) return;
  if (!pull()) return watcher_->sleep();
  disarm();
  unwanted_.reset();
  std::exchange(waiting_, {}).resume();
}

void watching::expired() {
  const std::int64_t now = revision_.load(std::memory_order_acquire);  // first: what was told until then is there by now
  if (!pull()) next_ = {.what = "quiet", .revision = now};
  awake();
}

std::optional<name_change> watching::take() {
  if (std::exchange(ended_, false)) {
    over_ = true;
    throw naming_error("the name server has ended");
  }
  if (std::exchange(missed_, false)) {
    over_ = true;
    throw naming_error("changes were missed: they came faster than this watcher took them; watch anew");
  }
  return std::exchange(next_, std::nullopt);
}

}  // namespace detail

// ---- all of them

watchers::~watchers() {
  for (const auto& each : all_)
    if (const auto there = each.lock()) there->end();
}

std::size_t watchers::size() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(all_, [](const auto& each) { return !each.expired(); }));
}

stream<name_change> watchers::begin(std::string prefix, std::chrono::nanoseconds quiet, const listing& stand) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(all_, [](const auto& each) { return each.expired(); });
  if (all_.size() >= limits_.watchers) throw naming_error("too many watchers: " + std::to_string(limits_.watchers) + " is the most");
  auto stood = standing(stand);
  auto added = std::make_shared<detail::watcher>(std::move(prefix), limits_.backlog);
  all_.push_back(added);
  return stream<name_change>(std::make_unique<detail::watching>(std::move(added), std::move(stood), revision_, quiet));
}

/// Those who begin at the same moment, as all do who have lost a name server, share the list.
std::shared_ptr<const detail::standing_names> watchers::standing(const listing& stand) {
  if (auto last = last_standing_.lock(); last && last->revision == revision()) return last;
  if (*listed_ > limits_.listed) throw naming_error("too many watchers are beginning at once: try again later");
  auto all = stand();
  std::ranges::sort(all, {}, &named_registration::name);
  auto made = std::make_shared<const detail::standing_names>(revision(), std::move(all), listed_);
  last_standing_ = made;
  return made;
}

void watchers::tell(const std::string& name, const registration* now, bool tags_only) {
  const std::scoped_lock lock(mutex_);
  const std::int64_t next = revision() + 1;
  if (!all_.empty()) {
    auto change = std::make_shared<name_change>();
    change->what = !now ? "removed" : tags_only ? "tagged" : "registered";
    change->name = name;
    if (now) {
      change->uri = now->uri;
      change->metadata = now->tags;
    }
    change->revision = next;
    std::erase_if(all_, [&](const auto& each) {
      const auto there = each.lock();
      if (there) there->add(change);
      return !there;
    });
  }
  revision_.store(next, std::memory_order_release);
}

}  // namespace engine
