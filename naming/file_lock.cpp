// See file_lock.hpp.
#include <naming/file_lock.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <engine/object/error.hpp>

namespace engine {

namespace {

std::string words_of(int code) { return std::generic_category().message(code); }

}  // namespace

// Not on the file itself: closing a second descriptor of it would drop the locks that SQLite holds on it in this process.
file_lock::file_lock(const std::string& file) : descriptor_(::open((file + "-lock").c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw naming_error("cannot lock " + file + ": " + words_of(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int code = errno;
  ::close(descriptor_);
  throw naming_error(code == EWOULDBLOCK ? file + " is used by another name server" : "cannot lock " + file + ": " + words_of(code));
}

// Closing would do, but for a forked child that still has the descriptor.
file_lock::~file_lock() {
  ::flock(descriptor_, LOCK_UN);
  ::close(descriptor_);
}

}  // namespace engine
