// Serves on a Unix socket under another user than its callers, both ways round:
//   privileges_server SOCKET FILE MODE          stays what it is (root, say) and shows one file to whoever the socket's MODE (octal) lets in
//   privileges_server SOCKET FILE MODE USER     opens the socket where only root can, then becomes USER before anybody is served
// Who may connect is what the rights of the socket's file and folder say; the daemon needs no more than that.
#include <sys/stat.h>

#include <fstream>
#include <iostream>
#include <string>

#include "privileges.hpp"

std::string Keeper::user() { return user_name(); }

std::string Keeper::secret() {
  std::ifstream file(path_);
  std::string line;
  if (!std::getline(file, line)) throw engine::raised("PermissionError", {path_ + " cannot be read by " + user_name()});
  return line;
}

int main(int argc, char** argv) {
  if (argc < 4) return std::cerr << "usage: privileges_server SOCKET FILE MODE [USER]\n", 2;
  const std::string socket = argv[1];
  const auto mode = static_cast<mode_t>(std::stoul(argv[3], nullptr, 8));
  Keeper keeper(argv[2]);
  ::umask(0777 & ~mode);  // from its first moment on: the file appears with the daemon
  engine::daemon daemon{{.unix_socket = socket, .unix_only = true}};
  ::umask(022);
  if (argc > 4) become(argv[4]);
  std::cout << "Server running as " << user_name() << ", uri= " << daemon.expose(keeper, "example.keeper") << std::endl;
  daemon.run();
}
