// The client's end of a stream (WIRE §4.5): items are asked for one by one from Pyro's daemons, in windows from our own, which know a
// second argument. The next window is asked for while the last one is consumed; it grows as long as it stays small in bytes, so
// what the server sends ahead is bounded, and a consumer that stops stops the producer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <engine/core/stream.hpp>
#include <engine/object/remote.hpp>

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
    return in.enter_sequence(hint) && in.more() && decode(in, items) && in.more() && decode(in, more) && !in.more() && in.ok();
  }
  void settle(std::exception_ptr e) override {
    error = std::move(e);
    if (abandoned) return delete this;
    if (waiting) core::current()->post([h = std::exchange(waiting, nullptr)] { h.resume(); });
  }
  std::coroutine_handle<> waiting{};  // on a core
  bool windows = false, more = true, abandoned = false;
  std::size_t bytes = 0;
  std::vector<T> items{};
  std::exception_ptr error{};
};

template <class T> class remote_items final : public stream_source<T> {
 public:
  remote_items(std::shared_ptr<remote> from, conversation& talk, std::string id)
      : from_(std::move(from)), id_(std::move(id)), slot_(new items_slot<T>(talk)) {}
  remote_items(const remote_items&) = delete;
  remote_items& operator=(const remote_items&) = delete;
  ~remote_items() override {
    bool pending = false;
    {
      const auto held = from_->locked();
      slot_->abandoned = pending = asked_ && !slot_->done();
    }
    if (!pending) delete slot_;
    if (!ended_) from_->close_stream(id_);
  }

  bool pull() override {
    if (next_ < items_.size() || ended_) return true;
    if (!asked_) ask();
    bool arrived = false;
    if (asked_) {
      const auto held = from_->locked();
      arrived = slot_->done();
    }
    if (arrived) bring();
    return arrived || ended_ || error_;
  }
  void wait_pulled() override {
    from_->drive_or_fail(*slot_, deadline_);
    bring();
  }
  void resume_when_pulled(std::coroutine_handle<> h) override { slot_->waiting = h; }
  std::optional<T> take() override {
    if (next_ >= items_.size() && asked_ && !error_) bring();  // on a core: resumed because it is there
    if (next_ < items_.size()) return std::move(items_[next_++]);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return std::nullopt;
  }

 private:
  void ask() {
    try {
      deadline_ = from_->deadline();
      from_->ask_for_items(*slot_, id_, ahead_.size(), slot_->windows, deadline_);
      asked_ = true;
    } catch (...) {
      error_ = std::current_exception();  // nothing is lost: another call may open a connection, and the stream go on
    }
  }
  void bring() {
    asked_ = false;
    items_.swap(slot_->items);
    slot_->items.clear();
    next_ = 0;
    if (slot_->error) return end_with(std::exchange(slot_->error, nullptr));
    if (!slot_->more) {
      ended_ = true;
      return;
    }
    if (!slot_->windows) return;
    ahead_.heard(items_.size() == ahead_.size(), slot_->bytes);
    ask();
  }
  void end_with(std::exception_ptr why) {
    ended_ = true;
    if (!is_end_of_stream(why)) error_ = std::move(why);
  }

  std::shared_ptr<remote> from_;
  std::string id_;
  items_slot<T>* slot_;
  read_ahead ahead_{};
  time_point deadline_{};
  bool asked_ = false, ended_ = false;
  std::vector<T> items_{};
  std::size_t next_ = 0;
  std::exception_ptr error_{};
};

}  // namespace engine::detail

namespace engine {

/// Reads a result: a value, or for streams where their items are. A list will do for a stream, too.
template <class R> struct result_reader {
  static bool read(reader& in, R& out) { return decode(in, out); }
  static bool open(detail::remote&, detail::conversation&, std::string, R&) { return false; }
};
template <class T> struct result_reader<stream<T>> {
  static bool read(reader& in, stream<T>& out) {
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

}  // namespace engine
