// Many calls in one frame (WIRE §4.4): their results in order, up to the first that throws; the rest is not executed. Two ways through
// it: all at once, or, where a class has coroutines, entry by entry with suspensions in between. Of most batches all at once no reader is needed.
#include <engine/object/dispatch.hpp>

#include <codec/short_text.hpp>
#include <engine/object/dispatch_call.hpp>

namespace engine {

using detail::plain_msgpack;

namespace {

constexpr std::string_view exception_wrapper = "Pyro4.futures._ExceptionWrapper";

/// Whether the message can be read to its end, from its arguments on: Python, too, parses all of it before anything runs.
bool is_sound_batch(reader& in) {
  std::size_t hint = 0;
  if (!in.enter_sequence(hint)) return false;
  while (in.more()) {
    if (!in.skip_entry()) return false;
  }
  return in.ok() && in.begin_keywords() && in.skip() && in.end_call();
}

/// Begins again, behind as many entries.
bool begin_behind(reader& in, std::span<const std::byte> payload, std::size_t entries) {
  std::string_view id, method;
  std::size_t hint = 0;
  in.start(payload);
  if (!in.begin_call(id, method) || !in.enter_sequence(hint)) return false;
  for (; entries > 0; --entries)
    if (!in.more() || !in.skip_entry()) return false;
  return true;
}

bool begin_batch(reader& in, std::span<const std::byte> payload) { return is_sound_batch(in) && begin_behind(in, payload, 0); }

}  // namespace

/// The entries of a batch if all of them are what most are: sound, and written in short forms.
struct dispatcher::plain_batch {
  plain_msgpack entries;
  std::size_t count;
  std::size_t opening = 0;  ///< how many bytes each begins with, if all call the same method; else 0

  /// `bytes`: a batch behind its names.
  static std::optional<plain_batch> of(std::span<const std::byte> bytes) {
    plain_batch found{.entries = plain_msgpack(bytes, true), .count = 0};
    plain_msgpack& in = found.entries;
    if (!in.entries(found.count)) return std::nullopt;
    const plain_msgpack first = in;
    std::string_view method, opening;
    bool alike = true;
    for (std::size_t i = 0; i < found.count; ++i) {
      if (i == 0 || !in.opens_with(opening)) {
        if (!in.entry(method)) return std::nullopt;
        opening = in.opening_of(method);
        alike = i == 0;
      }
      if (!in.pass_call()) return std::nullopt;
    }
    if (!in.end_of_batch()) return std::nullopt;
    in = first;
    in.trust();
    if (alike) found.opening = opening.size();
    return found;
  }
};

namespace {

/// Whether a payload of plain calls cannot exceed the limits: it has no more values than bytes.
bool within(const decode_limits& most, std::span<const std::byte> payload) {
  constexpr std::size_t depth = 4;  // the call, its list of entries, an entry, its arguments
  return payload.size() <= most.elements && depth <= most.depth;
}

void refuse_stream(reply& answer) {
  if (answer.take_stream()) [[unlikely]] throw raised("TypeError", {"a stream cannot be the result of a call in a batch"});
}

}  // namespace

bool dispatcher::run_batch(call& c, const exposed_object& o) {
  const auto payload = c.request.payload;
  std::size_t done = 0;
  std::optional<plain_batch> plain;
  if (known_.msgpack && within(hosting_.settings.decoding, payload)) plain = plain_batch::of(payload.subspan(c.in.offset()));
  if (!plain && !begin_batch(c.in, payload)) return false;
  void* const object = target(c, o);
  c.answer.begin_list();
  if (!plain || !run_plain_entries(c, *o.table, object, *plain, done)) {
    if (plain && !begin_behind(c.in, payload, done)) return false;
    if (!run_entries(c, *o.table, object, done)) return false;
  }
  c.answer.end_list(done);
  return true;
}

bool dispatcher::run_entries(call& c, const interface_table& table, void* object, std::size_t& done) {
  std::string_view method;
  for (bool going = true; going && c.encoder.ok() && c.in.more(); ++done) {
    if (!c.in.begin_entry(method)) return false;
    entry_method(c, table, method);
    going = run_entry(c, object);
  }
  return true;
}

/// False: the entry behind `done` does not fit so; a reader has to go on there.
bool dispatcher::run_plain_entries(call& c, const interface_table& table, void* object, const plain_batch& batch, std::size_t& done) {
  plain_msgpack in = batch.entries;
  std::string_view method;
  while (done < batch.count && c.encoder.ok()) {
    if (done > 0 && batch.opening > 0) {
      in.skip(batch.opening);
    } else if (!c.method || !in.entry_again(c.method->name)) {
      if (!in.entry(method)) return false;
      entry_method(c, table, method);
    }
    const method_entry& called = *c.method;
    const auto before = c.out.here().own;
    try {
      if (!called.invoke_plainly || !called.invoke_plainly(object, in, c.answer)) return false;
      ++done;
    } catch (...) {
      ++done;
      end_batch_with(c, std::current_exception(), before);
      return true;
    }
    refuse_stream(c.answer);
  }
  return true;
}

/// The method of the next entry, which mostly is the same again.
const method_entry& dispatcher::entry_method(call& c, const interface_table& table, std::string_view name) {
  if (!c.method || !detail::same_text(c.method->name, name)) c.method = &exposed_method(table, name);
  return *c.method;
}

/// False: it threw, and the list of results ends with the exception.
bool dispatcher::run_entry(call& c, void* object) {
  const auto before = c.out.here().own;
  try {
    if (!c.method->invoke(object, c.in, c.answer, c.method->signature))
      return end_batch_with(c, exception_of(wire_exception::from(c.in.error())), before);
  } catch (...) {
    return end_batch_with(c, std::current_exception(), before);
  }
  refuse_stream(c.answer);
  return true;
}

task<bool> dispatcher::run_batch_suspending(call& c, const exposed_object& o) {
  std::string_view method;
  std::size_t done = 0;
  if (!begin_batch(c.in, c.request.payload)) co_return false;
  void* const object = target(c, o);
  c.answer.begin_list();
  for (bool going = true; going && c.encoder.ok() && c.in.more(); ++done) {
    if (!c.in.begin_entry(method)) co_return false;
    if (!entry_method(c, *o.table, method).suspends()) {
      const detail::serving serving(c.context);
      going = run_entry(c, object);
      continue;
    }
    task<bool> entry = run_entry_suspending(c, object);
    going = co_await entry;
  }
  c.answer.end_list(done);
  co_return true;
}

task<bool> dispatcher::run_entry_suspending(call& c, void* object) {
  const auto before = c.out.here().own;
  std::unique_ptr<activation> running;
  std::exception_ptr thrown;
  try {
    task<> body;
    {
      const detail::serving serving(c.context);
      running = c.method->activate(object, c.in, c.method->signature);
      if (!running) co_return end_batch_with(c, exception_of(wire_exception::from(c.in.error())), before);
      body = running->run();
      body.start();
    }
    co_await body;
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) co_return end_batch_with(c, thrown, before);
  running->write(c.answer);
  refuse_stream(c.answer);
  co_return true;
}

bool dispatcher::end_batch_with(call& c, std::exception_ptr error, std::size_t written_before) {
  if (c.out.here().own != written_before) std::rethrow_exception(error);  // half a result is written
  wire_exception thrown = wire_exception::describe(error);
  tell_error(c, error, thrown);
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

}  // namespace engine
