// A pair of sockets between two processes: the child serves one end (it becomes socketpair_server, the argument), the parent calls through
// the other. No address, no handshake, and nobody else.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <system_error>

#include <engine/engine.hpp>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: socketpair_client SERVER_PROGRAM\n";
    return 2;
  }
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) throw std::system_error(errno, std::generic_category(), "socketpair");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pair[0]);
    ::execl(argv[1], argv[1], std::to_string(pair[1]).c_str(), nullptr);
    ::_exit(127);
  }
  ::close(pair[1]);
  {
    engine::proxy<> p{"PYRO:echo@socketpair:1", {.connected_socket = pair[0]}};
    for (const char* message : {"hello!", "hello again!"}) std::cout << "client got reply: " << p["echo"](message).as<std::string>() << std::endl;
  }  // here the proxy closes its end, and the server ends
  ::waitpid(child, nullptr, 0);
  std::cout << "\nThe end.\n";
}
