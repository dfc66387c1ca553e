// One thread's world: its backend, buffers, timers and mailbox, and the loop over them: wait, complete, run, flush. Everything
// on a core belongs to that core's thread; the mailbox (post) is the only way in.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <codec/output.hpp>
#include <engine/core/core_door.hpp>
#include <engine/core/mailbox.hpp>
#include <engine/core/spin.hpp>
#include <engine/core/yield_rhythm.hpp>
#include <engine/core/stall_watch.hpp>
#include <engine/core/timers.hpp>
#include <engine/io/backend.hpp>

namespace engine {

struct core_options {
  std::chrono::microseconds spin{50};     ///< longest spin before sleeping, 0 = never
  std::uint32_t buffers = 256;            ///< receive buffers, a power of two
  std::size_t buffer_size = 32 * 1024;    ///< bytes each
  backend_choice backend = backend_choice::automatic;
  int processor = -1;                     ///< pin the thread to this one, -1 = let the scheduler choose
  std::chrono::milliseconds stall{0};     ///< report work that holds the core longer than this, 0 = do not watch
};

class core {
 public:
  /// On the thread that will run it. Throws std::system_error if no backend can be had.
  explicit core(const core_options&);
  /// Around a backend made elsewhere (simulation); `pool` is the one the backend was made with.
  core(const core_options&, std::unique_ptr<buffer_pool> pool, std::unique_ptr<backend>);
  ~core();
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  /// The core whose loop this thread is in, nullptr on a plain thread.
  static core* current();

  /// Runs passes until stop().
  void run();
  /// One pass: completions, mailbox, timers, flush. Sleeps at most until `until` (in the past: does not sleep).
  /// Returns whether anything was done.
  bool run_once(time_point until = time_point::max());

  // In somebody else's loop, instead of run(): wait until descriptor() is readable or next_deadline() has come, then run_ready().
  /// Stays the same as long as the core lives; -1 if the backend has none (simulated).
  descriptor poll_descriptor() const { return backend_->poll_descriptor(); }
  /// Runs whatever can run without waiting, and arms the descriptor. On the core's thread.
  void run_ready();
  /// When run_ready() has something to do though the descriptor is not readable; time_point::max(): never.
  time_point next_deadline() const { return timers_.next(); }
  /// Any thread: run() returns after the present pass.
  void stop();
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }

  /// Any thread: runs `w` on this core in a coming pass. Work posted after the last pass is dropped with the core.
  void post(work w);

  /// Something with output to send at the end of the pass: corked connections. One that is destroyed takes itself off first.
  class flushable {
   public:
    virtual void flush() = 0;

   protected:
    ~flushable() = default;

   private:
    friend class core;
    bool listed_ = false;
  };
  void flush_later(flushable& f) {
    if (f.listed_) return;
    f.listed_ = true;
    corked_.push_back(&f);
  }
  void forget(flushable&);

  /// Something that tells nobody when it has something, because no kernel is between: memory shared with another process. It is looked at in
  /// each pass, and told before the core sleeps. One that is destroyed takes itself off first.
  class looked_at {
   public:
    /// Appends what has finished.
    virtual void look(completions& finished) = 0;
    /// Has the core woken from now on when there is something. False: there is already.
    virtual bool before_sleep() = 0;
    virtual void after_sleep() = 0;

   protected:
    ~looked_at() = default;
  };
  void look_at(looked_at& l) { looked_at_.push_back(&l); }
  void look_no_more_at(looked_at& l) { std::erase(looked_at_, &l); }

  /// Who lives on this core and ends with it, before anything else of it does: end() may still run passes.
  class resident {
   public:
    virtual ~resident() = default;
    virtual void end() = 0;
  };
  std::unique_ptr<resident>& clients() { return clients_; }
  /// On this core: `r` is told of the core's end, if it still lives then.
  void ends_with(std::weak_ptr<resident> r);
  /// How others reach this core as long as it lives.
  const std::shared_ptr<detail::core_door>& door() const { return door_; }

  backend& io() { return *backend_; }
  buffer_pool& buffers() { return *pool_; }
  engine::timers& timers() { return timers_; }
  stall_watch& stalls() { return stalls_; }
  /// The time of the present pass; cheap.
  time_point now() const { return now_; }
  const std::string& backend_reason() const { return reason_; }

  /// Outgoing buffers are lent to connections while they have something to send, so an idle one holds none. `into` is empty before the
  /// one, and empty after the other.
  void take_output(output& into);
  void give_output(output&);

  struct counters {
    std::uint64_t passes = 0, sleeps = 0, spin_hits = 0, spin_misses = 0, posted = 0;
  };
  const counters& counted() const { return counters_; }

 private:
  void flush();
  bool wait(time_point until);
  bool look(bool may_spin);
  bool may_sleep();
  bool complete();

  core_options options_;
  std::unique_ptr<buffer_pool> pool_;
  std::unique_ptr<backend> backend_;
  std::string reason_;
  time_point now_;
  engine::timers timers_;
  mailbox mailbox_;
  adaptive_spin spin_;
  yield_rhythm yields_{};
  time_point spin_until_;
  bool spinning_ = false;
  std::vector<looked_at*> looked_at_{};
  unsigned looks_ = 0;
  time_point kernel_asked_{};
  bool told_of_sleep_ = false;  // those of looked_at_
  completions finished_;
  std::vector<flushable*> corked_;
  std::vector<output> spare_outputs_;
  stall_watch stalls_;
  counters counters_{};
  std::atomic<bool> stopping_{false};
  std::unique_ptr<resident> clients_{};
  std::vector<std::weak_ptr<resident>> residents_{};
  const std::shared_ptr<detail::core_door> door_ = std::make_shared<detail::core_door>(*this);
};

/// The time on this core, which is simulated in a simulation; on other threads the clock's.
time_point now_here();

}  // namespace engine
