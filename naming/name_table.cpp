// See name_table.hpp.
#include <naming/name_table.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace engine {

std::size_t name_table::size() const {
  const std::shared_lock lock(mutex_);
  return all_.size();
}

std::optional<registration> name_table::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto at = all_.find(name);
  return at == all_.end() ? std::nullopt : std::optional(at->second);
}

bool name_table::contains(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  return all_.contains(name);
}

void name_table::fill(std::vector<named_registration> names) {
  const std::unique_lock lock(mutex_);
  all_.reserve(all_.size() + names.size());
  for (named_registration& each : names) all_.insert_or_assign(std::move(each.name), std::move(each.at));
}

void name_table::put(std::string name, registration r) {
  const std::unique_lock lock(mutex_);
  all_.insert_or_assign(std::move(name), std::move(r));
}

void name_table::take(std::string_view name) {
  const std::unique_lock lock(mutex_);
  if (const auto at = all_.find(name); at != all_.end()) all_.erase(at);
}

std::vector<name_table::listed> name_table::list(const std::function<bool(const std::string&, const registration&)>& wanted) const {
  std::vector<listed> found;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, at] : all_)
      if (wanted(name, at)) found.push_back({name, at});
  }
  std::ranges::sort(found, {}, &listed::name);
  return found;
}

}  // namespace engine
