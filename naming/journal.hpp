// Writes registrations through to their storage, on a thread of its own: everything that has come while the last write was being synced
// goes into one transaction (group commit), so many clients share the price of one sync.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <engine/core/future.hpp>
#include <naming/storage.hpp>

namespace engine {

class journal {
 public:
  /// `to` must outlive it.
  explicit journal(storage& to);
  /// Writes what is still waiting.
  ~journal();
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  /// Changes are written in the order of these calls. The future is ready when they are durable, or fails with what write() threw. Any thread.
  future<void> write(std::vector<registration_change>);

 private:
  struct entry {
    std::vector<registration_change> changes;
    promise<void> durable;
  };
  void serve();
  void write_all(std::vector<entry>&);

  storage& storage_;
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::vector<entry> waiting_{};
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace engine
