// What the two ends of one connection have agreed on, seen from the client: serializer, numbering, what the object offers. Requests
// are written and answers read here; who owns the connection (remote.hpp on plain threads, core_remote.hpp on cores) brings bytes
// and frames, and sees to it that only one thread at a time is in here.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/frame_writer.hpp>
#include <codec/msgpack_writer.hpp>
#include <codec/serializer.hpp>
#include <codec/short_text.hpp>
#include <codec/value.hpp>
#include <engine/link/channel.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/error.hpp>
#include <engine/object/proxy_options.hpp>
#include <engine/object/request_opening.hpp>
#include <engine/object/serialized_blob.hpp>
#include <engine/object/uri.hpp>

namespace engine::detail {

class conversation;

/// An answer on its way to a typed result.
class reply_slot : public awaited_reply {
 public:
  /// `heard`: gets what came along with the answer, if anybody wants it.
  explicit reply_slot(conversation& c, incoming_context* heard = nullptr) : of_(&c), heard_(heard) {}
  /// Consumes the result from `in`.
  virtual bool read_result(reader& in) = 0;
  /// The same of a msgpack payload, if the whole of it is a result in a short form. False: nothing has happened; use read_result().
  virtual bool read_plainly(std::span<const std::byte> /*payload*/) { return false; }
  /// The result is a stream of that id. False: that is not wanted here.
  virtual bool read_stream(std::string /*id*/) { return false; }
  virtual void settle(std::exception_ptr error) = 0;  ///< nullptr: read_result() has succeeded

 protected:
  conversation& asked() const { return *of_; }

 private:
  std::optional<channel_failure> answered(const frame&) final;
  void failed(const channel_failure&) final;
  friend class conversation;
  conversation* of_;
  incoming_context* heard_;

 public:
  /// The daemon keeps the result, so that it may be called upon as long as this is not done: what the request's line says was heard.
  bool kept = false;
};

/// The answer to CONNECT, taken apart.
class greeting final : public awaited_reply {
 public:
  explicit greeting(conversation& c) : of_(c) {}
  message type = message::connect_fail;
  std::uint16_t flags = 0;
  bool own_peer = false, keeps_results = false, takes_early = false, takes_msgpack = false;
  std::optional<named_datagrams::name_bytes> memory_giver{};
  value body{};
  std::optional<decode_error> error{};
  std::optional<channel_failure> failure{};
  void take(const frame&);

 private:
  std::optional<channel_failure> answered(const frame& f) override;
  void failed(const channel_failure& f) override { failure = f; }
  conversation& of_;
};

/// Thrown for an early request that somebody else has answered than who was thought to be there, or that cannot be one: it has not been begun.
class passed_over : public communication_error {
 public:
  passed_over() : communication_error("a request that was sent along with CONNECT was passed over") {}
};

struct transparent_hash : std::hash<std::string_view> {
  using is_transparent = void;
};

/// What metadata says about a member.
struct remote_member {
  bool method = false, oneway = false, attribute = false;
};
using remote_members = std::unordered_map<std::string, remote_member, transparent_hash, std::equal_to<>>;

/// A request that may have to be sent again: what it said, whatever its number.
struct prepared {
  const serializer* format = nullptr;
  std::uint16_t flags = 0;
  std::string payload{};
  std::vector<std::byte> route{};  ///< of a blob
};

/// How a request has to do with results that are not there yet (promises.hpp).
struct promised {
  bool keeps = false;          ///< its result is to be kept
  bool upon = false;           ///< it calls the result of an earlier one, …
  std::uint16_t sequence = 0;  ///< … which had this number
  bool any() const { return keeps || upon; }
};

/// Whether an argument of that type is taken away from the caller by being written: a request with it is written once.
template <class T> inline constexpr bool written_once = false;

/// What a request is written on.
struct line {
  conversation& talk;
  output& out;
  time_point deadline;      ///< told to peers that want to know
  std::uint16_t flags = 0;  ///< flag::oneway is added if the object says so
  prepared* keep = nullptr; ///< gets what was written
  bool stays = false;       ///< the arguments stay alive until the request has been sent
  const serializer* format = nullptr;  ///< for what has been encoded already; one that can_write() says yes to
  detail::promised promise{};
  /// Anything but arguments to be written and sent.
  bool asks_more() const { return format || keep || promise.any(); }
  /// Checks an attribute's name against the metadata, if there is any of what is called.
  void check_attribute(std::string_view name) const;
};
/// What was written.
struct written {
  std::uint16_t sequence;
  bool oneway;
};

class conversation {
 public:
  /// All must outlive it. Throws serialize_error for an unknown serializer.
  conversation(const engine::uri& where, const proxy_options&, const engine::settings&);

