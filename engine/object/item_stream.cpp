// See item_stream.hpp.
#include <engine/object/item_stream.hpp>

#include <engine/link/uuid.hpp>
#include <engine/object/error.hpp>

namespace engine {

namespace {

constexpr double until_first_read = 30;  // seconds, where streams do not linger

bool longer_ago(time_point then, double seconds, time_point now) { return now - then > std::chrono::duration<double>(seconds); }

}  // namespace

std::string stream_table::add(std::unique_ptr<open_stream> items, std::uint64_t connection, time_point now) {
  return add({.connection = connection, .made = now}, std::move(items));
}

std::string stream_table::add_unread(std::unique_ptr<open_stream> items, time_point now) {
  return add({.made = now, .left = now}, std::move(items));
}

std::string stream_table::add(entry made, std::unique_ptr<open_stream> items) {
  core* const home = core::current();
  // Its locals are the core's: whoever forgets it last, they are destroyed there.
  const auto destroy = [home](open_stream* s) {
    std::unique_ptr<open_stream> last(s);
    if (home && core::current() != home) home->post([last = std::move(last)] {});
  };
  made.items = std::shared_ptr<open_stream>(items.release(), destroy);
  made.home = home;
  const std::string id = uuid_text(random_uuid());
  const std::scoped_lock lock(mutex_);
  streams_.emplace(id, std::move(made));
  return id;
}

stream_table::entry stream_table::borrow(const std::string& id, std::uint64_t connection) {
  const std::scoped_lock lock(mutex_);
  const auto at = streams_.find(id);
  if (at == streams_.end() || at->second.busy) throw error("item stream terminated");
  at->second.busy = true;
  if (at->second.connection == 0) {
    at->second.connection = connection;
    at->second.left.reset();
  }
  return at->second;
}

void stream_table::put_back(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  if (const auto at = streams_.find(id); at != streams_.end()) at->second.busy = false;
}

void stream_table::forget(const std::string& id) {
  std::shared_ptr<open_stream> last;  // destroyed outside the lock
  const std::scoped_lock lock(mutex_);
  if (const auto at = streams_.find(id); at != streams_.end()) {
    last = std::move(at->second.items);
    streams_.erase(at);
  }
}

void stream_table::close(const std::string& id) {
  {
    const std::scoped_lock lock(mutex_);
    const auto at = streams_.find(id);
    if (at == streams_.end()) return;
    if (at->second.busy && at->second.home) at->second.home->post([items = at->second.items] { items->give_up(); });
  }
  forget(id);
}

void stream_table::connection_ended(std::uint64_t connection, bool linger, time_point now) {
  std::vector<std::shared_ptr<open_stream>> last;
  const std::scoped_lock lock(mutex_);
  for (auto at = streams_.begin(); at != streams_.end();) {
    if (at->second.connection != connection) {
      ++at;
    } else if (linger) {
      at->second.connection = 0;
      at->second.left = now;
      ++at;
    } else {
      last.push_back(std::move(at->second.items));
      at = streams_.erase(at);
    }
  }
}

void stream_table::expire(double lifetime, double linger, time_point now) {
  std::vector<std::shared_ptr<open_stream>> last;
  const std::scoped_lock lock(mutex_);
  for (auto at = streams_.begin(); at != streams_.end();) {
    const entry& e = at->second;
    const bool old = lifetime > 0 && longer_ago(e.made, lifetime, now);
    const bool left = e.left && longer_ago(*e.left, linger > 0 ? linger : until_first_read, now);
    if (!old && !left) {
      ++at;
      continue;
    }
    last.push_back(std::move(at->second.items));
    at = streams_.erase(at);
  }
}

void stream_table::clear() {
  std::map<std::string, entry> last;
  const std::scoped_lock lock(mutex_);
  last.swap(streams_);
}

std::size_t stream_table::size() const {
  const std::scoped_lock lock(mutex_);
  return streams_.size();
}

bool codec_of<stream_items>::decode(reader& in, stream_items&) { return in.skip(); }

void codec_of<stream_items>::encode(writer& out, const stream_items& items) {
  const open_stream& from = *items.from;
  if (!items.window) return from.write_one(out);
  out.begin(kind::tuple, 2);
  from.write_all(out);
  out.boolean(!from.ended());
  out.end();
}

}  // namespace engine
