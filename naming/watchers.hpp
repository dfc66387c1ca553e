// Those who watch a name server. Each reads a stream: the names that stood when it began, then what has changed since. A watcher that waits costs
// memory and a timer, one that does not read in time is told that it has missed something, one that goes away is forgotten.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <engine/core/stream.hpp>
#include <naming/name_change.hpp>
#include <naming/storage.hpp>

namespace engine {

struct watch_limits {
  std::size_t watchers = 1000;             ///< at once
  std::size_t backlog = 4 * 1024 * 1024;   ///< bytes of changes that one watcher has not taken yet
  std::size_t listed = 4'000'000;          ///< names that all watchers together have yet to be told at their beginning; the first may have more
};

namespace detail {
class watcher;
struct standing_names;
}  // namespace detail

class watchers {
 public:
  /// The names that stand, in any order.
  using listing = std::function<std::vector<named_registration>()>;
  explicit watchers(watch_limits limits = {}) : limits_(limits) {}
  watchers(const watchers&) = delete;
  watchers& operator=(const watchers&) = delete;
  /// Streams that are left have ended.
  ~watchers();

  // One at a time, in the order of the changes: whoever makes them holds a lock.
  /// To be told from now on of what begins with `prefix`, and of nothing happening for `quiet`. On a core, where the stream is then read. Throws
  /// naming_error when there are too many.
  stream<name_change> begin(std::string prefix, std::chrono::nanoseconds quiet, const listing& stand);
  /// `now` nullptr: removed; `tags_only`: it stands for what it did.
  void tell(const std::string& name, const registration* now, bool tags_only);

  // Any thread.
  std::int64_t revision() const { return revision_.load(std::memory_order_acquire); }
  std::size_t size() const;

 private:
  std::shared_ptr<const detail::standing_names> standing(const listing&);

  const watch_limits limits_;
  std::atomic<std::int64_t> revision_{0};
  mutable std::mutex mutex_{};
  std::vector<std::weak_ptr<detail::watcher>> all_{};  // few; those that have gone are taken out by the next change
  std::weak_ptr<const detail::standing_names> last_standing_{};
  std::shared_ptr<std::atomic<std::size_t>> listed_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace engine
