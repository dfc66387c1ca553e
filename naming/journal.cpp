// See journal.hpp.
#include <naming/journal.hpp>

#include <exception>
#include <iterator>
#include <utility>

namespace engine {

journal::journal(storage& to) : storage_(to), thread_([this] { serve(); }) {}

journal::~journal() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
}

future<void> journal::write(std::vector<registration_change> changes) {
  entry e{std::move(changes), {}};
  auto durable = e.durable.get_future();
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(e));
  }
  changed_.notify_one();
  return durable;
}

void journal::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto mine = std::exchange(waiting_, {});
    lock.unlock();
    write_all(mine);
    lock.lock();
  }
}

void journal::write_all(std::vector<entry>& all) {
  std::vector<registration_change> together;
  for (entry& e : all) together.insert(together.end(), std::make_move_iterator(e.changes.begin()), std::make_move_iterator(e.changes.end()));
  try {
    storage_.write(together);
    for (entry& e : all) e.durable.succeed();
  } catch (...) {
    for (entry& e : all) e.durable.fail(std::current_exception());
  }
}

}  // namespace engine
