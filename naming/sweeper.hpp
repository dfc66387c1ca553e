// Forgets names nobody answers for (NS_AUTOCLEAN): each registration's address is connected to now and then, and one that has been
// unreachable for a while is removed. On a thread of its own, because connecting may take seconds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include <naming/name_server.hpp>

namespace engine {

struct sweeper_options {
  std::chrono::milliseconds every{3000};          ///< between two looks at everybody
  std::chrono::milliseconds unreachable{20'000};  ///< so long, and a name is forgotten
  std::chrono::milliseconds timeout{5000};        ///< of one connection
};

class sweeper {
 public:
  /// `of` must outlive it.
  sweeper(NameServer& of, sweeper_options);
  ~sweeper();
  sweeper(const sweeper&) = delete;
  sweeper& operator=(const sweeper&) = delete;

 private:
  void serve(std::stop_token);
  void look_at(const std::string& name, const std::string& where);
  bool reachable(const std::string& where) const;

  NameServer& names_;
  const sweeper_options options_;
  std::map<std::string, std::chrono::steady_clock::time_point> unreachable_{};  // since when
  std::mutex mutex_{};
  std::condition_variable_any changed_{};
  std::jthread thread_;
};

}  // namespace engine