  // ---- the handshake (WIRE §3)
  /// Forgets who was at the other end: requests are written as was asked for, until another is welcomed.
  void begin_anew();
  /// Writes CONNECT; its answer, a greeting, comes under number sequence(). `also`: said along with it.
  void write_connect(output&, const annotation* also = nullptr);
  /// Whether the next request may leave with CONNECT: the object and its daemon are known from an earlier connection.
  bool may_be_early() const { return takes_early_ && (have_members_ || !settings_.metadata) && !options_.validate_handshake; }
  /// The same for a request right behind it, which is written as for the daemon that was there before. If another is there, it is passed over.
  void write_early_connect(output&);
  /// For what must not be written before it is known who is there. Throws passed_over.
  void wait_for_welcome() const {
    if (early_) throw passed_over();
  }
  /// Takes the answer; false: the metadata must be asked for. Throws what it refuses with.
  bool enter(greeting&);
  /// Writes the question for metadata; returns its number.
  std::uint16_t write_get_metadata(output&);
  void take_metadata(const value& meta);
  std::uint16_t sequence() const { return sequence_; }

  // ---- calls (WIRE §4, §5)
  /// Writes what was kept of an earlier request.
  written write_again(const line&, const prepared&);
  /// Tells a daemon of ours that a request is not wanted any more; others are told nothing. Whether anything was written.
  bool write_cancel(output&, std::uint16_t sequence);
  /// Asks a daemon of ours to put memory to share into the box of that ticket (io/handover.hpp); the answer comes under that number.
  std::uint16_t write_memory_question(output&, std::span<const std::byte> ticket);
  /// Reads an answer into its slot; returns why the connection is of no more use, or nothing.
  std::optional<channel_failure> take_answer(const frame&, reply_slot&);
  std::span<const std::byte> payload() const { return payload_; }      ///< of the answer that is being read
  const serializer& answered_in() const { return *answered_in_; }      ///< … and what it is written in
  /// Checks a name against the metadata, if there is any: throws raised AttributeError.
  const remote_member* check(std::string_view name, bool attribute) {
    // Callers mostly repeat themselves.
    if (checked_ && !attribute && same_text(checked_->first, name)) return &checked_->second;
    return look_up(name, attribute);
  }

  const std::string& object() const { return uri_.object(); }
  engine::codecs& codecs() { return codecs_; }
  const serializer& format() const { return *format_; }
  bool logs_wire() const { return settings_.log_wire; }
  /// Tells the proxy's hook what came along with an answer.
  void hear(const frame& f) const {
    if (options_.response_annotations) [[unlikely]] options_.response_annotations(f.annotations, f.type);
  }
  bool own_peer() const { return own_peer_; }
  /// Who gives memory to share, if anybody does: a daemon of ours on this machine (io/handover.hpp).
  const std::optional<named_datagrams::name_bytes>& memory_giver() const { return memory_giver_; }
  /// The daemon keeps results for calls upon them.
  bool keeps_results() const { return keeps_results_; }
  const remote_members& members() const { return members_; }
  bool knows_members() const { return have_members_; }
  /// What somebody else has learned of the object.
  void know(remote_members m) {
    checked_ = nullptr;
    opening_.forget();
    members_ = std::move(m);
    have_members_ = true;
  }
  /// Whether requests in that format are understood, and their answers here. Until the daemon has answered the handshake, what two of ours would
  /// agree on is thought to be: it was, when the request was written.
  bool can_write(const serializer& s) const { return &s == format_ || &s == asked_ || (!welcomed_ && upgrade_ && &s == &msgpack()); }
  std::string location_text() const;
  /// Throws timed_out or communication_error "cannot connect to …".
  [[noreturn]] void cannot_connect(const io_error&) const;

