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
  /// Replaces what was there.
  void put(std::string name, registration);
  void take(std::string_view name);
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
