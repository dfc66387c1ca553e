// Many calls in one frame (WIRE §4.4): their results in order, up to the first that throws; the rest is not executed. Two ways through
// it: all at once, or, where a class has coroutines, entry by entry with suspensions in between.
#include <engine/object/dispatch.hpp>

#include <codec/short_text.hpp>
#include <engine/object/dispatch_call.hpp>

namespace engine {

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

/// Checks it, and begins again.
bool begin_batch(reader& in, std::span<const std::byte> payload) {
  std::string_view id, method;
  std::size_t hint = 0;
  if (!is_sound_batch(in)) return false;
  in.start(payload);
  return in.begin_call(id, method) && in.enter_sequence(hint);
}

void refuse_stream(reply& answer) {
  if (answer.take_stream()) throw raised("TypeError", {"a stream cannot be the result of a call in a batch"});
}

}  // namespace

bool dispatcher::run_batch(call& c, const exposed_object& o) {
  std::string_view method;
  std::size_t done = 0;
  if (!begin_batch(c.in, c.request.payload)) return false;
  void* const object = target(c, o);
  c.answer.begin_list();
  for (bool going = true; going && c.encoder.ok() && c.in.more(); ++done) {
    if (!c.in.begin_entry(method)) return false;
    entry_method(c, *o.table, method);
    going = run_entry(c, object);
  }
  c.answer.end_list(done);
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
