// See dispatch.hpp.
#include <engine/object/dispatch.hpp>

#include <algorithm>
#include <array>
#include <random>

#include <codec/protocol_48.hpp>
#include <engine/io/log.hpp>
#include <engine/object/reply.hpp>

namespace engine {

namespace {

// Dunder names that stay private nevertheless (WIRE §8), sorted.
constexpr std::array<std::string_view, 47> private_dunders = {
    "__bool__", "__call__", "__class__", "__cmp__", "__coerce__", "__copy__", "__deepcopy__", "__del__", "__delattr__", "__dir__",
    "__enter__", "__eq__", "__exit__", "__format__", "__ge__", "__getattr__", "__getattribute__", "__getinitargs__",
    "__getnewargs__", "__getstate__", "__getstate_for_dict__", "__gt__", "__hasattr__", "__hash__", "__init__",
    "__init_subclass__", "__instancecheck__", "__le__", "__lt__", "__module__", "__ne__", "__new__", "__nonzero__", "__reduce__",
    "__reduce_ex__", "__repr__", "__setattr__", "__setstate__", "__setstate_from_dict__", "__sizeof__", "__str__",
    "__subclasscheck__", "__subclasshook__", "__unicode__", "__weakref__"};

[[noreturn]] void no_such_attribute(const exposed_object& o, std::string_view name) {
  throw raised("AttributeError", {"'" + std::string(o.table->class_name()) + "' object has no attribute '" + std::string(name) + "'"});
}

[[noreturn]] void private_attribute(std::string_view name) {
  throw raised("AttributeError", {"attempt to access private attribute '" + std::string(name) + "'"});
}

[[noreturn]] void unexposed_attribute(std::string_view name) {
  throw raised("AttributeError", {"attempt to access unexposed or unknown remote attribute '" + std::string(name) + "'"});
}

[[noreturn]] void no_such_method(const exposed_object& o, std::string_view name) {
  if (is_private_name(name)) private_attribute(name);
  if (o.table->find_attribute(name)) throw raised("AttributeError", {"attempt to access unexposed attribute '" + std::string(name) + "'"});
  no_such_attribute(o, name);
}

/// Whether the message can be read to its end, from its arguments on: Python, too, parses all of it before anything runs.
bool is_sound_batch(reader& in) {
  std::size_t hint = 0;
  std::string_view method;
  if (!in.enter_sequence(hint)) return false;
  while (in.more()) {
    if (!in.begin_entry(method) || !in.skip() || !in.open_keywords() || !in.skip() || !in.close_call()) return false;
  }
  return in.ok() && in.begin_keywords() && in.skip() && in.end_call();
}

constexpr std::string_view exception_wrapper = "Pyro4.futures._ExceptionWrapper";

const attribute_entry& attribute_of(const exposed_object& o, std::string_view name) {
  if (const attribute_entry* a = o.table->find_attribute(name)) return *a;
  // What every Python object has is there, but not for callers.
  if (o.table->find_method(name) || std::ranges::find(private_dunders, name) != private_dunders.end()) unexposed_attribute(name);
  throw raised("AttributeError", {"type object '" + std::string(o.table->class_name()) + "' has no attribute '" + std::string(name) + "'"});
}

}  // namespace

bool is_private_name(std::string_view name) {
  if (!name.starts_with('_')) return false;
  const bool dunder = name.size() > 4 && name.starts_with("__") && name.ends_with("__");
  return !dunder || std::ranges::find(private_dunders, name) != private_dunders.end();
}

std::array<std::byte, 16> random_uuid() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::array<std::uint64_t, 2> words{random(), random()};
  std::array<std::byte, 16> bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  return bytes;
}

value::dict metadata_of(const interface_table& table, bool as_lists) {
  value::list methods, oneway, attributes;
  for (const method_entry& m : table.methods()) {
    if (is_private_name(m.name)) continue;
    methods.push_back(std::string(m.name));
    if (m.traits.oneway) oneway.push_back(std::string(m.name));
  }
  for (const attribute_entry& a : table.attributes()) attributes.push_back(std::string(a.name));
  const auto shaped = [as_lists](value::list& names) -> value {
    if (as_lists) return std::move(names);
    value::set set;
    for (value& name : names) set.insert(std::move(name));
    return set;
  };
  value::dict meta;
  meta.set("methods", shaped(methods));
  meta.set("oneway", shaped(oneway));
  meta.set("attrs", shaped(attributes));
  return meta;
}

