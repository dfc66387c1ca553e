// The timer wheel of a core: four wheels of 256 slots, one tick a millisecond. Arming and disarming are a list splice, so every
// connection may have a deadline; next() says how long the coming wait may last.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <engine/io/backend.hpp>

namespace engine {

class timers;

/// A deadline its owner keeps. Destroying it disarms it.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  bool armed() const { return wheel_ != nullptr; }
  void disarm();
  /// Called on the core once the deadline has passed; the timer is disarmed by then and may be armed again from here.
  virtual void expired() = 0;

 protected:
  ~timer() { disarm(); }

 private:
  friend class timers;
  timers* wheel_ = nullptr;
  timer** link_ = nullptr;  // what points to us
  timer* next_ = nullptr;
  std::uint64_t tick_ = 0;
};

class timers {
 public:
  explicit timers(time_point start) : start_(start) {}
  ~timers();  ///< disarms what is left
  timers(const timers&) = delete;
  timers& operator=(const timers&) = delete;

  /// Arms (or moves) a timer; it expires at `at` or up to a millisecond later, never earlier.
  void arm(timer&, time_point at);
  /// When the next timer may be due; time_point::max() if there is none. May be early (a wheel has to turn), never late. Asked
  /// before every wait, so the answer is kept until it has come.
  time_point next() const;
  /// Runs what is due at `now`; whether anything was.
  bool expire(time_point now);
  std::size_t armed() const { return armed_; }

 private:
  friend class timer;
  static constexpr unsigned wheels = 4, slot_bits = 8, slots = 1u << slot_bits;
  void place(timer&);
  void link(timer*& head, timer&);
  static void unlink(timer&);
  void turn(unsigned wheel);
  bool run_slot(timer*& head);
  std::uint64_t look_for_next() const;

  time_point start_;
  std::uint64_t tick_ = 0;  // the tick that expire() has reached
  mutable std::uint64_t soonest_ = 0;  // no armed timer is due before; up to tick_: to be looked for
  std::size_t armed_ = 0;
  std::array<std::array<timer*, slots>, wheels> heads_{};
};

}  // namespace engine
