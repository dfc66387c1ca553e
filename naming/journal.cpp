// See journal.hpp.
#include <naming/journal.hpp>

#include <iterator>
#include <utility>

namespace engine {

journal::journal(storage& to, listener told, std::function<void()> wake) : storage_(to), told_(std::move(told)), wake_(std::move(wake)) {
  if (!wake_) thread_ = std::jthread([this] { serve(); });
}

journal::~journal() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (wake_) write_waiting();
}

future<void> journal::write(std::vector<registration_change> changes) {
  entry e{std::move(changes), {}};
  auto durable = e.durable.get_future();
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = waiting_.empty();
    waiting_.push_back(std::move(e));
  }
  if (!wake_) changed_.notify_one();
  else if (first) wake_();
  return durable;
}

void journal::serve() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
    }
    write_waiting();
  }
}

void journal::write_waiting() {
  std::vector<entry> mine;
  {
    const std::scoped_lock lock(mutex_);
    mine = std::exchange(waiting_, {});
  }
  if (!mine.empty()) write_all(mine);
}

void journal::write_all(std::vector<entry>& all) {
  std::vector<registration_change> together;
  for (entry& e : all) together.insert(together.end(), std::make_move_iterator(e.changes.begin()), std::make_move_iterator(e.changes.end()));
  std::exception_ptr failed;
  try {
    storage_.write(together);
  } catch (...) {
    failed = std::current_exception();
  }
  std::span<const registration_change> rest = together;
  for (entry& e : all) {
    settle(e, rest.first(e.changes.size()), failed);
    rest = rest.subspan(e.changes.size());
  }
}

void journal::settle(entry& e, std::span<const registration_change> changes, const std::exception_ptr& failed) {
  try {
    if (told_) told_(changes, !failed);
  } catch (...) {
    return e.durable.fail(std::current_exception());
  }
  if (failed) e.durable.fail(failed);
  else e.durable.succeed();
}

}  // namespace engine
