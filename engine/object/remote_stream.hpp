// The client's end of a stream (WIRE §4.5): items are asked for one by one from Pyro's daemons, in windows from our own, which know a
// second argument. The next window is asked for while the last one is consumed; it grows as long as it stays small in bytes, so
// what the server sends ahead is bounded, and a consumer that stops stops the producer. A stream belongs to where it was opened: to
// plain threads, or to one core, whose connection it uses and with which it ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <engine/core/stream.hpp>
#include <engine/object/core_remote.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/serialized_result.hpp>

namespace engine::detail {

/// How many items the next request asks for.
class read_ahead {
 public:
  std::uint32_t size() const { return size_; }
  /// After an answer of so many bytes, which came full or not.
  void heard(bool full, std::size_t bytes) {
    if (bytes > high_bytes) size_ = std::max(1u, size_ / 2);
    else if (full && bytes < low_bytes) size_ = std::min(most, size_ * 2);
  }

 private:
  static constexpr std::uint32_t most = 1024;
  static constexpr std::size_t low_bytes = 32 * 1024, high_bytes = 128 * 1024;
  std::uint32_t size_ = 1;
};

/// One request for items, under way or answered; used again for the next. The connection may still know it when its stream is gone.
template <class T> class items_slot final : public reply_slot {
 public:
  explicit items_slot(conversation& c) : reply_slot(c) {}
  bool read_result(reader& in) override {
    bytes = asked().payload().size();
    if (!windows) return decode(in, items.emplace_back());
    std::size_t hint = 0;
    if (!(in.enter_sequence(hint) && in.more() && decode(in, items) && in.more() && decode(in, more) && !in.more() && in.ok())) return false;
    // Nothing to take and nothing to wait for: the consumer would ask for ever.
    if (items.size() > wanted) return in.fail(wire_class::protocol_error, "a window of a stream holds more items than were asked for");
    return !items.empty() || !more || in.fail(wire_class::protocol_error, "a window of a stream is empty, and not its last");
  }
  void settle(std::exception_ptr e) override {
    error = std::move(e);
    if (abandoned) return delete this;
    if (waiting) core::current()->post([h = std::exchange(waiting, nullptr)] { h.resume(); });
  }
  std::coroutine_handle<> waiting{};  // on a core
  bool windows = false, more = true, abandoned = false;
  std::uint32_t wanted = 0;
  std::size_t bytes = 0;
  std::vector<T> items{};
  std::exception_ptr error{};
};

/// A stream at a daemon, and the request for its next items. Closed there when this is destroyed, which happens where it was opened.
template <class T> struct remote_stream {
  std::shared_ptr<remote> from;
  std::string id;
  items_slot<T>* slot;
  core* home = core::current();
  bool asked = false, ended = false;

  remote_stream(std::shared_ptr<remote> r, conversation& talk, std::string name)
      : from(std::move(r)), id(std::move(name)), slot(new items_slot<T>(talk)) {}
  remote_stream(const remote_stream&) = delete;
  remote_stream& operator=(const remote_stream&) = delete;
  ~remote_stream() {
    bool pending = false;
    {
      const auto held = guard();
      slot->abandoned = pending = asked && !slot->done();
    }
    if (!pending) delete slot;
    if (!ended && core::current() == home) from->close_stream(id);
  }
  /// Answers on a core come in its own thread.
  remote::lock guard() { return home ? remote::lock() : from->locked(); }
};

template <class T> class remote_items final : public stream_source<T> {
 public:
  remote_items(std::shared_ptr<remote> from, conversation& talk, std::string id)
      : at_(std::make_unique<remote_stream<T>>(std::move(from), talk, std::move(id))) {
    if (at_->home) door_ = at_->home->door();
  }
  remote_items(const remote_items&) = delete;
  remote_items& operator=(const remote_items&) = delete;
  ~remote_items() override {
    // When its core has ended, all it waited for has failed there, and it may go here.
    if (door_ && core::current() != at_->home) door_->post([last = std::move(at_)] {});
  }

  bool pull() override {
    check_place();
    if (next_ < items_.size() || at_->ended || error_) return true;
    if (!at_->asked) ask();
    if (at_->asked && arrived()) bring();
    return next_ < items_.size() || at_->ended || error_;
  }
  void wait_pulled() override {
    if (at_->home) throw would_block("on a core's own thread the item would wait for itself: co_await next() there");
    at_->from->drive_or_fail(*at_->slot, deadline_);
    bring();
  }
  void resume_when_pulled(std::coroutine_handle<> h) override { at_->slot->waiting = h; }
  std::optional<T> take() override {
    if (next_ >= items_.size() && at_->asked && !error_ && arrived()) bring();  // on a core: resumed because it is there
    if (next_ < items_.size()) return std::move(items_[next_++]);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return std::nullopt;
  }

 private:
  void check_place() const {
    if (core::current() == at_->home) return;
    throw would_block(at_->home ? "this stream was opened on a core: take its items there, with co_await next()"
                                : "this stream was opened on a plain thread: take its items on one, not on a core");
  }
  bool arrived() {
    const auto held = at_->guard();
    return at_->slot->done();
  }
  void ask() {
    try {
      deadline_ = at_->from->deadline();
      at_->slot->wanted = ahead_.size();
      at_->from->ask_for_items(*at_->slot, at_->id, ahead_.size(), at_->slot->windows, deadline_);
      at_->asked = true;
    } catch (...) {
      error_ = std::current_exception();  // nothing is lost: another call may open a connection, and the stream go on
    }
  }
  void bring() {
    items_slot<T>& slot = *at_->slot;
    at_->asked = false;
    items_.swap(slot.items);
    slot.items.clear();
    next_ = 0;
    if (slot.error) return end_with(std::exchange(slot.error, nullptr));
    if (!slot.more) {
      at_->ended = true;
      return;
    }
    if (!slot.windows) return;
    ahead_.heard(items_.size() == ahead_.size(), slot.bytes);
    ask();
  }
  void end_with(std::exception_ptr why) {
    at_->ended = true;
    if (!is_end_of_stream(why)) error_ = std::move(why);
  }

  std::unique_ptr<remote_stream<T>> at_;
  std::shared_ptr<core_door> door_{};
  read_ahead ahead_{};
  time_point deadline_{};
  std::vector<T> items_{};
  std::size_t next_ = 0;
  std::exception_ptr error_{};
};

}  // namespace engine::detail

