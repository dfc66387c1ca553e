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

bool name_table::put(std::string name, registration r, bool only_new) {
  const std::unique_lock lock(mutex_);
  const auto [at, is_new] = all_.try_emplace(std::move(name));
  if (!is_new && only_new) return false;
  at->second = std::move(r);
  return true;
}

std::optional<registration> name_table::take(std::string_view name) {
  const std::unique_lock lock(mutex_);
  const auto at = all_.find(name);
  if (at == all_.end()) return std::nullopt;
  std::optional taken(std::move(at->second));
  all_.erase(at);
  return taken;
}

bool name_table::set_tags(std::string_view name, std::vector<std::string> tags, registration& now) {
  const std::unique_lock lock(mutex_);
  const auto at = all_.find(name);
  if (at == all_.end()) return false;
  at->second.tags = std::move(tags);
  now = at->second;
  return true;
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
