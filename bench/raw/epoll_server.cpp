// Threads with an epoll each over all their connections, each connection on one of them. The first thread accepts, and gives what it accepts to the
// threads in turns, so that two connections are on two of two. Spinning they poll and never sleep.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <bench/raw/echo_stream.hpp>
#include <bench/raw/servers.hpp>

namespace bench {
namespace {

constexpr std::size_t fetched_part = 64 * 1024;

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

/// What accepts, on one of the threads.
class acceptor {
 public:
  acceptor(const descriptor& listening, const std::vector<descriptor>& epolls) : listening_(listening), epolls_(epolls) {
    epoll_event interest{.events = EPOLLIN, .data = {.ptr = nullptr}};
    if (epoll_ctl(epolls.front().number(), EPOLL_CTL_ADD, listening.number(), &interest) != 0) fail("epoll_ctl");
  }

  void accept_all() {
    for (;;) {
      descriptor accepted(accept4(listening_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.number() < 0) return;
      const int epoll = epolls_[next_++ % epolls_.size()].number();
      static_cast<void>(std::make_unique<connection>(epoll, std::move(accepted)).release());  // epoll holds it from here on
    }
  }

 private:
  const descriptor& listening_;
  const std::vector<descriptor>& epolls_;
  std::size_t next_ = 0;
};

[[noreturn]] void run_loop(const descriptor& epoll, acceptor& accepting, bool spin) {
  std::vector<char> room(receive_size);
  epoll_event events[256];
  for (;;) {
    const int n = epoll_wait(epoll.number(), events, 256, spin ? 0 : -1);
    for (int i = 0; i < n; ++i) {
      auto* ready = static_cast<connection*>(events[i].data.ptr);
      if (ready == nullptr) accepting.accept_all();
      else if (!ready->step(events[i].events, room)) delete ready;
    }
  }
}

}  // namespace

void serve_epoll(const descriptor& listening, std::size_t threads, bool spin) {
  std::vector<descriptor> epolls;
  while (epolls.size() < threads) {
    epolls.emplace_back(epoll_create1(EPOLL_CLOEXEC));
    if (epolls.back().number() < 0) fail("epoll_create1");
  }
  acceptor accepting(listening, epolls);
  for (std::size_t i = 1; i < threads; ++i) std::thread([&, i] { run_loop(epolls[i], accepting, spin); }).detach();
  run_loop(epolls.front(), accepting, spin);
}

}  // namespace bench
