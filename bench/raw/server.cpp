// The floor under every server: answers frames as fast as the kernel's sockets allow, without protocol or dispatch.
// mode=blocking is a thread per connection that sleeps in recv; mode=epoll is one thread over all connections, which with
// spin=1 polls and never sleeps. Prints "ready ADDRESS" once it listens, and serves until it is ended by a signal.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <bench/common/arguments.hpp>
#include <bench/common/socket.hpp>
#include <bench/raw/echo_stream.hpp>

namespace bench {
namespace {

constexpr std::size_t receive_size = 64 * 1024;  // 256 KB would halve the rate: it does not stay in the L2 cache
constexpr std::size_t fetched_part = 64 * 1024;

void serve_one(descriptor connection) try {
  echo_stream stream;
  std::string answers;
  std::vector<char> room(receive_size);
  for (;;) {
    const std::size_t n = receive_some(connection.number(), room, false);
    answers.clear();
    stream.feed({room.data(), n}, answers);
    send_all(connection.number(), answers);
    for (std::uint64_t& owed = stream.owed(); owed > 0;) {
      const std::size_t part = std::min<std::uint64_t>(owed, room.size());
      send_all(connection.number(), {room.data(), part});
      owed -= part;
    }
  }
} catch (const std::exception&) {
  // The peer closed, or sent something else than frames: this connection ends, the server goes on.
}

[[noreturn]] void run_blocking(const descriptor& listening) {
  for (;;) {
    descriptor connection(accept4(listening.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.number() < 0) fail("accept");
    std::thread(serve_one, std::move(connection)).detach();
  }
}

class connection {
 public:
  connection(int epoll, descriptor socket) : epoll_(epoll), socket_(std::move(socket)) { control(EPOLL_CTL_ADD, EPOLLIN); }

  /// Receives, answers; false when the connection is over.
  bool step(std::uint32_t events, std::span<char> room) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !receive(room)) return false;
    do {
      if (sent_ != answers_.size() && !send_answers()) return false;
    } while (sent_ == answers_.size() && add_owed());
    return true;
  }

 private:
  bool receive(std::span<char> room) {
    const ssize_t n = recv(socket_.number(), room.data(), room.size(), 0);
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    stream_.feed(room.first(static_cast<std::size_t>(n)), answers_);
    return true;
  }

  /// The next part of what was fetched, once everything before it has left.
  bool add_owed() {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(stream_.owed(), fetched_part));
    stream_.owed() -= part;
    answers_.assign(part, '\7');
    sent_ = 0;
    return part > 0;
  }

  bool send_answers() {
    const ssize_t n = send(socket_.number(), answers_.data() + sent_, answers_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) sent_ += static_cast<std::size_t>(n);
    const bool full = sent_ < answers_.size();
    if (!full) answers_.clear(), sent_ = 0;
    // While the peer does not read its answers, its requests wait in the kernel and not in our memory.
    if (full != waiting_for_room_) control(EPOLL_CTL_MOD, full ? EPOLLOUT : EPOLLIN);
    waiting_for_room_ = full;
    return true;
  }

  void control(int what, std::uint32_t events) {
    epoll_event interest{.events = events, .data = {.ptr = this}};
    if (epoll_ctl(epoll_, what, socket_.number(), &interest) != 0) fail("epoll_ctl");
  }

  int epoll_;
  descriptor socket_;
  echo_stream stream_{};
  std::string answers_{};
  std::size_t sent_ = 0;
  bool waiting_for_room_ = false;
};

void accept_all(int epoll, const descriptor& listening) {
  for (;;) {
    descriptor accepted(accept4(listening.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.number() < 0) return;
    static_cast<void>(std::make_unique<connection>(epoll, std::move(accepted)).release());  // epoll holds it from here on
  }
}

[[noreturn]] void run_epoll(const descriptor& listening, bool spin) {
  const descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event interest{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll.number(), EPOLL_CTL_ADD, listening.number(), &interest) != 0) fail("epoll_ctl");
  std::vector<char> room(receive_size);
  epoll_event events[256];
  for (;;) {
    const int n = epoll_wait(epoll.number(), events, 256, spin ? 0 : -1);
    for (int i = 0; i < n; ++i) {
      auto* ready = static_cast<connection*>(events[i].data.ptr);
      if (ready == nullptr) accept_all(epoll.number(), listening);
      else if (!ready->step(events[i].events, room)) delete ready;
    }
  }
}

void run(const arguments& given) {
  raise_file_limit();
  const std::string address = given.text("addr", "127.0.0.1:0"), mode = given.text("mode", "epoll");
  if (mode != "blocking" && mode != "epoll") throw std::invalid_argument("mode= is blocking or epoll");
  const descriptor listening = listen_on(address, mode == "epoll");
  std::printf("ready %s\n", reachable_at(listening, address).c_str());
  std::fflush(stdout);
  if (mode == "blocking") run_blocking(listening);
  run_epoll(listening, given.flag("spin"));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) try {
  bench::run(bench::arguments(argc, argv));
} catch (const std::exception& error) {
  std::fprintf(stderr, "raw_server: %s\n", error.what());
  return 1;
}
