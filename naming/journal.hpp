// Writes registrations through to their storage, on a thread of its own or when it is told to: everything that has come while the last write was
// being synced goes into one transaction (group commit), so many clients share the price of one sync.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include <engine/core/future.hpp>
#include <naming/storage.hpp>

namespace engine {

class journal {
 public:
  /// Told of the changes of each write(), in the order of these and before its future is ready: whether they were kept. What it throws the future
  /// fails with.
  using listener = std::function<void(std::span<const registration_change>, bool kept)>;
  /// `to` must outlive it. `wake`: called when changes begin to wait, by the thread that brought them: write_waiting() is due then, but not from
  /// inside of it. Empty: a thread writes.
  explicit journal(storage& to, listener told = {}, std::function<void()> wake = {});
  /// Writes what is still waiting.
  ~journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  /// Changes are written in the order of these calls. The future is ready when they are durable, or fails with what the storage threw. Any thread.
  future<void> write(std::vector<registration_change>);
  /// Writes what has come: for who gave `wake`. One thread at a time.
  void write_waiting();

 private:
  struct entry {
    std::vector<registration_change> changes;
    promise<void> durable;
  };
  void serve();
  void write_all(std::vector<entry>&);
  void settle(entry&, std::span<const registration_change>, const std::exception_ptr& failed);

  storage& storage_;
  const listener told_;
  const std::function<void()> wake_;
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::vector<entry> waiting_{};
  bool ending_ = false;
  std::jthread thread_{};
};

}  // namespace engine
