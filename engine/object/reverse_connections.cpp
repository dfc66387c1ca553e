// See reverse_connections.hpp.
#include <engine/object/reverse_connections.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <codec/digest.hpp>
#include <engine/core/foreign.hpp>
#include <engine/io/log.hpp>
#include <engine/link/uuid.hpp>

namespace engine::detail {

namespace {

// In the idiom of Pyro's "./u:<<not-bound>>": no file has this name.
constexpr std::string_view before_id = "<<through-", after_id = ">>";
constexpr std::size_t most_waiting = 4;
constexpr std::chrono::seconds patience{5};

// A few hundred bytes on a fresh socket: they fit, or the peer is none of ours.
bool send_now(int socket, const output& unsent) {
  bool all = true;
  unsent.each_since({}, [&](std::span<const std::byte> part) {
    all = all && ::send(socket, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(part.size());
  });
  return all;
}

}  // namespace

std::string reverse_id_of_secret(std::string_view secret) {
  const sha1_digest whole = message_digest(secret, std::as_bytes(std::span(std::string_view("a daemon's name"))), {});
  return hex_text(std::as_bytes(std::span(whole)).first(16));
}

std::string reverse_location(std::string_view id) { return "./u:" + std::string(before_id) + std::string(id) + std::string(after_id); }

std::optional<std::string> reverse_id_of(const engine::uri& where) {
  const std::string_view name = where.sockname();
  if (!name.starts_with(before_id) || !name.ends_with(after_id)) return std::nullopt;
  return std::string(name.substr(before_id.size(), name.size() - before_id.size() - after_id.size()));
}

/// One socket and its watch. They end on their own core, because a watch ends before its descriptor is closed.
class reverse_connections::parked {
 public:
  parked(int s, core& on, const void* whose) : owner(whose), door_(on.door()), all_(std::make_unique<watched>(s)) {}
  ~parked() {
    if (!door_->leads_here()) door_->post([last = std::move(all_)] {});  // a core that has ended watches nothing any more
  }
  parked(const parked&) = delete;
  parked& operator=(const parked&) = delete;
  int socket() const { return all_->socket; }
  void watch_for(core& on, std::function<void()> readable) { all_->watch = watch(on, all_->socket, std::move(readable)); }

  const void* const owner;

 private:
  struct watched {
    explicit watched(int s) : socket(s) {}
    ~watched() {
      watch = {};
      // A copy of the descriptor lives on, so the backend would not notice that this one is gone.
      if (core* const here = core::current()) here->io().let_go(socket);
      ::close(socket);
    }
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;
    int socket;
    watch_handle watch{};
  };
  std::shared_ptr<core_door> door_;
  std::unique_ptr<watched> all_;
};

reverse_connections& reverse_connections::instance() {
  static reverse_connections one;
  return one;
}

void reverse_connections::park(const std::string& id, core& on, loose_connection offered, const void* owner) {
  auto made = std::make_shared<parked>(offered.socket, on, owner);
  const parked* const which = made.get();
  made->watch_for(on, [this, id, which] { hung_up(id, which); });  // it has nothing to say before it is taken
  const std::scoped_lock lock(mutex_);
  // With the lock held: as soon as the other side has its answer, somebody may want to call it.
  if (!offered.unread.empty() || !send_now(offered.socket, offered.unsent)) return;
  if (++parks_ > by_id_.size()) forget_the_gone(std::chrono::steady_clock::now());
  auto& queue = by_id_[id].queue;
  if (queue.size() >= most_waiting) return log_warning("more connections for being called are offered than are used: one is closed");
  queue.push_back(std::move(made));
  arrived_.notify_all();
}

/// Programs whose last connection was taken into use, and that have not dialled another.
void reverse_connections::forget_the_gone(time_point now) {
  parks_ = 0;
  std::erase_if(by_id_, [&](const auto& each) { return each.second.queue.empty() && now - each.second.empty_since > patience; });
}

std::expected<int, io_error> reverse_connections::take(const std::string& id, time_point deadline) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto known = by_id_.find(id);
    if (known == by_id_.end()) return std::unexpected(io_error{ENOTCONN, "the program that has it is not connected"});
    room& of = known->second;
    const time_point now = std::chrono::steady_clock::now();
    if (!of.queue.empty()) {
      const auto found = std::move(of.queue.front());
      of.queue.pop_front();
      of.empty_since = now;
      const int mine = ::fcntl(found->socket(), F_DUPFD_CLOEXEC, 0);
      if (mine < 0) return std::unexpected(io_error{errno, "dup"});
      return mine;
    }
    if (now - of.empty_since > patience) {
      by_id_.erase(known);
      continue;
    }
    if (now >= deadline) return std::unexpected(io_error{ETIMEDOUT, "waiting for the program that has it"});
    arrived_.wait_until(lock, std::min(deadline, of.empty_since + patience + std::chrono::milliseconds(1)));
  }
}

void reverse_connections::hung_up(const std::string& id, const parked* which) {
  std::shared_ptr<parked> gone;  // after the lock
  const std::scoped_lock lock(mutex_);
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  auto& queue = known->second.queue;
  const auto at = std::ranges::find(queue, which, [](const auto& each) { return each.get(); });
  if (at == queue.end()) return;
  gone = std::move(*at);
  queue.erase(at);
  if (queue.empty()) by_id_.erase(known);
  arrived_.notify_all();
}

void reverse_connections::drop_all_of(const void* owner) {
  std::deque<std::shared_ptr<parked>> gone;
  const std::scoped_lock lock(mutex_);
  for (auto at = by_id_.begin(); at != by_id_.end();) {
    auto& queue = at->second.queue;
    const std::size_t before = gone.size();
    std::ranges::copy_if(queue, std::back_inserter(gone), [&](const auto& one) { return one->owner == owner; });
    std::erase_if(queue, [&](const auto& one) { return one->owner == owner; });
    at = queue.empty() && gone.size() > before ? by_id_.erase(at) : std::next(at);
  }
  arrived_.notify_all();
}

std::size_t reverse_connections::waiting(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? 0 : known->second.queue.size();
}

}  // namespace engine::detail
