// Sends what proxies keep back for a moment: oneway calls that follow each other quickly leave together, and nobody waits for them
// who could send the last ones. One thread for the process, asleep while there is nothing.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace engine::detail {

class remote;

class late_sender {
 public:
  static late_sender& instance();
  ~late_sender();
  late_sender(const late_sender&) = delete;
  late_sender& operator=(const late_sender&) = delete;

  /// Sends what `r` keeps, again and again, until it keeps no more. Any thread.
  void look_after(std::weak_ptr<remote> r);

 private:
  struct of_this_process;
  late_sender();
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::weak_ptr<remote>> keeping_;
  bool ending_ = false;
  std::thread thread_;  // started when first needed
};

}  // namespace engine::detail
