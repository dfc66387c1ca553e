// What the two programs of the privileges example share: an object that does one thing with its server's rights, and becoming another user.
#pragma once

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include <engine/engine.hpp>

class Keeper {
 public:
  explicit Keeper(std::string path) : path_(std::move(path)) {}
  /// The user whose rights the server has.
  std::string user();
  /// The first line of the one file that it is here to show. Throws PermissionError if it must not read it itself.
  std::string secret();

 private:
  std::string path_;
};
ENGINE_EXPOSE(Keeper, user, secret)

/// Gives this process's rights up for those of `name`, for good and in all its threads. Throws std::system_error.
inline void become(const std::string& name) {
  const passwd* const who = ::getpwnam(name.c_str());
  if (!who) throw std::runtime_error("there is no user " + name);
  const auto done = [](int failed, const char* what) {
    if (failed) throw std::system_error(errno, std::generic_category(), what);
  };
  done(::setgroups(0, nullptr), "setgroups");  // in this order: without rights none of them can be set any more
  done(::setgid(who->pw_gid), "setgid");
  done(::setuid(who->pw_uid), "setuid");
  if (::setuid(0) == 0) throw std::runtime_error("the rights of root came back");
}

inline std::string user_name() {
  const passwd* const who = ::getpwuid(::geteuid());
  return who ? who->pw_name : std::to_string(::geteuid());
}
