// See remote.hpp. The client's half of the handshake (WIRE §3) and of calls (WIRE §4, §5).
#include <engine/object/remote.hpp>

#include <array>
#include <cassert>

#include <engine/core/core.hpp>
#include <engine/io/log.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/dispatch.hpp>
#include <engine/object/late_sender.hpp>
#include <engine/object/remote_reply.hpp>

namespace engine::detail {

namespace {

/// An answer of the handshake, kept as a value.
class greeting_reply final : public awaited_reply {
 public:
  explicit greeting_reply(codecs& c) : codecs_(c) {}
  void answered(const frame& f) override {
    type = f.type;
    flags = f.flags;
    own_peer = f.annotations.find(own_annotation).has_value();
    const serializer* format = find_serializer_48(f.serializer);
    if (f.payload.empty() || !format) return;
    reader& in = codecs_.reader_of(*format);
    in.start(f.payload);
    if (!decode(in, body) || !in.finish()) error = in.error();
  }
  void failed(const channel_failure& f) override { failure = f; }

  message type = message::connect_fail;
  std::uint16_t flags = 0;
  bool own_peer = false;
  value body{};
  std::optional<decode_error> error{};
  std::optional<channel_failure> failure{};

 private:
  codecs& codecs_;
};

constexpr std::chrono::milliseconds goodbye{1000};

std::string quoted(const engine::uri& u) { return "'" + u.to_string() + "'"; }

}  // namespace

void reply_slot::answered(const frame& f) { of_.take_answer(f, *this); }
void reply_slot::failed(const channel_failure& f) { settle(remote::exception_for(f)); }

std::exception_ptr remote::exception_for(const channel_failure& f) {
  using cause = channel_failure::cause;
  switch (f.why) {
    case cause::closed: return std::make_exception_ptr(connection_closed(f.text));
    case cause::timed_out: return std::make_exception_ptr(timed_out(f.text));
    case cause::out_of_sync: return std::make_exception_ptr(protocol_error(f.text));
    case cause::bad_bytes: break;
  }
  return exception_of(wire_exception::from(decode_error{f.type, f.text}));
}

remote::remote(engine::uri where, proxy_options options) : uri_(std::move(where)), options_(std::move(options)) {
  settings_ = options_.settings ? *options_.settings : settings::from_environment();
  timeout_ = options_.timeout.value_or(std::chrono::milliseconds(static_cast<std::int64_t>(settings_.comm_timeout * 1000)));
  upgrade_ = options_.serializer.empty() && settings_.serializer == settings::defaults().serializer;
  const std::string& name = options_.serializer.empty() ? settings_.serializer : options_.serializer;
  format_ = find_serializer(name);
  if (!format_) throw serialize_error("serializer '" + name + "' is unknown or not available");
}

remote::~remote() { release(); }

time_point remote::deadline_after(std::chrono::milliseconds d) {
  return d.count() > 0 ? std::chrono::steady_clock::now() + d : time_point::max();
}

// ---- connecting

remote::lock remote::acquire() {
  if (core::current())
    throw would_block("a synchronous call on a core's own thread would wait for itself: call from another thread");
  lock held(mutex_);
  connected_.wait(held, [this] { return !connecting_; });
  if (channel_ && channel_->outstanding() == 0 && channel_->stale()) channel_.reset();
  if (!channel_ || !channel_->usable()) connect(held);
  return held;
}

std::vector<address> remote::addresses() {
  if (uri_.protocol() != uri_protocol::pyro) throw naming_error("this URI is a name and must be looked up first: " + uri_.to_string());
  if (!uri_.sockname().empty()) {
    auto where = address::unix_socket(uri_.sockname());
    if (!where) throw communication_error("cannot connect to " + uri_.sockname() + ": " + where.error().to_string());
    return {*where};
  }
  const int version = uri_.host().find(':') == std::string::npos ? settings_.prefer_ip_version : 6;
  auto found = address::resolve(uri_.host(), static_cast<std::uint16_t>(uri_.port()), version);
  if (!found) throw communication_error("cannot connect to " + location_text() + ": " + found.error().to_string());
  return *found;
}

std::string remote::location_text() const {
  if (!uri_.sockname().empty()) return uri_.sockname();
  return "('" + uri_.host() + "', " + std::to_string(uri_.port()) + ")";
}

void remote::connect(lock& held) {
  const time_point deadline = deadline_after(timeout_);
  open_channel(deadline);
  connecting_ = true;
  try {
    greet(held, deadline);
  } catch (...) {
    channel_.reset();
    connecting_ = false;
    connected_.notify_all();
    throw;
  }
  connecting_ = false;
  connected_.notify_all();
}

void remote::open_channel(time_point deadline) {
  channel_.reset();
  if (addresses_.empty()) addresses_ = addresses();
  const channel_options options{.frames = {.message_size = settings_.max_message_size}, .hmac_key = options_.hmac_key, .spin = settings_.spin};
  io_error last{};
  for (const address& a : addresses_) {
    auto made = channel::connect(a, deadline, options);
    if (made) {
      channel_ = std::move(*made);
      break;
    }
    last = made.error();
  }
  if (!channel_) {
    addresses_.clear();
    const std::string text = "cannot connect to " + location_text() + ": " + last.to_string();
    if (last.code == ETIMEDOUT) throw timed_out(text);
    throw communication_error(text);
  }
}

void remote::greet(lock& held, time_point deadline) {
  const auto mine = channel_;  // release() may come meanwhile
  const bool metadata = settings_.metadata;
  const bool hmac = !options_.hmac_key.empty();
  const annotation ours{own_annotation, std::as_bytes(std::span("1", 1))};
  frame_writer frame(mine->outgoing(),
                     {.type = message::connect, .flags = metadata ? flag::metadata : std::uint16_t{0}, .sequence = sequence_,
                      .serializer = format_->id_48, .hmac = hmac},
                     {&ours, 1});
  writer& w = codecs_.writer_of(*format_);
  w.start(mine->outgoing());
  w.begin(kind::dict, metadata ? 2 : 1);
  w.string("handshake");
  encode(w, options_.handshake);
  if (metadata) {
    w.string("object");
    w.string(uri_.object());
  }
  w.end();
  if (!w.ok()) throw serialize_error(w.error().text);
  if (auto done = frame.finish({.compress = settings_.compression, .hmac_key = options_.hmac_key}); !done)
    throw protocol_error(done.error().text);
  greeting_reply answer(codecs_);
  mine->expect(answer, sequence_);
  mine->wait(held, answer, deadline);
  if (answer.failure) std::rethrow_exception(exception_for(*answer.failure));
  if (answer.type == message::connect_fail) {
    const std::string* reason = answer.body.get_if<std::string>();
    throw communication_error("connection to " + location_text() + " rejected: " + (reason ? *reason : "?"));
  }
  if (answer.type != message::connect_ok)
    throw protocol_error("invalid msg type " + std::to_string(static_cast<unsigned>(answer.type)) + " received");
  if (answer.error) throw serialize_error(answer.error->text);
  own_peer_ = answer.own_peer;
  if (answer.own_peer && upgrade_) format_ = &msgpack();
  if (!metadata) return;
  const value::dict* fields = answer.body.get_if<value::dict>();
  const value* meta = (answer.flags & flag::metadata) && fields ? fields->find("meta") : nullptr;
  if (meta && !meta->is_none()) {
    take_metadata(*meta);
  } else {
    fetch_metadata(held, deadline);
  }
}

void remote::take_metadata(const value& meta) {
  members_.clear();
  const value::dict* fields = meta.get_if<value::dict>();
  if (!fields) throw protocol_error("metadata is not a dict");
  const auto each = [&](const char* key, bool remote_member::* what) {
    const value* names = fields->find(key);
    if (!names) return;
    for (const std::string& name : names->as<std::vector<std::string>>()) members_[name].*what = true;
  };
  each("methods", &remote_member::method);
  each("oneway", &remote_member::oneway);
  each("attrs", &remote_member::attribute);
  have_members_ = true;
  if (members_.empty())
    throw error("remote object doesn't expose any methods or attributes. Did you forget setting @expose on them?");
}

void remote::fetch_metadata(lock& held, time_point deadline) {
  const auto mine = channel_;
  if (!mine) throw connection_closed("the proxy has been released");
  frame_writer frame(mine->outgoing(), {.type = message::invoke, .sequence = ++sequence_, .serializer = format_->id_48,
                                            .hmac = !options_.hmac_key.empty()});
  writer& w = codecs_.writer_of(*format_);
  w.start(mine->outgoing());
  w.begin_call("Pyro.Daemon", "get_metadata", 1);
  w.string(uri_.object());
  w.begin_keywords(0);
  w.end_call();
  if (auto done = frame.finish({.hmac_key = options_.hmac_key}); !done) throw protocol_error(done.error().text);
  waiting_reply<value> answer(*this);
  mine->expect(answer, sequence_);
  mine->wait(held, answer, deadline);
  take_metadata(answer.take());
}

void remote::release() {
  lock held(mutex_);
  if (!channel_) return;
  const auto mine = channel_;  // another thread may end it meanwhile
  mine->send(held, true, deadline_after(goodbye));  // oneway calls that were kept back
  if (channel_ != mine) return;
  channel_->fail({.why = channel_failure::cause::closed, .text = "the proxy has been released"});
  channel_.reset();
}

bool remote::connected() {
  const lock held(mutex_);
  return channel_ && channel_->usable();
}

channel::counters remote::counted() {
  const lock held(mutex_);
  return channel_ ? channel_->counted() : channel::counters{};
}

remote::members remote::offered() {
  const lock held = acquire();
  return members_;
}

const remote_member* remote::check(std::string_view name, bool attribute) {
  if (!have_members_) return nullptr;
  const auto at = members_.find(name);
  if (at == members_.end() || (attribute ? !at->second.attribute : !at->second.method))
    rethrow({.type = "builtins.AttributeError",
             .args = {value("remote object " + quoted(uri_) + " has no exposed attribute or method '" + std::string(name) + "'")}});
  return &at->second;
}

// ---- calling

remote::request::request(remote& r, std::string_view method, std::size_t arguments, std::uint16_t flags)
    : of_(r), writer_(&r.codecs_.writer_of(*r.format_)) {
  const bool attribute = method == "__getattr__" || method == "__setattr__";
  const remote_member* known = attribute ? nullptr : r.check(method, false);
  if (known && known->oneway) flags |= flag::oneway;
  begin(r.uri_.object(), method, arguments, flags);
}

remote::request::request(remote& r, std::string_view object, std::string_view method, std::size_t arguments, std::uint16_t flags)
    : of_(r), writer_(&r.codecs_.writer_of(*r.format_)) {
  begin(object, method, arguments, flags);
}

void remote::request::begin(std::string_view object, std::string_view method, std::size_t arguments, std::uint16_t flags) {
  oneway_ = (flags & flag::oneway) != 0;
  sequence_ = ++of_.sequence_;
  output& out = of_.channel_->outgoing();
  frame_.emplace(out, frame_options{.type = message::invoke, .flags = flags, .sequence = sequence_, .serializer = of_.format_->id_48,
                                    .hmac = !of_.options_.hmac_key.empty()});
  writer_->start(out);
  writer_->begin_call(object, method, arguments);
}

remote::request::~request() {
  if (!finished_ && frame_) frame_->cancel();
}

std::uint16_t remote::request::finish() {
  if (!with_keywords_) writer_->begin_keywords(0);
  writer_->end_call();
  if (!writer_->ok()) rethrow(wire_exception::from(writer_->error()));
  finished_ = true;
  if (auto done = frame_->finish({.message_size = of_.settings_.max_message_size, .compress = of_.settings_.compression,
                                  .hmac_key = of_.options_.hmac_key});
      !done)
    rethrow(wire_exception::from(done.error()));
  return sequence_;
}

void remote::exchange(lock& held, reply_slot& slot, std::uint16_t sequence, time_point deadline) {
  const auto mine = channel_;
  mine->expect(slot, sequence);
  mine->wait(held, slot, deadline);
}

void remote::dispatch(lock& held, time_point deadline) {
  const auto mine = channel_;
  if (mine->send_lazily(held, deadline)) late_sender::instance().look_after(weak_from_this());
  if (mine->failure()) std::rethrow_exception(exception_for(*mine->failure()));
}

bool remote::send_rest() {
  const lock held(mutex_);
  return channel_ && channel_->send_rest();
}

void remote::post(lock& held, reply_slot& slot, std::uint16_t sequence, time_point deadline) {
  const auto mine = channel_;
  mine->expect(slot, sequence);
  mine->send(held, false, deadline);
}

void remote::drive(reply_slot& slot, time_point deadline) {
  lock held(mutex_);
  // Not done means that its channel is still the present one: a channel that goes fails all that wait on it.
  const auto mine = channel_;
  if (!slot.done()) mine->wait_quietly(held, slot, deadline);
}

void remote::drive_or_fail(reply_slot& slot, time_point deadline) {
  lock held(mutex_);
  const auto mine = channel_;
  if (!slot.done()) mine->wait(held, slot, deadline);
}

void remote::take_answer(const frame& f, reply_slot& slot) {
  const auto lost = [&](std::exception_ptr error, const std::string& text) {
    slot.settle(std::move(error));
    channel_->fail({.why = channel_failure::cause::out_of_sync, .text = text});
  };
  if (f.type != message::result) {
    const std::string text = "invalid msg type " + std::to_string(static_cast<unsigned>(f.type)) + " received";
    return lost(std::make_exception_ptr(protocol_error(text)), text);
  }
  const serializer* format = find_serializer_48(f.serializer);
  if (format != format_) {
    const std::string text = "invalid serializer in response: " + std::to_string(f.serializer);
    return lost(std::make_exception_ptr(serialize_error(text)), text);
  }
  if (f.has(flag::item_stream)) {
    const auto id = f.annotations.find("STRM");
    if (!id)
      return slot.settle(std::make_exception_ptr(protocol_error("result of call is an iterator, but the server is not configured to allow streaming")));
    if (slot.read_stream(std::string(reinterpret_cast<const char*>(id->data()), id->size()))) return slot.settle(nullptr);
  }
  reader& in = codecs_.reader_of(*format);
  in.start(f.payload);
  last_answer_ = f.payload.size();
  if (!f.has(flag::exception)) {
    if (slot.read_result(in) && in.finish()) return slot.settle(nullptr);
    return slot.settle(exception_of(wire_exception::from(in.error())));
  }
  wire_exception remote_error;
  if (!decode(in, remote_error)) return lost(exception_of(wire_exception::from(in.error())), in.error().text);
  // After these the daemon closes the connection (WIRE §5.4): the next call must not be sent into its end.
  const bool ends = remote_error.is_a(wire_class::communication_error) || remote_error.is_a(wire_class::security_error);
  slot.settle(exception_of(remote_error));
  if (ends) channel_->fail({.why = channel_failure::cause::closed, .text = "the daemon ended the connection after " + remote_error.type});
}

// ---- streams

void remote::ask_for_items(reply_slot& slot, std::string_view stream_id, std::uint32_t most, bool& windows, time_point deadline) {
  if (!connected()) throw connection_closed("the proxy for this stream result has been closed");
  lock held = acquire();
  windows = own_peer_;
  request asking(*this, daemon_object::id, "get_next_stream_item", windows ? 2 : 1, 0);
  asking.arguments().string(stream_id);
  if (windows) asking.arguments().unsigned_integer(most);
  const auto sequence = asking.finish();
  post(held, slot, sequence, deadline);
}

void remote::close_stream(std::string_view stream_id) noexcept {
  try {
    if (core::current() || !connected()) return;
    lock held = acquire();
    request closing(*this, daemon_object::id, "close_stream", 1, flag::oneway);
    closing.arguments().string(stream_id);
    closing.finish();
    dispatch(held, deadline());
  } catch (const error& e) {
    log_debug("a stream was not closed: {}", e.what());
  }
}

bool is_end_of_stream(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const raised& r) {
    return r.is("StopIteration");
  } catch (...) {
    return false;
  }
}

}  // namespace engine::detail
