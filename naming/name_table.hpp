// All registrations, in memory: what lookups and lists are answered from. Every word is safe for several threads.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <naming/storage.hpp>

namespace engine {

class name_table {
 public:
  struct listed {
    std::string name;
    registration at;
  };
  std::size_t size() const;
  std::optional<registration> find(std::string_view name) const;
  bool contains(std::string_view name) const;
  /// Replaces what was there. `only_new`: false if something was, which stays.
  bool put(std::string name, registration, bool only_new);
  /// nullopt if it was not there.
  std::optional<registration> take(std::string_view name);
  /// Changes the tags of what is there; false if nothing is. `now`: gets it as it is then.
  bool set_tags(std::string_view name, std::vector<std::string> tags, registration& now);
  /// Those for which `wanted` holds, in the order of their names. It is called with the table locked.
  std::vector<listed> list(const std::function<bool(const std::string& name, const registration&)>& wanted) const;

 private:
  struct text_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  mutable std::shared_mutex mutex_{};
  std::unordered_map<std::string, registration, text_hash, std::equal_to<>> all_{};
};

}  // namespace engine
