// See conversation.hpp.
#include <engine/object/conversation.hpp>

#include <algorithm>
#include <array>

#include <codec/endian.hpp>
#include <engine/link/wire_log.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/dispatch.hpp>

namespace engine::detail {

namespace {
constexpr const char* sending = "proxy wiredata sending";
}

void greeting::take(const frame& f) {
  if (of_.logs_wire()) log_wire("proxy connect response received", f);
  of_.hear(f);
  type = f.type;
  flags = f.flags;
  const auto version = f.annotations.find(own_annotation);
  own_peer = version.has_value();
  if (const auto giver = f.annotations.find(memory_annotation); version && giver && giver->size() == named_datagrams::name_size)
    std::ranges::copy(*giver, memory_giver.emplace().begin());
  const std::byte level = version && !version->empty() ? version->front() : std::byte{0};
  keeps_results = level >= std::byte{'2'};
  takes_early = level >= std::byte{'3'};
  takes_msgpack = own_peer && (version->size() < 2 || (*version)[1] != std::byte{'-'});
  const serializer* format = find_serializer_48(f.serializer);
  if (f.payload.empty() || !format) return;
  reader& in = of_.codecs().reader_of(*format);
  in.start(f.payload);
  if (!decode(in, body) || !in.finish()) error = in.error();
}

/// Who was refused has no use for what it has written since.
std::optional<channel_failure> greeting::answered(const frame& f) {
  take(f);
  if (type == message::connect_ok) return std::nullopt;
  return channel_failure{.why = channel_failure::cause::closed, .text = "the daemon has refused the connection"};
}

std::optional<channel_failure> reply_slot::answered(const frame& f) { return of_->take_answer(f, *this); }
void reply_slot::failed(const channel_failure& f) { settle(exception_for(f)); }

std::exception_ptr exception_for(const channel_failure& f) {
  using cause = channel_failure::cause;
  if (f.thrown) return f.thrown;
  switch (f.why) {
    case cause::closed: return std::make_exception_ptr(connection_closed(f.text));
    case cause::timed_out: return std::make_exception_ptr(timed_out(f.text));
    case cause::out_of_sync: return std::make_exception_ptr(protocol_error(f.text));
    case cause::bad_bytes: break;
  }
  return exception_of(wire_exception::from(decode_error{f.type, f.text}));
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

bool recoverable(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const connection_closed&) {
    return true;
  } catch (const timed_out&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// The annotations of one message: the thread's, the proxy's, and for peers that care until when the caller waits.
class conversation::said_along {
 public:
  explicit said_along(const conversation& talk) : used_(outgoing_context().write_to(room_)) {
    if (!talk.options_.annotations) return;
    own_ = talk.options_.annotations();
    if (own_.size() > most_own) throw protocol_error("a proxy attaches at most 8 annotations");
    for (const auto& [key, value] : own_) {
      check_annotation_key(key);
      add({key, value});
    }
  }
  said_along(const conversation& talk, time_point deadline) : said_along(talk) {
    if (talk.early_) add({early_annotation, {}});
    if (talk.early_ || !talk.own_peer_ || deadline == time_point::max()) return;  // an early one's time counts from the welcome
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - now_here()).count();
    store_big(reinterpret_cast<char*>(time_.data()), static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)));
    add({deadline_annotation, time_});
  }
  said_along(const said_along&) = delete;
  said_along& operator=(const said_along&) = delete;
  void add(const annotation& a) { room_[used_++] = a; }
  void add(const promised& p) {
    if (p.keeps) add({keep_annotation, {}});
    if (!p.upon) return;
    store_big(reinterpret_cast<char*>(earlier_.data()), p.sequence);
    add({upon_annotation, earlier_});
  }
  std::span<const annotation> all() const { return std::span(room_).first(used_); }

 private:
  static constexpr std::size_t most_own = 8;
  std::array<annotation, most_annotations + most_own + 5> room_{};  // five of the engine's
  std::array<std::byte, 8> time_{};
  std::array<std::byte, 2> earlier_{};
  std::vector<std::pair<std::string, bytes>> own_{};
  std::size_t used_;
};

