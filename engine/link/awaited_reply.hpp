// Requests of one connection that wait for their answers: matched by sequence number, each told once how it ended. Owned by whoever asked,
// linked here as long as they wait, so that waiting costs no allocation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <codec/frame.hpp>
#include <engine/io/backend.hpp>

namespace engine {

/// Why a client's connection is of no more use.
struct channel_failure {
  enum class cause { closed, timed_out, bad_bytes, out_of_sync } why = cause::closed;
  std::string text{};
  std::string_view type{};      ///< wire class, for bad_bytes
  std::exception_ptr thrown{};  ///< what to throw for it, if the floor above knows better
};

/// One request waiting for its answer. Stays where it is until answered() or failed() is called (once).
class awaited_reply {
 public:
  /// The answer, valid during the call; a lock of the connection's is held. Returns why the connection is of no more use, or nothing. This
  /// may be gone afterwards.
  virtual std::optional<channel_failure> answered(const frame&) = 0;
  virtual void failed(const channel_failure&) = 0;
  bool done() const { return done_; }
  /// Of the request, once it is announced.
  std::uint16_t sequence() const { return sequence_; }

 protected:
  ~awaited_reply() = default;

 private:
  friend class awaited_replies;
  awaited_reply* next_ = nullptr;
  time_point deadline_{};       // where the connection looks after them
  std::uint64_t asked_at_ = 0;  // where in the stream of requests its own ends
  std::uint16_t sequence_ = 0;
  bool done_ = false;
};

class awaited_replies {
 public:
  std::size_t size() const { return size_; }
  /// The number of the one that waits longest.
  std::optional<std::uint16_t> next_expected() const { return first_ ? std::optional(first_->sequence_) : std::nullopt; }

  void add(awaited_reply& r, std::uint16_t sequence, std::uint64_t asked_at, time_point deadline) {
    r.sequence_ = sequence;
    r.asked_at_ = asked_at;
    r.deadline_ = deadline;
    r.next_ = nullptr;
    r.done_ = false;
    (last_ ? last_->next_ : first_) = &r;
    last_ = &r;
    ++size_;
  }
  /// Takes the one of that number off, nullptr if none has it.
  awaited_reply* take(std::uint16_t sequence) {
    return take_where([=](const awaited_reply& r) { return r.sequence_ == sequence; });
  }
  /// Takes the first off whose deadline has passed.
  awaited_reply* take_late(time_point now) {
    return take_where([=](const awaited_reply& r) { return r.deadline_ <= now; });
  }
  time_point earliest_deadline() const {
    time_point earliest = time_point::max();
    for (const awaited_reply* r = first_; r; r = r->next_) earliest = std::min(earliest, r->deadline_);
    return earliest;
  }
  template <class F> void each(F f) const {
    for (awaited_reply* r = first_; r; r = r->next_) f(*r);
  }
  /// Takes one off that has waited long enough.
  void drop(awaited_reply& r) { take_where([&](const awaited_reply& each) { return &each == &r; }); }

  static std::uint64_t asked_at(const awaited_reply& r) { return r.asked_at_; }
  // Of those that are off the list:
  static std::optional<channel_failure> answer(awaited_reply& r, const frame& f) {
    r.done_ = true;
    return r.answered(f);
  }
  static void fail(awaited_reply& r, const channel_failure& why) {
    r.done_ = true;
    r.failed(why);
  }
  /// Each is off the list before it is told: it may go on at once, and come back here.
  void fail_all(const channel_failure& why) {
    while (awaited_reply* const r = take_where([](const awaited_reply&) { return true; })) fail(*r, why);
  }

 private:
  template <class Wanted> awaited_reply* take_where(Wanted wanted) {
    awaited_reply* before = nullptr;
    for (awaited_reply* r = first_; r; before = r, r = r->next_) {
      if (!wanted(*r)) continue;
      (before ? before->next_ : first_) = r->next_;
      if (last_ == r) last_ = before;
      --size_;
      return r;
    }
    return nullptr;
  }

  awaited_reply* first_ = nullptr;
  awaited_reply* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace engine
