// What all proxies of one object share: its address, the connection, the serializer and what the object said it offers. Calls
// are written and answers read here; proxy.hpp puts C++ types around it. Every word is safe for several threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/frame_writer.hpp>
#include <codec/serializer.hpp>
#include <codec/value.hpp>
#include <engine/core/future.hpp>
#include <engine/link/channel.hpp>
#include <engine/object/error.hpp>
#include <engine/object/settings.hpp>
#include <engine/object/uri.hpp>

namespace engine {

struct proxy_options {
  /// Name of the serializer. Empty: settings.serializer (PYRO_SERIALIZER, else serpent) for Pyro's daemons, msgpack for our own.
  std::string serializer{};
  /// Longest time for connecting, and for each call; unset: settings.comm_timeout; 0: for ever.
  std::optional<std::chrono::milliseconds> timeout{};
  /// What the daemon's validate_handshake gets to see.
  value handshake = "hello";
  /// Shared secret of the HMAC annotation, empty = none.
  std::string hmac_key{};
  /// Everything else; default: Pyro's defaults as changed by the PYRO_* environment variables.
  std::optional<engine::settings> settings{};
};

namespace detail {

class remote;

/// An answer on its way to a typed result.
class reply_slot : public awaited_reply {
 public:
  explicit reply_slot(remote& r) : of_(r) {}
  /// Consumes the result from `in`.
  virtual bool read_result(reader& in) = 0;
  /// The result is a stream of that id. False: that is not wanted here.
  virtual bool read_stream(std::string /*id*/) { return false; }
  virtual void settle(std::exception_ptr error) = 0;  ///< nullptr: read_result() has succeeded

 protected:
  remote& asked() const { return of_; }

 private:
  void answered(const frame&) final;
  void failed(const channel_failure&) final;
  remote& of_;
};

struct transparent_hash : std::hash<std::string_view> {
  using is_transparent = void;
};

/// What metadata says about a member.
struct remote_member {
  bool method = false, oneway = false, attribute = false;
};

class remote : public std::enable_shared_from_this<remote> {
 public:
  using lock = channel::lock;
  using members = std::unordered_map<std::string, remote_member, transparent_hash, std::equal_to<>>;

  remote(engine::uri where, proxy_options options);
  ~remote();

  /// Locks and connects if need be. Throws communication_error, timed_out, would_block (on a core's own thread) …
  lock acquire();
  time_point deadline() const { return deadline_after(timeout_); }
  static time_point deadline_after(std::chrono::milliseconds);

  /// One request, from begin to end under one lock. An exception in between takes it back.
  class request {
   public:
    /// `arguments`: how many follow. Flags: flag::oneway is added if the object says so.
    request(remote&, std::string_view method, std::size_t arguments, std::uint16_t flags);
    /// To another object of the same daemon: nothing is checked.
    request(remote&, std::string_view object, std::string_view method, std::size_t arguments, std::uint16_t flags);
    ~request();
    request(const request&) = delete;
    request& operator=(const request&) = delete;
    writer& arguments() { return *writer_; }
    void keywords(std::size_t count) { writer_->begin_keywords(count); with_keywords_ = true; }
    void no_keywords() { writer_->no_keywords(); with_keywords_ = true; }
    bool oneway() const { return oneway_; }
    /// Completes the frame; it leaves with the next send or wait. Throws what cannot be sent.
    std::uint16_t finish();

   private:
    void begin(std::string_view object, std::string_view method, std::size_t arguments, std::uint16_t flags);
    remote& of_;
    writer* writer_;
    bool oneway_ = false, with_keywords_ = false, finished_ = false;
    std::uint16_t sequence_ = 0;
    std::optional<frame_writer> frame_{};
  };

  /// Sends a finished request and waits for the answer; throws timed_out at the deadline.
  void exchange(lock&, reply_slot&, std::uint16_t sequence, time_point deadline);
  /// Sends a finished request that has no answer; quick ones after each other leave together, a moment later.
  void dispatch(lock&, time_point deadline);
  /// Sends what dispatch() kept back; false: nothing was kept since the last time.
  bool send_rest();
  /// Puts a finished request on its way; the answer comes when somebody waits.
  void post(lock&, reply_slot&, std::uint16_t sequence, time_point deadline);
  /// Drives until the slot is settled or the deadline passes (which then does no harm).
  void drive(reply_slot&, time_point deadline);
  /// Drives until the slot is settled; at the deadline the connection fails with timed_out.
  void drive_or_fail(reply_slot&, time_point deadline);

  void release();                       ///< closes the connection; the next call opens another
  const engine::uri& where() const { return uri_; }
  members offered();                    ///< connects if need be
  int retries() const { return settings_.max_retries; }
  std::chrono::milliseconds timeout() const { return timeout_; }
  bool connected();
  /// What the present connection has cost.
  channel::counters counted();
  /// The names of members were checked against metadata: throws raised AttributeError for unknown ones.
  const remote_member* check(std::string_view name, bool attribute);

  /// Asks for the next items of a stream: one, or `most` of our own daemons, which `windows` tells. Throws connection_closed if the
  /// connection has ended meanwhile and no other call has opened another.
  void ask_for_items(reply_slot&, std::string_view stream_id, std::uint32_t most, bool& windows, time_point deadline);
  /// Tells the daemon that nobody wants more of a stream. Does not throw: it ends there by itself, later.
  void close_stream(std::string_view stream_id) noexcept;
  template <class F> void locked(F&& f) {
    const lock held(mutex_);
    f();
  }
  std::size_t last_answer() const { return last_answer_; }  ///< bytes of the payload being read

  void take_answer(const frame&, reply_slot&);
  static std::exception_ptr exception_for(const channel_failure&);

 private:
  void connect(lock&);
  void open_channel(time_point deadline);
  void greet(lock&, time_point deadline);
  void take_metadata(const value& meta);
  void fetch_metadata(lock&, time_point deadline);
  std::vector<address> addresses();
  std::string location_text() const;

  engine::uri uri_;
  proxy_options options_;
  engine::settings settings_;
  std::chrono::milliseconds timeout_{0};
  std::mutex mutex_;
  std::shared_ptr<channel> channel_;  // shared with whoever waits, so that release() may come at any time
  bool connecting_ = false;           // a thread is in the handshake: nobody else may use the channel yet
  std::condition_variable connected_;
  engine::codecs codecs_;
  const serializer* format_ = nullptr;
  bool upgrade_ = false;       // no serializer was asked for: take the best the daemon knows
  std::vector<address> addresses_;
  members members_;
  bool have_members_ = false;
  std::uint16_t sequence_ = 0;
  bool own_peer_ = false;      // the daemon is one of ours
  std::size_t last_answer_ = 0;
};

/// Whether a failure is the StopIteration that ends a stream.
bool is_end_of_stream(const std::exception_ptr&);

template <class R> struct owned_result { using type = std::remove_cvref_t<R>; };
template <> struct owned_result<std::string_view> { using type = std::string; };
template <> struct owned_result<std::span<const std::byte>> { using type = bytes; };
/// What a caller gets for a method's return type: views become owners, because the frame does not stay.
template <class R> using result_type = typename owned_result<std::remove_cvref_t<R>>::type;

}  // namespace detail
}  // namespace engine