conversation::conversation(const engine::uri& where, const proxy_options& options, const engine::settings& s)
    : uri_(where), options_(options), settings_(s), codecs_(s.bytes_in_serpent(), s.decoding) {
  const std::string& name = options.serializer.empty() ? s.serializer : options.serializer;
  asked_ = format_ = find_serializer(name);
  if (!format_) throw serialize_error("serializer '" + name + "' is unknown or not available");
  upgrade_ = options.serializer.empty() && s.serializer == settings::defaults().serializer;
}

frame_options conversation::options_for(std::uint16_t flags) {
  return {.type = early_ ? message::ping : message::invoke, .flags = flags, .sequence = sequence_, .serializer = format_->id_48, .hmac = !options_.hmac_key.empty()};
}

frame_finish conversation::finishing() const {
  return {.message_size = settings_.max_message_size, .compress = settings_.compression, .hmac_key = options_.hmac_key};
}

// ---- the handshake

std::string conversation::location_text() const {
  if (!uri_.sockname().empty()) return uri_.sockname();
  return "('" + uri_.host() + "', " + std::to_string(uri_.port()) + ")";
}

void conversation::cannot_connect(const io_error& why) const {
  const std::string text = "cannot connect to " + location_text() + ": " + why.to_string();
  if (why.code == ETIMEDOUT) throw timed_out(text);
  throw communication_error(text);
}

void conversation::begin_anew() {
  opening_.forget();
  format_ = asked_;
  own_peer_ = keeps_results_ = takes_early_ = welcomed_ = early_ = false;
  memory_giver_.reset();
}

void conversation::write_connect(output& out, const annotation* also) {
  const bool metadata = settings_.metadata;
  begin_anew();
  early_sequence_.reset();
  said_along along(*this);
  along.add({own_annotation, std::as_bytes(std::span("1", 1))});
  if (also) along.add(*also);
  const output::mark start = out.here();
  frame_writer frame(out,
                     {.type = message::connect, .flags = metadata ? flag::metadata : std::uint16_t{0}, .sequence = sequence_,
                      .serializer = format_->id_48, .hmac = !options_.hmac_key.empty()},
                     along.all());
  writer& w = codecs_.writer_of(*format_);
  w.start(out);
  w.begin(kind::dict, metadata ? 2 : 1);
  w.string("handshake");
  encode(w, options_.handshake);
  if (metadata) {
    w.string("object");
    w.string(uri_.object());
  }
  w.end();
  if (!w.ok()) {
    frame.cancel();
    throw serialize_error(w.error().text);
  }
  if (auto done = frame.finish({.compress = settings_.compression, .hmac_key = options_.hmac_key}); !done)
    throw protocol_error(done.error().text);
  log_sent("proxy connect sending", out, start);
}

void conversation::write_early_connect(output& out) {
  const serializer* const format = format_;
  const bool keeps = keeps_results_;
  write_connect(out);
  format_ = format;
  own_peer_ = early_ = true;
  keeps_results_ = keeps;
}

/// Before a request gets its number. Of one without an answer nothing would tell whether it was passed over.
void conversation::begin_early(std::uint16_t flags) {
  if (!early_) [[likely]] return;
  if (flags & flag::oneway) wait_for_welcome();
  early_sequence_ = static_cast<std::uint16_t>(sequence_ + 1);
}

bool conversation::enter(greeting& answer) {
  if (early_) begin_anew();
  if (answer.failure) std::rethrow_exception(exception_for(*answer.failure));
  if (answer.type == message::connect_fail) {
    const std::string* reason = answer.body.get_if<std::string>();
    throw communication_error("connection to " + location_text() + " rejected: " + (reason ? *reason : "?"));
  }
  if (answer.type != message::connect_ok)
    throw protocol_error("invalid msg type " + std::to_string(static_cast<unsigned>(answer.type)) + " received");
  if (answer.error) throw serialize_error(answer.error->text);
  own_peer_ = answer.own_peer;
  keeps_results_ = answer.keeps_results;
  takes_early_ = answer.takes_early;
  memory_giver_ = answer.memory_giver;
  welcomed_ = true;
  if (answer.takes_msgpack && upgrade_) format_ = &msgpack();
  const bool brought = answer.flags & flag::metadata;
  const value::dict* fields = brought ? answer.body.get_if<value::dict>() : nullptr;
  const value* meta = fields ? fields->find("meta") : nullptr;
  if (options_.validate_handshake) {
    const value* said = fields ? fields->find("handshake") : nullptr;
    options_.validate_handshake(brought ? (said ? *said : value()) : answer.body);
  }
  if (!settings_.metadata) return true;
  if (!meta || meta->is_none()) return false;
  take_metadata(*meta);
  return true;
}

