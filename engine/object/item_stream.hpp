// Streams on the server (WIRE §4.5): what a method returned as stream<T> waits here, under an id, for its client to ask for items. A
// stream lives on the core where it was made; it is found from every core, because any connection that knows the id may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <engine/core/core.hpp>
#include <engine/core/stream.hpp>
#include <engine/core/task.hpp>

namespace engine {

/// A stream whose items are sent somewhere, whatever they are.
class open_stream {
 public:
  virtual ~open_stream() = default;
  /// Brings up to `most` items; at least one, unless it has ended. It does not wait for more once it has some.
  virtual task<> fill(std::size_t most) = 0;
  /// Nobody wants what is being brought: it need not be waited for.
  virtual void give_up() = 0;
  virtual std::size_t filled() const = 0;
  /// Nothing follows what is filled, not even an exception.
  virtual bool ended() const = 0;
  /// Throws what the producer threw, once, after its last item.
  virtual void rethrow() = 0;
  /// The first of what is filled, or all of it as a list.
  virtual void write_one(writer&) const = 0;
  virtual void write_all(writer&) const = 0;
};

template <class T> class open_stream_of final : public open_stream {
 public:
  explicit open_stream_of(stream<T> s) : items_(std::move(s)) {}

  task<> fill(std::size_t most) override {
    made_.clear();
    while (made_.size() < most && !ended_) {
      if (!items_.source().pull()) {
        if (!made_.empty()) break;
        pulled arrival{items_.source()};
        co_await arrival;
      }
      take();
    }
  }
  void give_up() override { items_.source().give_up(); }
  std::size_t filled() const override { return made_.size(); }
  bool ended() const override { return ended_ && !error_; }
  void rethrow() override {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }
  void write_one(writer& out) const override { encode(out, made_.front()); }
  void write_all(writer& out) const override { encode(out, made_); }

 private:
  struct pulled {
    stream_source<T>& from;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiting) { from.resume_when_pulled(waiting); }
    void await_resume() const {}
  };
  void take() {
    try {
      if (auto item = items_.source().take()) made_.push_back(std::move(*item));
      else ended_ = true;
    } catch (...) {
      error_ = std::current_exception();
      ended_ = true;
    }
  }

  stream<T> items_;
  std::vector<T> made_{};
  std::exception_ptr error_{};
  bool ended_ = false;
};

/// The streams of a daemon. Thread-safe.
class stream_table {
 public:
  struct entry {
    std::shared_ptr<open_stream> items{};
    core* home = nullptr;         ///< where it is pulled; nullptr: on side threads
    std::uint64_t connection = 0; ///< who reads it, 0: its connection has ended
    time_point made{};
    std::optional<time_point> left{};  ///< when that connection ended
    bool busy = false;            ///< an item is being brought
  };

  /// Takes a stream made on this thread; its id, a UUID. It is destroyed on the same core.
  std::string add(std::unique_ptr<open_stream>, std::uint64_t connection, time_point now);
  /// The same of one whose reader is still to come, and which lingers until then.
  std::string add_unread(std::unique_ptr<open_stream>, time_point now);
  /// For bringing items: it belongs to `connection` from now on, and to nobody else until put_back(). Throws engine::error "item stream
  /// terminated" for ids that are not or no longer known, and when it is being read elsewhere at this moment.
  entry borrow(const std::string& id, std::uint64_t connection);
  void put_back(const std::string& id);
  void forget(const std::string& id);
  /// The same because its reader wants no more.
  void close(const std::string& id);
  /// A connection has ended: its streams go at once, or linger.
  void connection_ended(std::uint64_t connection, bool linger, time_point now);
  /// Forgets what has lived (lifetime) or been left (linger) too long; both in seconds, 0 = no limit.
  void expire(double lifetime, double linger, time_point now);
  void clear();
  std::size_t size() const;

 private:
  std::string add(entry, std::unique_ptr<open_stream>);
  mutable std::mutex mutex_;
  std::map<std::string, entry> streams_;
};

/// The answer to a request for items: one item, or for our own peers a window of them.
struct stream_items {
  std::shared_ptr<open_stream> from{};
  bool window = false;
  std::shared_ptr<void> lease{};  ///< until they are written
};

/// A window travels as (items, whether more may follow).
template <> struct codec_of<stream_items> {
  static bool decode(reader&, stream_items&);
  static void encode(writer&, const stream_items&);
};

}  // namespace engine
