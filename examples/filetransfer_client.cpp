// Fetches files in three ways: as a result, as a stream of chunks, and by a socket of its own.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <netinet/in.h>

#include <engine/engine.hpp>

#include "asking.hpp"

class FileServer {
 public:
  engine::bytes get_with_pyro(std::size_t size);
  engine::stream<engine::bytes> iterator(std::size_t size);
  std::pair<std::string, std::pair<std::string, std::uint16_t>> prepare_file_blob(std::size_t size);
};
ENGINE_EXPOSE(FileServer, get_with_pyro, iterator, prepare_file_blob)

namespace {
constexpr std::size_t blobsize = 10 * 1024 * 1024;

std::size_t via_iterator(engine::proxy<FileServer>& files) {
  std::size_t total = 0;
  for (const engine::bytes& chunk : files.iterator(blobsize)) total += chunk.size();
  return total;
}

std::size_t via_raw_socket(engine::proxy<FileServer>& files) {
  const auto [id, where] = files.prepare_file_blob(blobsize);
  const auto& [host, port] = where;
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(socket, id.data(), id.size(), 0) != static_cast<ssize_t>(id.size()))
    throw std::system_error(errno, std::generic_category(), "blob socket");
  std::vector<char> chunk(1 << 16);
  std::size_t total = 0;
  for (ssize_t got; (got = ::recv(socket, chunk.data(), chunk.size(), 0)) > 0;) total += static_cast<std::size_t>(got);
  ::close(socket);
  return total;
}

template <class Way> void measure(const char* name, Way way) {
  const auto start = std::chrono::steady_clock::now();
  const std::size_t size = way();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::cout << name << ": " << size << " bytes, " << static_cast<double>(size) / 1024 / 1024 / taken.count() << " Mb/sec." << std::endl;
}
}  // namespace

int main(int argc, char** argv) {
  engine::proxy<FileServer> files{argument_or_ask(argc, argv, "Uri of filetransfer server? ")};
  measure("regular call", [&] { return files.get_with_pyro(blobsize).size(); });
  measure("iterator", [&] { return via_iterator(files); });
  measure("raw socket", [&] { return via_raw_socket(files); });
}
