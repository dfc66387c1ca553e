// See uring_ring.hpp.
#include <engine/io/uring_ring.hpp>

#include <sys/mman.h>

#include <cerrno>

namespace engine {

namespace {

constexpr unsigned submission_entries = 1024, completion_entries = 8192;
// TASKRUN_FLAG, because a spinning core looks there instead of entering.
constexpr unsigned common_flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_TASKRUN_FLAG;

struct rung {
  unsigned flags;
  const char* name;
};
constexpr rung ladder[] = {{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, "single issuer, deferred task work"},
                           {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN, "single issuer, cooperative task work"},
                           {IORING_SETUP_COOP_TASKRUN, "cooperative task work"}};

std::size_t ring_bytes(std::uint32_t count) { return count * sizeof(io_uring_buf); }

}  // namespace

int uring_ring::set_up() {
  int result = -EINVAL;
  for (const rung& r : ladder) {
    io_uring_params parameters{};
    parameters.flags = common_flags | r.flags;
    parameters.cq_entries = completion_entries;
    result = io_uring_queue_init_params(submission_entries, &ring_, &parameters);
    flags_ = r.name;
    if (result != -EINVAL) break;  // an unknown flag: an older kernel may still know the next rung
  }
  return result;
}

int uring_ring::register_buffers(const buffer_pool& pool) {
  buffer_count_ = pool.count();
  void* memory = ::mmap(nullptr, ring_bytes(buffer_count_), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -ENOMEM;
  buffers_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = buffer_count_;
  registration.bgid = buffer_group;
  const int result = io_uring_register_buf_ring(&ring_, &registration, 0);
  if (result == 0) io_uring_buf_ring_init(buffers_);
  return result;
}

std::expected<void, io_error> uring_ring::open(const buffer_pool& pool) {
  if (const int result = set_up(); result < 0) return std::unexpected(io_error{-result, "io_uring_setup"});
  open_ = true;
  if (const int result = register_buffers(pool); result < 0) return std::unexpected(io_error{-result, "io_uring_register"});
  io_uring_register_ring_fd(&ring_);  // saves a look-up per call; without it everything works too
  return {};
}

uring_ring::~uring_ring() {
  if (open_) io_uring_queue_exit(&ring_);
  if (buffers_) ::munmap(buffers_, ring_bytes(buffer_count_));
}

io_uring_sqe* uring_ring::entry() {
  io_uring_sqe* e = io_uring_get_sqe(&ring_);
  while (!e) {
    io_uring_submit(&ring_);
    e = io_uring_get_sqe(&ring_);
  }
  return e;
}

bool uring_ring::worth_entering() const {
  const unsigned told = __atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED);
  return (told & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0 || io_uring_sq_ready(&ring_) > 0 || io_uring_cq_ready(&ring_) > 0;
}

void uring_ring::provide(const buffer_pool& pool, std::uint32_t buffer) {
  io_uring_buf_ring_add(buffers_, pool.data(buffer), static_cast<unsigned>(pool.buffer_size()), static_cast<unsigned short>(buffer),
                        io_uring_buf_ring_mask(buffer_count_), unpublished_++);
}

void uring_ring::publish() {
  if (unpublished_ == 0) return;
  io_uring_buf_ring_advance(buffers_, unpublished_);
  unpublished_ = 0;
}

}  // namespace engine
