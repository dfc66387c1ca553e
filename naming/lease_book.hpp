// When leased names end. Kept apart from the names, because few have a lease. Whoever uses it holds a lock and says what time it is.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <engine/io/backend.hpp>

namespace engine {

class lease_book {
 public:
  /// `seconds`: from `now` on, and from each renewal; 0: it has no lease.
  void set(const std::string& name, double seconds, time_point now);
  /// False: it has none.
  bool renew(const std::string& name, time_point now);
  /// Those that have ended; they are forgotten.
  std::vector<std::string> ended(time_point now);
  /// When the next one ends; time_point::max(): never.
  time_point next() const { return by_end_.empty() ? time_point::max() : by_end_.begin()->first; }

 private:
  using ends = std::multimap<time_point, std::string>;
  struct lease {
    double seconds;
    ends::iterator end;
  };
  ends by_end_{};
  std::unordered_map<std::string, lease> all_{};
};

}  // namespace engine
