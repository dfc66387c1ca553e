// Who makes changes for a name server that keeps a copy: what a name server asks of a replica's other side (replica.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <engine/core/task.hpp>
#include <naming/storage.hpp>

namespace engine {

class primary {
 public:
  virtual ~primary() = default;
  /// There is a copy, though it may be behind. Throws naming_error "this replica has no copy yet …". Any thread.
  virtual void check_copy() const = 0;
  /// The name server on the other side, the one that it follows, and so on, as far as is known. Any thread.
  virtual std::vector<std::string> lineage() const = 0;

  // On a core. Each has been made there, and is in the copy, when it is answered. Throw what is thrown there, and naming_error "changes are refused …".
  virtual task<> enroll(std::string name, registration, bool safe) = 0;
  virtual task<> set_metadata(std::string name, std::vector<std::string> tags) = 0;
  virtual task<std::int64_t> remove(std::optional<std::string> name, std::optional<std::string> prefix, std::optional<std::string> regex) = 0;
  virtual task<> lease(std::string name, double seconds) = 0;
  virtual task<std::map<std::string, std::optional<std::string>>> renew(std::map<std::string, std::string> uris) = 0;

  // The same on a plain thread, which waits.
  virtual void keep(const std::string& name, const registration&) = 0;
  virtual void drop(const std::string& name) = 0;
};

}  // namespace engine
