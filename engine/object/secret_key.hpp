// The shared secret of a daemon's messages, which may be changed while it serves (Pyro's daemon._pyroHmacKey). Read for every frame on
// every core, so reading is one load; keys that have been replaced stay, because an answer may be half written with them.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

namespace engine {

class secret_key {
 public:
  secret_key() = default;
  /// Any thread.
  secret_key& operator=(std::string key) {
    const std::scoped_lock lock(mutex_);
    now_.store(&all_.emplace_back(std::move(key)), std::memory_order_release);
    return *this;
  }
  /// The present one, empty = none. The reference is good for as long as this object.
  const std::string& get() const { return *now_.load(std::memory_order_acquire); }
  operator const std::string&() const { return get(); }

 private:
  const std::string none_{};
  std::mutex mutex_{};
  std::deque<std::string> all_{};
  std::atomic<const std::string*> now_{&none_};
};

}  // namespace engine
