// Where registrations outlive the program: a small interface. The name server answers from memory and writes through, so a storage is
// read once, at the start, and then only written, by one thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

/// What is registered under a name.
struct registration {
  std::string uri{};
  std::vector<std::string> tags{};  ///< in order, each once
  double lease = 0;                 ///< seconds that it stands without being renewed, 0: for good
  bool operator==(const registration&) const = default;
};

struct named_registration {
  std::string name{};
  registration at{};
};

/// One name as it is from now on.
struct registration_change {
  std::string name{};
  std::optional<registration> now{};  ///< nullopt: removed
  bool tags_only = false;             ///< of what is kept under that name, whatever it stands for; nothing if it is not there
  bool lease_only = false;            ///< the same of its lease
};

class storage {
 public:
  virtual ~storage() = default;
  /// Everything that is kept, once each. Throws naming_error.
  virtual std::vector<named_registration> load() = 0;
  /// All of them or none; they are durable when it returns. Throws naming_error; nothing has changed then.
  virtual void write(std::span<const registration_change>) = 0;
};

/// "memory" (nullptr: nothing outlives the program) or "sql:FILE". Throws std::invalid_argument "invalid storage type 'x'", naming_error
/// for a file that cannot be used.
std::unique_ptr<storage> open_storage(std::string_view which);
/// SQLite, in the tables of Pyro4's own name server: either program opens the other's file (WIRE §9). Leases are in a table beside them, and count
/// for names that stand for what they did when the lease was given. It is written ahead (WAL) and synced for
/// every write(). Throws naming_error, also while another storage, of this program or of another one of ours, has the file; others may read it.
std::unique_ptr<storage> open_sqlite_storage(const std::string& file);

}  // namespace engine
