// See lease_book.hpp.
#include <naming/lease_book.hpp>

#include <chrono>
#include <utility>

namespace engine {

namespace {

time_point end_of(double seconds, time_point now) {
  return now + std::chrono::duration_cast<time_point::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

void lease_book::set(const std::string& name, double seconds, time_point now) {
  if (const auto at = all_.find(name); at != all_.end()) {
    by_end_.erase(at->second.end);
    all_.erase(at);
  }
  if (seconds > 0) all_.emplace(name, lease{seconds, by_end_.emplace(end_of(seconds, now), name)});
}

bool lease_book::renew(const std::string& name, time_point now) {
  const auto at = all_.find(name);
  if (at == all_.end()) return false;
  set(name, at->second.seconds, now);
  return true;
}

std::vector<std::string> lease_book::ended(time_point now) {
  std::vector<std::string> names;
  while (next() <= now) {
    names.push_back(std::move(by_end_.begin()->second));
    by_end_.erase(by_end_.begin());
    all_.erase(names.back());
  }
  return names;
}

}  // namespace engine
