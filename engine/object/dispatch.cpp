// See dispatch.hpp. Batches are dispatch_batch.cpp's.
#include <engine/object/dispatch.hpp>

#include <cassert>
#include <cstring>

#include <codec/short_text.hpp>
#include <engine/io/log.hpp>
#include <engine/link/uuid.hpp>
#include <engine/object/client_context.hpp>
#include <engine/object/detailed_traceback.hpp>
#include <engine/object/dispatch_call.hpp>
#include <engine/object/message_fault.hpp>
#include <engine/object/promises.hpp>

namespace engine {

namespace {

/// A blob is for those who take one.
bool takes(const method_entry& m, const frame& request, reader& in) {
  if (m.takes_blob || !request.has(flag::keep_serialized)) [[likely]] return true;
  return in.fail(wire_class::type_error, m.signature.name + "() takes no SerializedBlob");
}

std::size_t core_of(std::size_t index, bool aside) { return aside ? 0 : index; }

}  // namespace

void hosts_annotations::join(const hosting& host, std::span<const annotation> protocols) {
  try {
    own_ = host.annotations();
    for (const auto& [key, bytes] : own_) detail::check_annotation_key(key);
  } catch (const std::exception& e) {
    log_error("the daemon's own annotations cannot be sent: {}", e.what());
    own_.assign(1, {});  // a key that no frame takes
  }
  joined_.assign(protocols.begin(), protocols.end());
  for (const auto& [key, bytes] : own_) joined_.push_back({key, bytes});
  all_ = joined_;
}

// ---- who is called

const exposed_object* dispatcher::find(session& s, std::string_view id) {
  const std::uint64_t version = hosting_.objects.version();
  if (!s.object || s.registry_version != version || !detail::same_text(s.object->id, id)) {
    auto found = hosting_.objects.find(s.upon ? std::string_view(s.upon->id()) : id);
    if (found != s.object) {
      s.instance.reset();
      s.method = nullptr;
    }
    s.object = std::move(found);
    s.registry_version = version;
  }
  return s.object.get();
}

/// A method of the session's object, or nullptr. Callers mostly repeat themselves.
const method_entry* dispatcher::method_of(session& s, std::string_view name) {
  if (s.method && detail::same_text(s.method->name, name)) return s.method;
  return s.method = s.object->table->find_method(name);
}

bool dispatcher::learn_format(std::uint16_t id) {
  const serializer* format = find_serializer_48(id);
  if (!format) return false;
  known_ = {.id = id, .msgpack = format == &msgpack(), .accepted = hosting_.accepts(*format), .format = format, .in = &codecs_.reader_of(*format), .out = &codecs_.writer_of(*format)};
  return true;
}

/// The object itself, or the instance that its class has for this call.
void* dispatcher::target(call& c, const exposed_object& o) {
  if (o.weak) {
    c.made_for_it = o.weak_owner.lock();  // it stays at least until the call has ended
    if (!c.made_for_it) throw daemon_error("unknown object");
    return o.object;
  }
  if (o.object) return o.object;
  session& s = c.from;
  if (o.mode == instance_mode::per_call) {
    c.made_for_it = o.create();
    return c.made_for_it.get();
  }
  if (!s.instance) {
    if (o.mode == instance_mode::per_connection) s.instance = s.keep().instance(s.object);
    else s.instance = o.instances->at(o.mode == instance_mode::per_core ? core_of(core_index_, core_index_ == side_index) : 0, o.create);
  }
  return s.instance.get();
}

/// Where a call is to be served: keep means here and now.
verdict dispatcher::place_of(const exposed_object& o, const method_entry* m, bool is_batch) const {
  const bool here = core_index_ == side_index;
  const bool suspends = is_batch ? o.table->any_suspends() : m && m->suspends();
  const bool blocks = !o.never_blocks && (hosting_.all_blocking || (is_batch ? o.table->any_blocks() : m && m->traits.blocking));
  if (blocks && !suspends && hosting_.aside) return here ? verdict::keep : verdict::aside;
  if (!here && !o.shared && o.home != core_index_) return verdict::elsewhere;
  return suspends ? verdict::later : verdict::keep;
}

// ---- one request

/// Whether a PING is a request that came along with CONNECT, and one that is understood: else its PONG says that it has to be made again.
bool dispatcher::is_early(const frame& request, const session& s) {
  return s.own_peer && request.annotations.find(early_annotation) && know_format(request.serializer) &&
         (known_.accepted || hosting_.own_peer_may_use(*known_.format, true));
}

verdict dispatcher::answer(const frame& request, session& s, output& out) {
  if (request.type == message::invoke) {
    if (know_format(request.serializer)) return invoke(request, s, out);
    log_warning("{}: message used serializer that is not accepted: {}", s.peer, request.serializer);
    return verdict::close;
  }
  if (request.type != message::ping) {
    log_warning("{}: invalid msg type {} received", s.peer, static_cast<unsigned>(request.type));
    return verdict::close;
  }
  if (is_early(request, s)) return invoke(request, s, out);
  const auto id = request.annotations.find("CORR");
  const auto made = random_uuid();
  const annotation correlation{"CORR", id.value_or(std::span<const std::byte>(made))};
  const std::string& key = hosting_.hmac_key;
  frame_writer pong(out, {.type = message::ping, .sequence = request.sequence, .serializer = request.serializer,
                          .hmac = !key.empty()},
                    hosts_annotations(hosting_, {&correlation, 1}).all());
  out.append("pong");
  return pong.finish({.hmac_key = key}) ? verdict::keep : verdict::close;
}

dispatcher::call dispatcher::begin(const frame& request, session& s, output& out, call_context& context, reader& in, writer& encoder) {
  const std::uint16_t flags = request.has(flag::batch) ? flag::batch : std::uint16_t{0};
  const std::string& key = hosting_.hmac_key;
  const frame_options options{.type = message::result, .flags = flags, .sequence = request.sequence, .serializer = request.serializer,
                              .hmac = !key.empty()};
  return call(request, s, out, in, encoder, context, options, key);
}

verdict dispatcher::invoke(const frame& request, session& s, output& out) {
  call_context context(request, s, hosting_);
  call c = begin(request, s, out, context, *known_.in, *known_.out);
  if (!known_.accepted && !hosting_.own_peer_may_use(*known_.format, s.own_peer)) {
    return fail(c, decode_error{wire_class::serialize_error,
                                "message used serializer that is not accepted: " + std::to_string(request.serializer)});
  }
  try {
    names called;
    const bool is_batch = request.has(flag::batch);
    const bool again = begins_as_before(c);
    if (!again && !read_names(c, called)) return refuse(c);
    const exposed_object* object = again ? s.object.get() : find(s, called.object);
    if (!object) throw daemon_error("unknown object");
    const method_entry* known = is_batch ? nullptr : again ? s.method : method_of(s, called.method);
    if (again) called.method = known->name;
    else if (!is_batch) remember_opening(c);
    if (!again) s.placed_on = session::placed_nowhere;
    if (s.placed_on != core_index_) {
      if (const verdict place = place_of(*object, known, is_batch); place != verdict::keep) return place;
      if (!is_batch) s.placed_on = core_index_;
    }
    if (const auto by = request.annotations.empty() ? std::nullopt : context.deadline(); by && now_here() >= *by)
      return send_exception(c, {.type = std::string(wire_class::timeout_error), .args = {"the deadline had passed before the call began"}});
    const detail::serving serving(context);
    if (again) {
      if (run_plainly(c, *object, *known)) return complete(c);
      [[maybe_unused]] const bool stands = c.in.start_behind(request.payload, s.opening.behind());
      assert(stands);
    }
    if (!(is_batch ? run_batch(c, *object) : run(c, *object, called.method, known))) return refuse(c);
    return complete(c);
  } catch (...) {
    return fail(c, std::current_exception());
  }
}

/// Whether it calls what the connection called last, in the same bytes; its names are passed over then.
bool dispatcher::begins_as_before(call& c) {
  const session& s = c.from;
  return s.opening.begins(c.request.payload) && !s.upon && known_.msgpack && s.method && s.object &&
         s.registry_version == hosting_.objects.version() && !c.request.has(flag::batch) && !c.request.has(flag::keep_serialized);
}

/// Each time the session's method may have changed: the two belong together. Calls upon results all begin alike, and are none.
void dispatcher::remember_opening(call& c) {
  session& s = c.from;
  if (s.method && !s.upon && known_.msgpack && !c.request.has(flag::keep_serialized)) s.opening.remember(c.request.payload, c.in.here());
  else s.opening.forget();
}

/// Reads whose method is called. Of a blob the annotation alone counts: the names in its message are those of another call (WIRE §4.7).
bool dispatcher::read_names(call& c, names& called) {
  if (!c.request.has(flag::keep_serialized)) [[likely]] {
    c.in.start(c.request.payload);
    return c.in.begin_call(called.object, called.method);
  }
  const auto route = c.request.annotations.find("BLBI");
  if (!route || c.request.has(flag::batch)) {
    c.in.start(c.request.payload);
    return c.in.fail(wire_class::serialize_error, "a SerializedBlob without its BLBI annotation, or in a batch");
  }
  reader& by = codecs_.reader_of(marshal());
  const bool sound = detail::read_route(by, *route, *(called.route = std::make_unique<detail::blob_route>()));
  const decode_error wrong = sound ? decode_error{} : by.error();  // it may be the reader of the call as well
  c.in.start(c.request.payload);
  if (!sound) return c.in.fail(wrong.type, wrong.text);
  called.object = called.route->object;
  called.method = called.route->method;
  return true;
}

verdict dispatcher::complete(call& c) {
  if (c.oneway()) {
    c.answer.drop();
    return verdict::keep;
  }
  if (auto items = c.answer.take_stream()) return answer_with_stream(c, std::move(items));
  if (!c.encoder.ok()) return fail(c, c.encoder.error());
  const auto finished = c.answer.finish({.message_size = hosting_.settings.max_message_size,
                                         .compress = hosting_.settings.compression, .hmac_key = c.key});
  if (finished) return verdict::keep;
  log_error("{}: the answer cannot be sent: {}", c.from.peer, finished.error().text);
  return verdict::close;
}

/// A call that begins as the one before, and whose arguments are what most are: no reader is needed. False: nothing has happened.
bool dispatcher::run_plainly(call& c, const exposed_object& o, const method_entry& method) {
  if (!method.invoke_plainly || !o.object || o.weak || method.name.front() == '_') return false;
  c.method = &method;
  if (stalls_ && stalls_->on()) stalls_->name(method.signature.name, std::chrono::steady_clock::now());
  detail::plain_msgpack arguments(c.request.payload.subspan(c.from.opening.size()));
  return method.invoke_plainly(o.object, arguments, c.answer);
}

bool dispatcher::run(call& c, const exposed_object& o, std::string_view method, const method_entry* known) {
  const bool blob = c.request.has(flag::keep_serialized);
  if (!known && !blob && method == "__getattr__") return get_attribute(c, o);
  if (!known && !blob && method == "__setattr__") return set_attribute(c, o);
  if (!known || method.front() == '_') known = &exposed_method(*o.table, method);
  c.method = known;
  if (!takes(*known, c.request, c.in)) return false;
  if (stalls_ && stalls_->on()) stalls_->name(known->signature.name, std::chrono::steady_clock::now());
  return known->invoke(target(c, o), c.in, c.answer, known->signature);
}

/// Up to the attribute's name, of a message that can be read to its end: one that is cut assigns nothing. Python takes as many
/// arguments as it needs by their index.
static bool begin_attribute(reader& in, std::span<const std::byte> payload, std::size_t needed, std::string_view& name) {
  std::string_view id, method;
  std::size_t hint = 0, given = 0;
  const std::string_view list = python_name(in.peek());
  if (!in.enter_sequence(hint)) return false;
  for (; in.more(); ++given) {
    if (!in.skip()) return false;
  }
  if (!in.ok() || !in.begin_keywords() || !in.skip() || !in.end_call()) return false;
  if (given < needed) return in.fail(wire_class::index_error, std::string(list) + " index out of range");
  in.start(payload);
  return in.begin_call(id, method) && in.enter_sequence(hint) && in.more() && in.read_string(name) && (needed == 1 || in.more());
}

bool dispatcher::get_attribute(call& c, const exposed_object& o) {
  std::string_view name;
  if (!begin_attribute(c.in, c.request.payload, 1, name)) return false;
  const attribute_entry& a = exposed_attribute(*o.table, name, false);
  a.get(target(c, o), c.answer);
  return true;
}

bool dispatcher::set_attribute(call& c, const exposed_object& o) {
  std::string_view name;
  if (!begin_attribute(c.in, c.request.payload, 2, name)) return false;
  const attribute_entry& a = exposed_attribute(*o.table, name, true);
  if (!a.set(target(c, o), c.in)) return false;
  c.answer.begin().none();
  return true;
}

// ---- methods that are coroutines

task<verdict> dispatcher::answer_later(const frame& request, session& s, output& out) {
  call_context context(request, s, hosting_);
  const bool is_batch = request.has(flag::batch);
  engine::codecs own(hosting_.settings.bytes_in_serpent(), hosting_.settings.decoding);  // a batch reads on after each suspension, when others have used this core's
  engine::codecs& with = is_batch ? own : codecs_;
  const serializer& format = *find_serializer_48(request.serializer);
  call c = begin(request, s, out, context, with.reader_of(format), with.writer_of(format));
  std::exception_ptr thrown;
  try {
    names called;
    if (!read_names(c, called)) co_return refuse(c);
    const exposed_object* object = find(s, called.object);
    if (!object) throw daemon_error("unknown object");
    if (is_batch) {
      task<bool> running = run_batch_suspending(c, *object);
      const bool sound = co_await running;
      co_return sound ? complete(c) : refuse(c);
    }
    task<verdict> running = run_suspending(c, *object, exposed_method(*object->table, called.method));
    co_return co_await running;
  } catch (...) {
    thrown = std::current_exception();
  }
  co_return fail(c, thrown);
}

task<verdict> dispatcher::run_suspending(call& c, const exposed_object& o, const method_entry& method) {
  c.method = &method;
  if (!takes(method, c.request, c.in)) co_return refuse(c);
  std::unique_ptr<activation> running;
  task<> body;
  {
    const detail::serving serving(c.context);
    running = method.activate(target(c, o), c.in, method.signature);
    if (!running) co_return refuse(c);
    body = running->run();
    if (stalls_ && stalls_->on()) stalls_->name(method.signature.name, std::chrono::steady_clock::now());
    body.start();
  }
  co_await body;
  running->write(c.answer);
  co_return complete(c);
}

// ---- other answers

// As Python's server: an exception for those who know nothing of streams, and beside it where the items are.
verdict dispatcher::answer_with_stream(call& c, std::unique_ptr<open_stream> items) {
  frame_options options = c.exception_options();
  options.flags = flag::exception | flag::item_stream;
  std::string id;
  if (hosting_.settings.iter_streaming) id = hosting_.streams.add(std::move(items), c.from.id, now_here());
  const annotation named{"STRM", std::as_bytes(std::span(id))};
  const wire_exception explained{.type = std::string(wire_class::protocol_error), .args = {"result of call is an iterator"}};
  if (write_exception(c, options, std::span(&named, id.empty() ? 0 : 1), explained)) return verdict::keep;
  hosting_.streams.forget(id);
  return verdict::close;
}

std::optional<decode_error> dispatcher::fault_of_message(call& c) {
  return detail::fault_of_message(c.request, *find_serializer_48(c.request.serializer), c.in);
}

/// Tells what the reader has refused.
verdict dispatcher::refuse(call& c) {
  assert(!c.in.ok());
  const decode_error noted = c.in.error();
  return fail(c, fault_of_message(c).value_or(noted));
}

verdict dispatcher::fail(call& c, const decode_error& error) { return send_exception(c, wire_exception::from(error)); }

/// To the program's hook, or else to the log.
void dispatcher::tell_error(call& c, const std::exception_ptr& error, const wire_exception& described) {
  if (hosting_.method_error) return hosting_.method_error(c.context, c.method->name, error);
  if (!log_wanted(log_level::debug)) return;
  log_debug("{}: {}{} threw {}: {}", c.from.peer, c.method->signature.name, c.request.has(flag::batch) ? " in a batch" : shown(c.context.arguments()),
            described.type, described.text());
}

verdict dispatcher::fail(call& c, std::exception_ptr error) {
  if (!c.method) {
    if (const auto fault = fault_of_message(c)) return fail(c, *fault);
  }
  wire_exception described = wire_exception::describe(error);
  if (c.method) tell_error(c, error, described);
  if (described.is_a(wire_class::communication_error) && !described.is_a(wire_class::serialize_error)) {
    // Pyro's server takes these for trouble with the connection itself, but for SerializeError: no answer, and the end (WIRE §5.4).
    log_error("{}: a method threw {}: the connection is closed without an answer", c.from.peer, described.type);
    c.answer.drop();
    c.out.truncate(c.start);
    return verdict::close;
  }
  const verdict v = send_exception(c, described);
  if (!c.method || !c.method->traits.callback) return v;
  log_error("{}: callback {} threw {}: {}", c.from.peer, c.method->name, described.type, described.text());
  return verdict::close;
}

verdict dispatcher::send_exception(call& c, const wire_exception& e) {
  c.answer.drop();
  c.out.truncate(c.start);
  const bool ends = e.is_a(wire_class::serialize_error) || e.is_a(wire_class::security_error);
  const verdict v = ends ? verdict::close : verdict::keep;
  if (c.oneway()) {
    log_warning("{}: a oneway call failed: {}: {}", c.from.peer, e.type, e.text());
    return v;
  }
  wire_exception whole = e;
  if (hosting_.settings.detailed_traceback) whole.traceback = detail::detailed_traceback(e, c.method ? &c.method->signature : nullptr, c.request);
  else whole.thrown_in(c.method ? std::string_view(c.method->signature.name) : std::string_view("dispatch"));
  if (write_exception(c, c.exception_options(), {}, whole)) return v;
  const wire_exception instead = wire_exception::unserializable(whole, c.encoder.error().text);
  return write_exception(c, c.exception_options(), {}, instead) ? v : verdict::close;
}

bool dispatcher::write_exception(call& c, const frame_options& options, std::span<const annotation> annotations, const wire_exception& e) {
  frame_writer frame(c.out, options, hosts_annotations(hosting_, annotations).all());
  c.encoder.start(c.out);
  encode(c.encoder, e);
  if (!c.encoder.ok()) {
    frame.cancel();
    return false;
  }
  return frame.finish({.message_size = hosting_.settings.max_message_size, .hmac_key = c.key}).has_value();
}

}  // namespace engine