/// One request being answered.
struct dispatcher::call {
  const frame& request;
  session& from;
  output& out;
  reader& in;
  writer& encoder;
  reply answer;
  frame_options exception_options;
  output::mark start;
  const method_entry* method = nullptr;
  bool oneway() const { return request.has(flag::oneway); }
};

const exposed_object* dispatcher::find(session& s, std::string_view id) {
  const std::uint64_t version = hosting_.objects.version();
  if (!s.object || s.registry_version != version || s.object->id != id) {
    s.object = hosting_.objects.find(id);
    s.registry_version = version;
  }
  return s.object.get();
}

verdict dispatcher::answer(const frame& request, session& s, output& out) {
  if (request.type == message::invoke) return invoke(request, s, out);
  if (request.type != message::ping) {
    log_warning("{}: invalid msg type {} received", s.peer, static_cast<unsigned>(request.type));
    return verdict::close;
  }
  const auto id = request.annotations.find("CORR");
  const auto made = random_uuid();
  const annotation correlation{"CORR", id.value_or(std::span<const std::byte>(made))};
  frame_writer pong(out, {.type = message::ping, .sequence = request.sequence, .serializer = request.serializer,
                          .hmac = !hosting_.hmac_key.empty()}, {&correlation, 1});
  out.append("pong");
  return pong.finish({.hmac_key = hosting_.hmac_key}) ? verdict::keep : verdict::close;
}

verdict dispatcher::invoke(const frame& request, session& s, output& out) {
  const serializer* format = find_serializer_48(request.serializer);
  if (!format) {
    log_warning("{}: message used serializer that is not accepted: {}", s.peer, request.serializer);
    return verdict::close;
  }
  // A normal answer carries the caller's correlation id, or one made up for it. Our own peers do without the latter.
  std::array<std::byte, 16> made;
  annotation correlation{"CORR", {}};
  std::size_t annotations = 0;
  if (const auto id = request.annotations.find("CORR")) {
    correlation.value = *id;
    annotations = 1;
  } else if (!s.own_peer) {
    made = random_uuid();
    correlation.value = made;
    annotations = 1;
  }
  const bool hmac = !hosting_.hmac_key.empty();
  const bool batch = request.has(flag::batch);
  const frame_options options{.type = message::result, .flags = batch ? flag::batch : std::uint16_t{0}, .sequence = request.sequence, .serializer = request.serializer, .hmac = hmac};
  frame_options exception_options = options;
  exception_options.flags = flag::exception;
  writer& encoder = codecs_.writer_of(*format);
  call c{request, s, out, codecs_.reader_of(*format), encoder, reply(out, encoder, options, {&correlation, annotations}),
         exception_options, out.here()};
  if (!hosting_.accepts(*format, s.own_peer)) {
    return fail(c, decode_error{wire_class::serialize_error,
                                "message used serializer that is not accepted: " + std::to_string(request.serializer)});
  }
  try {
    c.in.start(request.payload);
    std::string_view id, method;
    if (!c.in.begin_call(id, method)) return fail(c, c.in.error());
    const exposed_object* object = find(s, id);
    if (!object) throw daemon_error("unknown object");
    if (!object->shared && object->home != core_index_) return verdict::elsewhere;
    if (!(batch ? run_batch(c, *object) : run(c, *object, method))) return fail(c, c.in.error());
    if (c.oneway()) {
      c.answer.drop();
      return verdict::keep;
    }
    if (!c.encoder.ok()) return fail(c, c.encoder.error());
    const auto finished = c.answer.finish({.message_size = hosting_.settings.max_message_size,
                                           .compress = hosting_.settings.compression, .hmac_key = hosting_.hmac_key});
    if (finished) return verdict::keep;
    log_error("{}: the answer cannot be sent: {}", s.peer, finished.error().text);
    return verdict::close;
  } catch (...) {
    return fail(c, std::current_exception());
  }
}

