// See side_pool.hpp.
#include <engine/core/side_pool.hpp>

#include <pthread.h>

namespace engine {

side_pool::~side_pool() {
  std::unique_lock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

void side_pool::post(work w) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(std::move(w));
  if (idle_ >= waiting_.size()) return changed_.notify_one();
  if (threads_ >= options_.most) return;
  ++threads_;
  std::thread([this] { serve(); }).detach();  // the destructor waits for it
}

bool side_pool::full() const {
  const std::scoped_lock lock(mutex_);
  return threads_ >= options_.most && idle_ <= waiting_.size();
}

std::size_t side_pool::size() const {
  const std::scoped_lock lock(mutex_);
  return threads_;
}

std::size_t side_pool::idle() const {
  const std::scoped_lock lock(mutex_);
  return idle_;
}

void side_pool::serve() {
  pthread_setname_np(pthread_self(), "side");
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    const bool called = changed_.wait_for(lock, options_.patience, [this] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) {
      if (ending_ || (!called && threads_ > options_.least)) break;
      continue;
    }
    {
      work mine = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      mine();
    }
    lock.lock();
  }
  if (--threads_ == 0) ended_.notify_all();
}

}  // namespace engine
