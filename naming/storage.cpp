// See storage.hpp.
#include <naming/storage.hpp>

#include <stdexcept>

#include <engine/object/error.hpp>

namespace engine {

std::unique_ptr<storage> open_storage(std::string_view which) {
  if (which == "memory" || which.empty()) return nullptr;
  if (which == "sql::memory:") throw std::invalid_argument("the database :memory: is not supported: memory does the same");
  if (which.starts_with("sql:") && which.size() > 4) return open_sqlite_storage(std::string(which.substr(4)));
  if (which.starts_with("dbm:"))
    throw naming_error("dbm storage is not supported: it keeps no metadata, and its format is whichever Python finds; use sql:FILE");
  throw std::invalid_argument("invalid storage type '" + std::string(which) + "'");
}

}  // namespace engine