 private:
  friend class request;
  friend class repeated_request;
  friend written write_blob_call(const line&, std::string_view method, const serialized_blob&);
  bool write_ping(output&, frame_options, const annotation&);
  void log_sent(std::string_view text, const output& out, const output::mark& since) const;
  void keep_payload(const line&, const output::mark& payload, const serializer&, std::uint16_t flags);
  class said_along;
  /// What goes along with requests is nothing, mostly.
  bool says_nothing_along(time_point deadline) const {
    return nothing_said_along() && !options_.annotations && !early_ && !(own_peer_ && deadline != time_point::max());
  }
  /// Nothing is done with requests but sending them.
  bool says_nothing_special() const { return !settings_.log_wire && !settings_.compression && settings_.max_message_size == 0; }
  frame_options options_for(std::uint16_t flags);
  void begin_early(std::uint16_t flags);
  frame_finish finishing() const;

  const engine::uri& uri_;
  const proxy_options& options_;
  const engine::settings& settings_;
  engine::codecs codecs_;
  const serializer* asked_;    // the serializer that was asked for
  const serializer* format_;
  const serializer* passed_on_ = nullptr;  // the one of a blob that came from elsewhere: its answer comes in it
  bool upgrade_ = false;       // none was asked for: take the best the daemon knows
  bool own_peer_ = false, keeps_results_ = false, takes_early_ = false, welcomed_ = false;
  bool early_ = false;         // what is written now leaves with CONNECT
  std::optional<std::uint16_t> early_sequence_{};  // of what did, on this connection
  std::optional<named_datagrams::name_bytes> memory_giver_{};
  const remote_member* look_up(std::string_view name, bool attribute);
  remote_members members_;
  const remote_members::value_type* checked_ = nullptr;  // the method that was called last
  request_opening opening_{};
  bool have_members_ = false;
  std::uint16_t sequence_ = 0;
  std::span<const std::byte> payload_{};
  const serializer* answered_in_ = nullptr;
};

/// One request, from begin to end. An exception in between takes it back.
class request {
 public:
  /// `arguments`: how many follow.
  request(const line&, std::string_view method, std::size_t arguments);
  /// To another object of the same daemon: nothing is checked.
  request(const line&, std::string_view object, std::string_view method, std::size_t arguments);
  ~request();
  request(const request&) = delete;
  request& operator=(const request&) = delete;
  writer& arguments() { return *writer_; }
  void keywords(std::size_t count) { writer_->begin_keywords(count); with_keywords_ = true; }
  void no_keywords() { writer_->no_keywords(); with_keywords_ = true; }
  /// Completes the frame; it leaves with the next send or wait. Throws what cannot be sent.
  written finish();

 private:
  void begin_frame();
  void begin_call(std::string_view method, std::size_t arguments, std::uint16_t asked);
  const serializer& format() const { return on_.format ? *on_.format : *on_.talk.format_; }
  line on_;
  writer* writer_;
  bool with_keywords_ = false, finished_ = false;
  std::uint16_t sequence_ = 0;
  std::optional<frame_writer> frame_{};
  output::mark start_{}, payload_{};
};

/// A request that begins as the one before: callers mostly repeat themselves. Its names are copied, and its arguments written directly. An
/// exception in between takes it back.
class repeated_request {
 public:
  repeated_request(const line&, std::string_view method, std::size_t arguments);
  ~repeated_request() {
    if (writer_) on_.out.truncate(start_);
  }
  repeated_request(const repeated_request&) = delete;
  repeated_request& operator=(const repeated_request&) = delete;
  /// False: it is another, and nothing has happened.
  explicit operator bool() const { return writer_ != nullptr; }
  msgpack_writer& arguments() { return *writer_; }
  /// As request::finish().
  written finish();

 private:
  const line& on_;
  msgpack_writer* writer_ = nullptr;
  output::mark start_{};
};

/// Writes a call whose only argument is a blob (WIRE §4.7). Throws what cannot be sent.
written write_blob_call(const line&, std::string_view method, const serialized_blob&);

/// As what a failed channel is thrown.
std::exception_ptr exception_for(const channel_failure&);
/// Whether a failure is the StopIteration that ends a stream.
bool is_end_of_stream(const std::exception_ptr&);
/// Whether a call that failed so may be tried again: the connection was lost, or the time was up (WIRE: MAX_RETRIES).
bool recoverable(const std::exception_ptr&);

}  // namespace engine::detail