std::uint16_t conversation::write_get_metadata(output& out) {
  ++sequence_;
  const output::mark start = out.here();
  frame_writer frame(out, options_for(0));
  writer& w = codecs_.writer_of(*format_);
  w.start(out);
  w.begin_call("Pyro.Daemon", "get_metadata", 1);
  w.string(uri_.object());
  w.begin_keywords(0);
  w.end_call();
  if (auto done = frame.finish({.hmac_key = options_.hmac_key}); !done) throw protocol_error(done.error().text);
  log_sent(sending, out, start);
  return sequence_;
}

void conversation::take_metadata(const value& meta) {
  checked_ = nullptr;
  opening_.forget();
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

// ---- calls

const remote_member* conversation::look_up(std::string_view name, bool attribute) {
  if (!have_members_) return nullptr;
  const auto at = members_.find(name);
  const bool offered = at != members_.end() && (attribute ? at->second.attribute : at->second.method);
  if (!offered) wait_for_welcome();  // it may tell of it
  if (!offered)
    rethrow({.type = "builtins.AttributeError",
             .args = {value("remote object '" + uri_.to_string() + "' has no exposed attribute or method '" + std::string(name) + "'")}});
  if (!attribute) checked_ = &*at;
  return &at->second;
}

written conversation::write_again(const line& on, const prepared& said) {
  if (said.route.empty() && !can_write(*said.format)) throw protocol_error("the daemon that is there now wants another serializer than the request was written for");
  said_along along(*this, on.deadline);
  if (!said.route.empty()) along.add({"BLBI", said.route});
  ++sequence_;
  frame_options options = options_for(said.flags);
  options.serializer = said.format->id_48;
  const output::mark start = on.out.here();
  frame_writer frame(on.out, options, along.all());
  on.out.append(said.payload);
  if (auto done = frame.finish(finishing()); !done) rethrow(wire_exception::from(done.error()));
  log_sent(sending, on.out, start);
  return {sequence_, (said.flags & flag::oneway) != 0};
}

// A PING in a Python server's eyes, which is why it gets none (docs/wire.md).
bool conversation::write_cancel(output& out, std::uint16_t sequence) {
  if (!own_peer_) return false;
  std::array<std::byte, 2> number;
  store_big(reinterpret_cast<char*>(number.data()), sequence);
  const annotation which{cancel_annotation, number};
  frame_options options = options_for(0);
  options.sequence = sequence;
  return write_ping(out, options, which);
}

std::uint16_t conversation::write_memory_question(output& out, std::span<const std::byte> ticket) {
  ++sequence_;
  write_ping(out, options_for(0), {memory_annotation, ticket});
  return sequence_;
}

bool conversation::write_ping(output& out, frame_options options, const annotation& about) {
  options.type = message::ping;
  const output::mark start = out.here();
  frame_writer frame(out, options, {&about, 1});
  if (!frame.finish({.hmac_key = options_.hmac_key})) return false;
  log_sent(sending, out, start);
  return true;
}

std::optional<channel_failure> conversation::take_answer(const frame& f, reply_slot& slot) {
  if (settings_.log_wire) [[unlikely]] log_wire("proxy wiredata received", f);
  const auto lost = [&](std::exception_ptr error, std::string text) -> channel_failure {
    slot.settle(std::move(error));
    return {.why = channel_failure::cause::out_of_sync, .text = std::move(text)};
  };
  if (f.type == message::ping && early_sequence_ == f.sequence) return slot.settle(std::make_exception_ptr(passed_over())), std::nullopt;
  if (f.type != message::result) {
    const std::string text = "invalid msg type " + std::to_string(static_cast<unsigned>(f.type)) + " received";
    return lost(std::make_exception_ptr(protocol_error(text)), text);
  }
  if (slot.heard_) slot.heard_->hear(f.annotations);
  hear(f);
  const serializer* format = f.serializer == format_->id_48 ? format_ : find_serializer_48(f.serializer);
  if (format != format_ && format != asked_ && !(format && format == passed_on_)) {  // until it is welcomed, requests are written as was asked for
    const std::string text = "invalid serializer in response: " + std::to_string(f.serializer);
    return lost(std::make_exception_ptr(serialize_error(text)), text);
  }
  if (f.has(flag::item_stream)) {
    const auto id = f.annotations.find("STRM");
    if (!id) {
      const char* off = "result of call is an iterator, but the server is not configured to allow streaming";
      return slot.settle(std::make_exception_ptr(protocol_error(off))), std::nullopt;
    }
    if (slot.read_stream(std::string(reinterpret_cast<const char*>(id->data()), id->size()))) return slot.settle(nullptr), std::nullopt;
  }
  if (format == &msgpack() && !f.has(flag::exception) && slot.read_plainly(f.payload)) return slot.settle(nullptr), std::nullopt;
  reader& in = codecs_.reader_of(*format);
  in.start(f.payload);
  payload_ = f.payload;
  answered_in_ = format;
  if (!f.has(flag::exception)) {
    if (slot.read_result(in) && in.finish()) return slot.settle(nullptr), std::nullopt;
    return slot.settle(exception_of(wire_exception::from(in.error()))), std::nullopt;
  }
  wire_exception remote_error;
  if (!decode(in, remote_error)) {
    std::string text = in.error().text;
    return lost(exception_of(wire_exception::from(in.error())), std::move(text));
  }
  // After these the daemon closes the connection (WIRE §5.4): the next call must not be sent into its end.
  const bool ends = remote_error.is_a(wire_class::communication_error) || remote_error.is_a(wire_class::security_error);
  slot.settle(exception_of(remote_error));
  if (!ends) return std::nullopt;
  return channel_failure{.why = channel_failure::cause::closed, .text = "the daemon ended the connection after " + remote_error.type};
}

// ---- one request

void conversation::log_sent(std::string_view text, const output& out, const output::mark& since) const {
  if (settings_.log_wire) [[unlikely]] log_wire(text, out, since, options_.hmac_key);
}

// For another try, if the caller wants one.
void conversation::keep_payload(const line& on, const output::mark& payload, const serializer& format, std::uint16_t flags) {
  if (!on.keep) return;
  *on.keep = {.format = &format, .flags = flags};
  on.out.each_since(payload, [&](std::span<const std::byte> part) {
    on.keep->payload.append(reinterpret_cast<const char*>(part.data()), part.size());
  });
}

request::request(const line& on, std::string_view method, std::size_t arguments)
    : on_(on), writer_(&on.talk.codecs_.writer_of(format())) {
  if (on.promise.upon) {  // nothing is known of what it is
    begin_frame();
    writer_->begin_call({}, method, arguments);
    return;
  }
  const bool attribute = method.starts_with('_') && (method == "__getattr__" || method == "__setattr__");
  const remote_member* known = attribute ? nullptr : on.talk.check(method, false);
  if (known && known->oneway) on_.flags |= flag::oneway;
  begin_frame();
  begin_call(method, arguments, on.flags);
}

request::request(const line& on, std::string_view object, std::string_view method, std::size_t arguments)
    : on_(on), writer_(&on.talk.codecs_.writer_of(format())) {
  begin_frame();
  writer_->begin_call(object, method, arguments);
}

void request::begin_frame() {
  const line& on = on_;
  conversation& talk = on.talk;
  talk.begin_early(on.flags);
  sequence_ = ++talk.sequence_;
  if (talk.settings_.log_wire) start_ = on.out.here();
  frame_options options = talk.options_for(on_.flags);
  options.serializer = format().id_48;
  if (talk.says_nothing_along(on.deadline) && !on.promise.any()) [[likely]] {
    frame_.emplace(on.out, options);
  } else {
    conversation::said_along along(talk, on.deadline);
    along.add(on.promise);
    frame_.emplace(on.out, options, along.all());
  }
  if (on.keep) payload_ = on.out.here();
  writer_->start(on.out);
}

/// Upon the proxy's own object.
void request::begin_call(std::string_view method, std::size_t arguments, std::uint16_t asked) {
  conversation& talk = on_.talk;
  output& out = on_.out;
  const auto start = out.here();
  writer_->begin_call(talk.uri_.object(), method, arguments);
  msgpack_writer* const plain = writer_->as_msgpack();
  if (plain && plain->ok() && !on_.format && !talk.early_ && talk.says_nothing_special())
    talk.opening_.remember(method, arguments, asked, on_.flags, {out.at(start.own), out.size_since(start)}, *plain);
}

void line::check_attribute(std::string_view name) const {
  if (!promise.upon) talk.check(name, true);
}

request::~request() {
  if (!finished_ && frame_) frame_->cancel();
}

written request::finish() {
  conversation& talk = on_.talk;
  if (!with_keywords_) writer_->begin_keywords(0);
  writer_->end_call();
  if (!writer_->ok()) rethrow(wire_exception::from(writer_->error()));
  talk.keep_payload(on_, payload_, format(), on_.flags);
  finished_ = true;
  if (auto done = frame_->finish(talk.finishing()); !done) rethrow(wire_exception::from(done.error()));
  talk.log_sent(sending, on_.out, start_);
  return {sequence_, (on_.flags & flag::oneway) != 0};
}

// ---- the same again

repeated_request::repeated_request(const line& on, std::string_view method, std::size_t arguments) : on_(on) {
  conversation& talk = on.talk;
  if (!talk.opening_.is(method, arguments, on.flags) || on.asks_more() || !talk.says_nothing_along(on.deadline) || !talk.options_.hmac_key.empty()) return;
  writer_ = &talk.opening_.writer();
  writer_->start(on.out);
  start_ = on.out.here();
  const std::string_view opening = talk.opening_.bytes();
  constexpr std::size_t head = protocol_48::header_size;
  copy_text(on.out.room(head + opening.size()) + head, opening);
  on.out.advance(head + opening.size());
}

written repeated_request::finish() {
  conversation& talk = on_.talk;
  writer_->end_plainly();
  if (!writer_->ok()) rethrow(wire_exception::from(writer_->error()));
  const request_opening& as = talk.opening_;
  const std::uint16_t sequence = ++talk.sequence_, flags = as.flags();
  writer_ = nullptr;
  const std::size_t length = on_.out.size_since(start_) - protocol_48::header_size;
  if (length <= frame_writer::short_most) {
    as.header().write_to(on_.out.at(start_.own), sequence, static_cast<std::uint32_t>(length));
  } else {
    frame_writer frame(on_.out, {.type = message::invoke, .flags = flags, .sequence = sequence, .serializer = msgpack().id_48}, start_);
    if (auto done = frame.finish(talk.finishing()); !done) rethrow(wire_exception::from(done.error()));
  }
  return {sequence, (flags & flag::oneway) != 0};
}

written write_blob_call(const line& on, std::string_view method, const serialized_blob& blob) {
  conversation& talk = on.talk;
  std::uint16_t flags = on.flags | flag::keep_serialized;
  const remote_member* known = talk.check(method, false);
  if (known && known->oneway) flags |= flag::oneway;
  talk.begin_early(flags);
  const auto route = write_route(talk.codecs_.writer_of(marshal()), blob.info(), talk.object(), method);
  // As was asked for, and not what two of our own would prefer: who reads it in the end may be neither of them.
  const serializer& format = blob.passes_through() ? *blob.format() : *talk.asked_;
  conversation::said_along along(talk, on.deadline);
  along.add({"BLBI", route});
  ++talk.sequence_;
  frame_options options = talk.options_for(flags);
  options.serializer = format.id_48;
  const output::mark start = on.out.here();
  frame_writer frame(on.out, options, along.all());
  const output::mark payload = on.out.here();
  try {
    if (blob.passes_through()) {
      on.out.append(std::string_view(reinterpret_cast<const char*>(blob.message().data()), blob.message().size()));
    } else {
      writer& out = talk.codecs_.writer_of(format);
      out.start(on.out);
      write_call_of(out, format, talk.object(), method, blob);
      if (!out.ok()) rethrow(wire_exception::from(out.error()));
    }
  } catch (...) {
    frame.cancel();
    throw;
  }
  talk.keep_payload(on, payload, format, flags);
  if (on.keep) on.keep->route = route;
  if (blob.passes_through()) talk.passed_on_ = &format;
  if (auto done = frame.finish(talk.finishing()); !done) rethrow(wire_exception::from(done.error()));
  talk.log_sent(sending, on.out, start);
  return {talk.sequence_, (flags & flag::oneway) != 0};
}

}  // namespace engine::detail
