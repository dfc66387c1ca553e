// See core.hpp. A pass: what finished is run, then what other threads posted, then what is due, then every corked
// connection is flushed, so that replies of one pass leave together; only then may the core wait.
#include <engine/core/core.hpp>

#include <sched.h>

#include <algorithm>
#include <cassert>
#include <system_error>

#include <engine/io/log.hpp>

namespace engine {

namespace {

[[gnu::tls_model("initial-exec")]] constinit thread_local core* current_core = nullptr;

void pin(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) log_warning("cannot pin a core to processor {}", processor);
}

}  // namespace

core* core::current() { return current_core; }

core::core(const core_options& options)
    : options_(options),
      pool_(std::make_unique<buffer_pool>(options.buffers, options.buffer_size)),
      timers_(std::chrono::steady_clock::now()),
      spin_(options.spin),
      stalls_(options.stall) {
  pin(options.processor);
  auto chosen = choose_backend({.choice = options.backend}, *pool_);
  if (!chosen) throw std::system_error(chosen.error().code, std::generic_category(), chosen.error().doing);
  backend_ = std::move(chosen->backend);
  reason_ = std::move(chosen->why);
  now_ = backend_->now();
  spin_until_ = now_;
}

core::core(const core_options& options, std::unique_ptr<buffer_pool> pool, std::unique_ptr<backend> b)
    : options_(options),
      pool_(std::move(pool)),
      backend_(std::move(b)),
      reason_(backend_->name()),
      now_(backend_->now()),
      timers_(now_),
      spin_(options.spin),
      spin_until_(now_),
      stalls_(options.stall) {}

core::~core() {
  stopping_.store(false, std::memory_order_relaxed);  // it sleeps between what is still to end
  if (clients_) clients_->end();
  clients_.reset();
  for (const auto& each : std::exchange(residents_, {}))
    if (const auto still = each.lock()) still->end();
  door_->close();
  // Letters may own connections, and connections hold slices: they go before backend and pool.
  assert(std::ranges::all_of(corked_, [](flushable* f) { return f == nullptr; }));
}

void core::ends_with(std::weak_ptr<resident> r) {
  std::erase_if(residents_, [](const auto& each) { return each.expired(); });
  residents_.push_back(std::move(r));
}

bool detail::core_door::post(work w) {
  const std::scoped_lock lock(mutex_);
  if (at_) at_->post(std::move(w));
  return at_ != nullptr;
}

bool detail::core_door::leads_here() const {
  const std::scoped_lock lock(mutex_);
  return at_ && at_ == core::current();
}

void core::run() {
  while (!stopping()) run_once();
}

void core::run_ready() {
  constexpr int at_once = 1000;  // passes, before others in that loop have their turn
  for (int left = at_once; left > 0; --left) {
    while (left > 0 && run_once(time_point::min())) --left;
    backend_->settle();
    if (mailbox_.empty() && may_sleep()) return;  // what came before it settled told nobody
  }
  backend_->wake();
}

void core::stop() {
  stopping_.store(true, std::memory_order_release);
  backend_->wake();
}

void core::post(work w) {
  if (mailbox_.put(std::move(w))) backend_->wake();
}

void core::forget(flushable& f) {
  if (!f.listed_) return;
  // Only its place is emptied: we may be inside flush(), walking the list.
  std::replace(corked_.begin(), corked_.end(), &f, static_cast<flushable*>(nullptr));
  f.listed_ = false;
}

void core::take_output(output& into) {
  if (spare_outputs_.empty()) return;
  into = std::move(spare_outputs_.back());
  spare_outputs_.pop_back();
}

void core::give_output(output& o) {
  constexpr std::size_t spare_max = 64;
  o.clear();
  if (o.capacity() > 0 && spare_outputs_.size() < spare_max) spare_outputs_.push_back(std::move(o));
  else o = {};
}

void core::flush() {
  // flush() may cork again (an answer produced by a completion run inline): that belongs to the next pass.
  std::size_t count = corked_.size();
  for (std::size_t i = 0; i < count; ++i) {
    flushable* f = corked_[i];
    if (!f) continue;
    f->listed_ = false;
    f->flush();
  }
  corked_.erase(corked_.begin(), corked_.begin() + static_cast<std::ptrdiff_t>(count));
}

// Of many connections a few are answered at a time, while what they said is in the processor's cache and few buffers hold all answers.
constexpr std::size_t corked_most = 16;

bool core::complete() {
  for (completion& c : finished_) {
    c.run();
    if (corked_.size() >= corked_most) flush();
  }
  const bool any = !finished_.empty();
  finished_.clear();
  return any;
}

/// Whether what is looked at has something, or will have so soon that the kernel need not be asked in this pass.
bool core::look(bool may_spin) {
  // Looks cost little, and a system call holds up the next ones; but what it tells of must not wait for long.
  constexpr unsigned per_kernel = 16;
  constexpr std::chrono::microseconds at_least_every{20};
  if (looked_at_.empty()) [[likely]] return false;
  if (std::exchange(told_of_sleep_, false))
    for (looked_at* l : looked_at_) l->after_sleep();
  for (looked_at* l : looked_at_) l->look(finished_);
  if ((may_spin || !finished_.empty()) && ++looks_ % per_kernel != 0 && now_ - kernel_asked_ < at_least_every) return true;
  kernel_asked_ = now_;
  return false;
}

bool core::may_sleep() {
  told_of_sleep_ = !looked_at_.empty();
  bool may = true;
  for (looked_at* l : looked_at_) may = l->before_sleep() && may;
  return may;
}

bool core::wait(time_point until) {
  // Whoever is woken often enough spins first; the spin yields, or two spinners sharing a processor starve each other.
  const bool may_spin = now_ < spin_until_;
  const bool work_waits = !mailbox_.empty() || stopping();
  if (look(may_spin)) return !finished_.empty();
  if (may_spin || work_waits || !finished_.empty()) {
    backend_->wait(time_point::min(), finished_);
    if (finished_.empty() && !work_waits) yield_in(yields_);
    return !finished_.empty();
  }
  if (spinning_ || spin_.resting()) spin_.miss();
  if (std::exchange(spinning_, false)) ++counters_.spin_misses;
  ++counters_.sleeps;
  backend_->wait(may_sleep() ? std::min(until, timers_.next()) : time_point::min(), finished_);
  return !finished_.empty();
}

bool core::run_once(time_point until) {
  core* const outer = std::exchange(current_core, this);
  ++counters_.passes;
  const time_point before = now_;
  const bool was_spinning = now_ < spin_until_;
  const bool arrived = wait(until);
  now_ = backend_->now();
  if (arrived) {
    if (was_spinning && spinning_) {
      spin_.hit();
      ++counters_.spin_hits;
    } else if (now_ - before < spin_.budget()) {
      spin_.soon();
    }
    const auto allowance = spin_.allowance();
    spinning_ = allowance.count() > 0;
    spin_until_ = now_ + allowance;
  }
  if (stalls_.on()) stalls_.begin(now_);
  bool any = complete();
  if (!mailbox_.empty()) {
    counters_.posted += mailbox_.deliver();
    any = true;
  }
  if (timers_.armed() > 0) any = timers_.expire(now_) || any;
  if (!corked_.empty()) flush();
  if (stalls_.on()) stalls_.end(backend_->now());
  current_core = outer;
  return any;
}

time_point now_here() {
  core* const here = core::current();
  return here ? here->io().now() : std::chrono::steady_clock::now();
}

}  // namespace engine
