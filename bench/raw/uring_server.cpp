// One thread with an io_uring over all connections: receives go on by themselves into buffers the ring hands out, answers of one pass leave in one
// submission. Spinning it looks at the ring's memory and enters the kernel only when there is something to submit or the kernel has work for it.
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <bench/raw/echo_stream.hpp>
#include <bench/raw/servers.hpp>

namespace bench {
namespace {

constexpr unsigned entries = 1024, buffers = 256, group = 0;
constexpr std::size_t buffer_size = 8 * 1024;
constexpr std::size_t unsent_most = std::size_t{16} << 20;  // who does not read its answers is not served further

/// A call into liburing that says no by a negative errno.
void check(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

/// The ring and the buffers that receives are given.
class ring {
 public:
  ring() : memory_(buffers * buffer_size) {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE;
    parameters.cq_entries = 8 * entries;
    check(io_uring_queue_init_params(entries, &ring_, &parameters), "io_uring_setup");
    io_uring_register_ring_fd(&ring_);  // saves a look-up per call; without it everything works too
    const std::size_t size = buffers * sizeof(io_uring_buf);
    void* shared = nullptr;
    if (posix_memalign(&shared, 4096, size) != 0) throw std::bad_alloc();
    given_ = static_cast<io_uring_buf_ring*>(shared);
    io_uring_buf_ring_init(given_);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(shared);
    registration.ring_entries = buffers;
    registration.bgid = group;
    check(io_uring_register_buf_ring(&ring_, &registration, 0), "io_uring_register_buf_ring");
    for (unsigned i = 0; i < buffers; ++i) give_back(i);
  }
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    io_uring_queue_exit(&ring_);
    std::free(given_);
  }

  io_uring_sqe* entry() {
    while (true) {
      if (io_uring_sqe* free = io_uring_get_sqe(&ring_)) return free;
      check(io_uring_submit(&ring_), "io_uring_submit");
    }
  }
  std::span<const char> buffer(unsigned number, std::size_t size) const { return {memory_.data() + number * buffer_size, size}; }
  void give_back(unsigned number) {
    io_uring_buf_ring_add(given_, memory_.data() + number * buffer_size, buffer_size, static_cast<unsigned short>(number), io_uring_buf_ring_mask(buffers), 0);
    io_uring_buf_ring_advance(given_, 1);
  }

  /// Submits, and calls `done(completion)` for what is there; without `spin` it sleeps until something is.
  void pass(bool spin, auto&& done) {
    const bool kernel_has_work = (IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_TASKRUN) != 0;
    if (!spin) {
      if (const int result = io_uring_submit_and_wait(&ring_, 1); result != -EINTR) check(result, "io_uring_enter");
    } else if (io_uring_sq_ready(&ring_) > 0 || kernel_has_work) {
      if (const int result = io_uring_submit_and_get_events(&ring_); result != -EINTR) check(result, "io_uring_enter");
    }
    unsigned head = 0, seen = 0;
    io_uring_cqe* each = nullptr;
    io_uring_for_each_cqe(&ring_, head, each) {
      done(*each);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
  }

 private:
  io_uring ring_{};
  io_uring_buf_ring* given_ = nullptr;
  std::vector<char> memory_;
};

constexpr std::uint64_t sending = 1;  // in the lowest bit of an address: the send of that connection, otherwise its receive

class connection {
 public:
  connection(ring& of, int socket) : ring_(of), socket_(socket) { receive(); }

  /// A receive has completed, one of many that one request makes.
  void received(const io_uring_cqe& what) {
    if ((what.flags & IORING_CQE_F_BUFFER) != 0) {
      const unsigned buffer = what.flags >> IORING_CQE_BUFFER_SHIFT;
      if (what.res > 0) take(ring_.buffer(buffer, static_cast<std::size_t>(what.res)));
      ring_.give_back(buffer);
    }
    if (what.res == 0 || (what.res < 0 && what.res != -ENOBUFS)) broken_ = true;
    if ((what.flags & IORING_CQE_F_MORE) != 0) return;
    receiving_ = false;
    if (!broken_) receive();
  }
  void sent(const io_uring_cqe& what) {
    sending_ = false;
    if (what.res != static_cast<int>(leaving_.size())) broken_ = true;  // MSG_WAITALL: less is an error
    leaving_.clear();
    send();
  }
  /// Nothing of it is in the kernel, and nothing is to follow.
  bool over() {
    if (broken_ && receiving_ && !ending_) ::shutdown(socket_.number(), SHUT_RDWR), ending_ = true;
    return broken_ && !receiving_ && !sending_;
  }

 private:
  void take(std::span<const char> bytes) try {
    stream_.feed(bytes, answers_);
    if (stream_.owed() > 0 || answers_.size() > unsent_most) broken_ = true;
    send();
  } catch (const std::runtime_error&) {
    broken_ = true;
  }
  void receive() {
    io_uring_sqe* entry = ring_.entry();
    io_uring_prep_recv_multishot(entry, socket_.number(), nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = group;
    io_uring_sqe_set_data64(entry, reinterpret_cast<std::uintptr_t>(this));
    receiving_ = true;
  }
  void send() {
    if (sending_ || broken_ || answers_.empty()) return;
    leaving_.swap(answers_);
    io_uring_sqe* entry = ring_.entry();
    io_uring_prep_send(entry, socket_.number(), leaving_.data(), leaving_.size(), MSG_NOSIGNAL | MSG_WAITALL);
    io_uring_sqe_set_data64(entry, reinterpret_cast<std::uintptr_t>(this) | sending);
    sending_ = true;
  }

  ring& ring_;
  descriptor socket_;
  echo_stream stream_{};
  std::string answers_{}, leaving_{};
  bool receiving_ = false, sending_ = false, broken_ = false, ending_ = false;
};

void accept_more(ring& of, const descriptor& listening) {
  io_uring_sqe* entry = of.entry();
  io_uring_prep_multishot_accept(entry, listening.number(), nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data64(entry, 0);
}

void accepted(ring& of, const descriptor& listening, const io_uring_cqe& what) {
  if (what.res >= 0) static_cast<void>(std::make_unique<connection>(of, what.res).release());  // the ring holds it from here on
  if ((what.flags & IORING_CQE_F_MORE) == 0) accept_more(of, listening);
}

}  // namespace

void try_uring() { const ring one; }

void serve_uring(const descriptor& listening, bool spin) {
  ring own;
  accept_more(own, listening);
  for (;;) own.pass(spin, [&](const io_uring_cqe& what) {
    if (what.user_data == 0) return accepted(own, listening, what);
    auto* const of = reinterpret_cast<connection*>(what.user_data & ~sending);
    if ((what.user_data & sending) != 0) of->sent(what);
    else of->received(what);
    if (of->over()) delete of;
  });
}

}  // namespace bench