namespace engine {

/// Reads a result from a conversation's answer: a value, or for streams where their items are. A list will do for a stream, too.
template <class R> struct result_reader {
  static bool read(detail::conversation&, reader& in, R& out) { return decode(in, out); }
  static bool open(detail::remote&, detail::conversation&, std::string, R&) { return false; }
};
/// What passes through is checked, and not looked into.
template <> struct result_reader<serialized_result> {
  static bool read(detail::conversation& of, reader& in, serialized_result& out) {
    out = serialized_result::received(of.answered_in(), of.payload());
    return in.skip();
  }
  static bool open(detail::remote&, detail::conversation&, std::string, serialized_result&) { return false; }
};
template <class T> struct result_reader<stream<T>> {
  static bool read(detail::conversation&, reader& in, stream<T>& out) {
    std::vector<T> items;
    if (!decode(in, items)) return false;
    out = stream_of(std::move(items));
    return true;
  }
  static bool open(detail::remote& from, detail::conversation& talk, std::string id, stream<T>& out) {
    out = stream<T>(std::make_unique<detail::remote_items<T>>(from.shared_from_this(), talk, std::move(id)));
    return true;
  }
};

/// What a method answers with of which that is not known either.
using value_or_stream = std::variant<value, stream<value>>;
template <> struct result_reader<value_or_stream> {
  static bool read(detail::conversation&, reader& in, value_or_stream& out) { return decode(in, out.emplace<value>()); }
  static bool open(detail::remote& from, detail::conversation& talk, std::string id, value_or_stream& out) {
    return result_reader<stream<value>>::open(from, talk, std::move(id), out.emplace<stream<value>>());
  }
};

}  // namespace engine
