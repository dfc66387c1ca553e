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
  using listed = named_registration;
  std::size_t size() const;
  std::optional<registration> find(std::string_view name) const;
  /// Calls `with` with what is registered, without a copy and with the table locked; false if nothing is.
  template <class With> bool look_at(std::string_view name, With with) const {
    const std::shared_lock lock(mutex_);
    const auto at = all_.find(name);
    if (at == all_.end()) return false;
    with(at->second);
    return true;
  }
  bool contains(std::string_view name) const;
  /// At the start, with everything at once.
  void fill(std::vector<named_registration>);
  /// Replaces what was there.
  void put(std::string name, registration);
  void take(std::string_view name);
  /// Those for which `wanted` holds, in the order of their names. It is called with the table locked.
  std::vector<listed> list(const std::function<bool(const std::string& name, const registration&)>& wanted) const;

 private:
  struct text_hash {
    using is_transparent = void;
    // Not noexcept: that is how libstdc++ is told to keep hashes beside the names, where it would compute them again at every look.
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  mutable std::shared_mutex mutex_{};
  std::unordered_map<std::string, registration, text_hash, std::equal_to<>> all_{};
};

}  // namespace engine
