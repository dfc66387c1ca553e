// One holder at a time for a file, in this process or another: a lock on a file beside it, FILE-lock, so the file itself is read and written as
// before by whoever does not ask. The kernel lets go of it with the process, however that ends; FILE-lock stays, empty.
#pragma once

#include <string>

namespace engine {

class file_lock {
 public:
  /// `file`: without links in its path, so everybody means the same FILE-lock. Throws naming_error: another holds it, or FILE-lock cannot be opened.
  explicit file_lock(const std::string& file);
  ~file_lock();
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;

 private:
  int descriptor_;
};

}  // namespace engine