bool dispatcher::run(call& c, const exposed_object& o, std::string_view method) {
  c.method = o.table->find_method(method);
  if (c.method) {
    if (is_private_name(method)) private_attribute(method);
    if (stalls_ && stalls_->on()) stalls_->name(c.method->signature.name, std::chrono::steady_clock::now());
    return c.method->invoke(o.object, c.in, c.answer, c.method->signature);
  }
  if (method == "__getattr__") return get_attribute(c, o);
  if (method == "__setattr__") return set_attribute(c, o);
  no_such_method(o, method);
}

/// Many calls in one frame: their results in order, up to the first that throws; the rest is not executed (WIRE §4.4).
bool dispatcher::run_batch(call& c, const exposed_object& o) {
  std::string_view id, method;
  std::size_t hint = 0, done = 0;
  if (!is_sound_batch(c.in)) return false;
  c.in.start(c.request.payload);
  if (!c.in.begin_call(id, method) || !c.in.enter_sequence(hint)) return false;
  c.answer.begin_list();
  for (bool going = true; going && c.encoder.ok() && c.in.more(); ++done) {
    if (!c.in.begin_entry(method)) return false;
    going = run_entry(c, o, method);
  }
  c.answer.end_list(done);
  return true;
}

/// False: it threw, and the list of results ends with the exception.
bool dispatcher::run_entry(call& c, const exposed_object& o, std::string_view method) {
  c.method = o.table->find_method(method);
  if (!c.method || is_private_name(method)) no_such_method(o, method);
  const auto before = c.out.here().own;
  wire_exception thrown;
  try {
    if (c.method->invoke(o.object, c.in, c.answer, c.method->signature)) return true;
    thrown = wire_exception::from(c.in.error());
  } catch (...) {
    if (c.out.here().own != before) throw;  // half a result is written
    thrown = wire_exception::describe(std::current_exception());
  }
  thrown.thrown_in(c.method->signature.name);
  writer& w = c.answer.begin();
  w.begin(kind::dict, 2);
  w.string("__class__");
  w.string(exception_wrapper);
  w.string("exception");
  encode(w, thrown);
  w.end();
  return false;
}

bool dispatcher::get_attribute(call& c, const exposed_object& o) {
  std::size_t hint = 0;
  std::string_view name;
  if (!c.in.enter_sequence(hint) || !c.in.more() || !c.in.read_string(name)) return false;
  attribute_of(o, name).get(o.object, c.answer);
  return true;
}

bool dispatcher::set_attribute(call& c, const exposed_object& o) {
  std::size_t hint = 0;
  std::string_view name;
  if (!c.in.enter_sequence(hint) || !c.in.more() || !c.in.read_string(name)) return false;
  const attribute_entry& a = attribute_of(o, name);
  if (!a.set) unexposed_attribute(name);
  if (!c.in.more()) return c.in.ok() && c.in.fail(wire_class::type_error, "__setattr__ needs a name and a value");
  if (!a.set(o.object, c.in)) return false;
  c.answer.begin().none();
  return true;
}

// ---- errors

verdict dispatcher::fail(call& c, const decode_error& error) {
  return send_exception(c, wire_exception::from(error));
}

verdict dispatcher::fail(call& c, std::exception_ptr error) {
  wire_exception described = wire_exception::describe(error);
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
  const frame_finish how{.message_size = hosting_.settings.max_message_size, .hmac_key = hosting_.hmac_key};
  const auto write = [&](const wire_exception& what) {
    frame_writer frame(c.out, c.exception_options);
    c.encoder.start(c.out);
    encode(c.encoder, what);
    if (!c.encoder.ok()) {
      frame.cancel();
      return false;
    }
    return frame.finish(how).has_value();
  };
  wire_exception whole = e;
  whole.thrown_in(c.method ? std::string_view(c.method->signature.name) : std::string_view("dispatch"));
  if (write(whole)) return v;
  const wire_exception instead = wire_exception::unserializable(whole, c.encoder.error().text);
  return write(instead) ? v : verdict::close;
}

}  // namespace engine
