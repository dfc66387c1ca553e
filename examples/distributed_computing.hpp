// What dispatcher, workers and clients share: a piece of work, which travels as an object of the Python class workitem.Workitem, and the
// dispatcher's interface.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <engine/engine.hpp>

struct Workitem {
  int itemId = 0;
  std::uint64_t data = 0;
  std::optional<std::vector<std::uint64_t>> result{};
  std::optional<std::string> processedBy{};
};
ENGINE_SHAPE_AS(Workitem, "workitem.Workitem", itemId, data, result, processedBy)

/// A queue whose readers wait.
class work_queue {
 public:
  void put(Workitem item) {
    const std::scoped_lock lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_one();
  }
  /// nullopt if nothing has come within `seconds`.
  std::optional<Workitem> get(double seconds) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return !items_.empty(); })) return std::nullopt;
    Workitem first = std::move(items_.front());
    items_.pop_front();
    return first;
  }
  std::size_t size() {
    const std::scoped_lock lock(mutex_);
    return items_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Workitem> items_;
};

class DispatcherQueue {
 public:
  void putWork(Workitem item);
  Workitem getWork(std::optional<double> timeout);  // in seconds, 5 if it is left out
  void putResult(Workitem item);
  Workitem getResult(std::optional<double> timeout);
  std::size_t workQueueSize();
  std::size_t resultQueueSize();

 private:
  work_queue work_, results_;
};
ENGINE_EXPOSE(DispatcherQueue, putWork, getWork, putResult, getResult, workQueueSize, resultQueueSize)
ENGINE_MARK(DispatcherQueue, getWork, .parameters = "timeout", .blocking = true)  // they wait: on side threads
ENGINE_MARK(DispatcherQueue, getResult, .parameters = "timeout", .blocking = true)
