// Files for whoever connects to a socket of their own and names one: 36 characters, then the content comes, sent by the kernel.
#pragma once

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <netinet/in.h>

using open_file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// A file without a name, gone when it is closed.
inline open_file temporary_file() {
  open_file made(std::tmpfile(), &std::fclose);
  if (!made) throw std::system_error(errno, std::generic_category(), "temporary file");
  return made;
}

class blob_socket {
 public:
  blob_socket() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof where;
    auto* name = reinterpret_cast<sockaddr*>(&where);
    if (::bind(listening_, name, size) != 0 || ::listen(listening_, 8) != 0 || ::getsockname(listening_, name, &size) != 0)
      throw std::system_error(errno, std::generic_category(), "blob socket");
    port_ = ntohs(where.sin_port);
    serving_ = std::jthread([this] { serve(); });
  }
  ~blob_socket() {
    ::shutdown(listening_, SHUT_RDWR);  // ends accept()
    serving_.join();
    ::close(listening_);
  }
  std::uint16_t port() const { return port_; }

  /// Hands `file` to the first who asks for `id`. Any thread.
  void offer(const std::string& id, open_file file) {
    const std::scoped_lock lock(mutex_);
    files_.emplace(id, std::move(file));
  }

 private:
  void serve() {
    std::vector<std::jthread> sending;
    for (int client; (client = ::accept(listening_, nullptr, nullptr)) >= 0;) sending.emplace_back([this, client] { send_to(client); });
  }
  void send_to(int client) {
    std::string id(36, ' ');
    if (::recv(client, id.data(), id.size(), MSG_WAITALL) == 36) {
      if (const open_file file = take(id)) {
        off_t offset = 0;
        while (::sendfile(client, ::fileno(file.get()), &offset, 1 << 20) > 0) {}
      }
    }
    ::close(client);
  }
  open_file take(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    auto found = files_.extract(id);
    return found ? std::move(found.mapped()) : open_file(nullptr, &std::fclose);
  }

  int listening_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::map<std::string, open_file> files_;
  std::jthread serving_;
};
