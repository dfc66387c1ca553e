// See late_sender.hpp.
#include <engine/object/late_sender.hpp>

#include <pthread.h>

#include <chrono>

#include <engine/object/remote.hpp>

namespace engine::detail {

namespace {
constexpr std::chrono::microseconds moment{100};
constexpr std::size_t few = 64;
}

/// A child of fork() does not have its parent's threads: it gets one of its own, and what the parent has is left as it is.
struct late_sender::of_this_process {
  of_this_process() {
    ::pthread_atfork(nullptr, nullptr, [] {
      auto& mine = the();
      static_cast<void>(mine.one.release());
      mine.one.reset(new late_sender);
    });
  }
  static of_this_process& the() {
    static of_this_process present;
    return present;
  }
  std::unique_ptr<late_sender> one{new late_sender};
};

late_sender& late_sender::instance() { return *of_this_process::the().one; }

// A burst of calls must not pay for the list it is put on.
late_sender::late_sender() { keeping_.reserve(few); }

late_sender::~late_sender() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void late_sender::look_after(std::weak_ptr<remote> r) {
  const std::scoped_lock lock(mutex_);
  keeping_.push_back(std::move(r));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

void late_sender::run() {
  pthread_setname_np(pthread_self(), "late sender");
  std::vector<std::weak_ptr<remote>> mine;
  mine.reserve(few);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !keeping_.empty(); });
    mine.swap(keeping_);
    lock.unlock();
    std::this_thread::sleep_for(moment);
    std::erase_if(mine, [](const std::weak_ptr<remote>& r) {
      const auto still = r.lock();
      return !still || !still->send_rest();
    });
    lock.lock();
    keeping_.insert(keeping_.end(), mine.begin(), mine.end());
    mine.clear();
    if (ending_ && keeping_.empty()) return;
  }
}

}  // namespace engine::detail
