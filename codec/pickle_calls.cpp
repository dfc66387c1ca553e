// Naming classes and calling them: the part of the machine where Python would run code. Here each class of the list has its few lines
// that make plain data, or an object (pickle_objects.cpp), and anything else is refused.
#include <algorithm>

#include <codec/pickle_machine.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::pickle {

namespace {

cell class_cell(class_id id, std::string_view name) {
  cell c = text_of(what::class_, name);
  c.note = static_cast<std::uint8_t>(id);
  return c;
}

}  // namespace

// ---- naming

bool machine::not_allowed(std::string_view name) {
  return fail(wire_class::serialize_error, "pickle: class '" + std::string(name) + "' is not allowed");
}

bool machine::refuse_call(std::string_view name, const char* why) {
  return fail(wire_class::type_error, "pickle: " + std::string(name.substr(name.rfind('.') + 1)) + "() " + why);
}

bool machine::has_traceback() {
  const std::string_view all(reinterpret_cast<const char*>(begin_), static_cast<std::size_t>(end_ - begin_));
  if (traceback_ < 0) traceback_ = all.find(traceback_key) != std::string_view::npos;
  return traceback_ > 0;
}

bool machine::push_class(std::string_view module, std::string_view name) {
  cell named;
  return name_class(module, name, named) && push(named);
}

bool machine::name_class(std::string_view module, std::string_view name, cell& out) {
  module = current_module(module);
  const auto known = find_class(module, name);
  if (known && !known->name.empty()) return out = class_cell(known->id, known->name), true;
  name = current_exception(module, name);
  const std::size_t size = module.size() + 1 + name.size();
  if (!known && (module == "builtins" || is_picklers(module) || !has_traceback())) return not_allowed(std::string(module) + "." + std::string(name));
  if (!expand(size)) return false;
  char* to = tree_.texts.room(size);
  *std::ranges::copy(module, to).out = '.';
  std::ranges::copy(name, to + module.size() + 1);
  tree_.texts.keep(size);
  out = class_cell(known ? known->id : class_id::maybe_exception, {to, size});
  return true;
}

bool machine::load_global() {
  std::string_view module, name;
  return read_name(module) && read_name(name) && push_class(module, name);
}

bool machine::read_name_line(std::string_view& out) {
  if (!read_line(out)) return false;
  if (out.size() < 2) return truncated();
  out.remove_suffix(1);
  return true;
}

bool machine::read_name(std::string_view& out) {
  if (!read_name_line(out)) return false;
  const auto fault = find_utf8_fault(out);
  return !fault || fail(wire_class::unicode_decode_error, utf8_fault_text(out, *fault));
}

bool machine::load_stack_global() {
  const auto names = above(std::max(fence_, stack_.size() - std::min<std::size_t>(stack_.size(), 2)));
  if (names.size() < 2 || !names[0].is(what::string) || !names[1].is(what::string))
    return fail(wire_class::unpickling_error, "STACK_GLOBAL requires str");
  const std::string_view module = names[0].view(), name = names[1].view();
  stack_.shrink(stack_.size() - 2);
  return push_class(module, name);
}

// ---- calling

bool machine::load_reduce() {
  cell args, callee, made;
  return pop(args) && pop(callee) && call(callee, args, made) && push(made);
}

bool machine::load_newobj(bool keywords) {
  cell named, args, of, made;
  if ((keywords && !pop(named)) || !pop(args) || !pop(of)) return false;
  const auto refuse = [&](const char* part, const cell& given) {
    return fail(wire_class::unpickling_error, (keywords ? "NEWOBJ_EX " : "NEWOBJ ") + std::string(part) + ", not " + std::string(type_name(given)));
  };
  if (type_name(of) != "type") return refuse("class argument must be a type", of);
  if (!args.is(what::tuple)) return refuse("args argument must be a tuple", args);
  if (keywords && !named.is(what::dict)) return refuse("kwargs argument must be a dict", named);
  if (keywords && !tree_.members(named).empty()) return not_allowed(of.view());
  return make_new(of, args, made) && push(made);
}

/// type.__new__: that of mutable types takes any arguments and does nothing with them. Functions have none.
bool machine::make_new(const cell& of, const cell& args, cell& out) {
  switch (id_of(of)) {
    case class_id::encode:
    case class_id::reconstructor:
    case class_id::newobj:
    case class_id::dill_type:
    case class_id::dill_repr:
    case class_id::array_reconstructor: return not_allowed(of.view());
    case class_id::set:
    case class_id::bytearray:
    case class_id::list:
    case class_id::dict:
    case class_id::ordered_dict:
    case class_id::deque:
    case class_id::default_dict:
    case class_id::counter: return call(of, indexed(what::tuple, 0), out);
    default: return call(of, args, out);
  }
}

/// The class of old-style instances stands in the opcode, …
bool machine::load_inst() {
  if (marks_.empty()) return fail(wire_class::unpickling_error, "could not find MARK");
  std::size_t from = 0;
  std::string_view module, name;
  const auto read = [this](std::string_view& line) { return read_name_line(line) && check_ascii(line); };  // as only Python 2 writes it
  if (!take_mark(from) || !load_tuple(from) || !read(module) || !read(name) || !push_class(module, name)) return false;
  std::swap(stack_[stack_.size() - 1], stack_[stack_.size() - 2]);
  return load_reduce();
}

/// … or first among what is above the mark.
bool machine::load_obj() {
  std::size_t from = 0;
  if (!take_mark(from)) return false;
  return stack_.size() > from ? load_tuple(from + 1) && load_reduce() : underflow();
}

bool machine::call(const cell& callee, const cell& args, cell& out) {
  if (!args.is(what::tuple)) return fail(wire_class::type_error, "argument list must be a tuple");
  if (!callee.is(what::class_)) return fail(wire_class::type_error, "'" + std::string(type_name(callee)) + "' object is not callable");
  if (!room_for(9)) return false;
  const class_id id = id_of(callee);
  if (id == class_id::exception || id == class_id::maybe_exception) return make_exception(callee, args, out);
  const auto members = tree_.members(args);
  arguments a;
  a.size = members.size();
  if (a.size > a.at.size()) return refuse_call(callee.view(), "has too many arguments");
  std::ranges::copy(members, a.at.begin());
  return call_builtin(id, a, callee, out);
}

bool machine::call_builtin(class_id id, const arguments& a, const cell& callee, cell& out) {
  switch (id) {
    case class_id::complex: return make_complex(a, out);
    case class_id::set: return make_sequence(what::set, a, out);
    case class_id::frozenset: return make_sequence(what::frozenset, a, out);
    case class_id::list: return make_sequence(what::list, a, out);
    case class_id::tuple: return make_sequence(what::tuple, a, out);
    case class_id::deque: {
      arguments without_length = a;
      without_length.size = std::min<std::size_t>(a.size, 1);
      if (!make_sequence(what::list, without_length, out)) return false;
      out.note = static_cast<std::uint8_t>(origin::deque);
      return true;
    }
    case class_id::dict:
    case class_id::ordered_dict:
    case class_id::counter: return make_dict(a, out);
    case class_id::default_dict:
      if (a.size > 0 && !a[0].is(what::class_) && !a[0].is(what::none))
        return fail(wire_class::type_error, "first argument must be callable or None");
      return make_dict({}, out);
    case class_id::bytes:
    case class_id::bytearray:
    case class_id::encode: return make_bytes(id, a, out);
    case class_id::range: return make_range(a, out);
    case class_id::date:
    case class_id::time:
    case class_id::datetime:
    case class_id::timedelta:
    case class_id::timezone: return call_moment(id, a, out);
    case class_id::decimal:
      if (a.size != 1 || !a[0].is(what::string)) return refuse_call(callee.view(), "needs a text");
      out = a[0];
      return true;
    case class_id::fraction: return make_fraction(a, out);
    case class_id::array: return make_array(a, out);
    case class_id::array_reconstructor: return make_array_of_bytes(a, out);
    case class_id::uri:
      if (a.size == 0) return make_instance(callee, out);
      if (!a[0].is(what::string)) return fail(wire_class::type_error, "uri parameter object is of wrong type");
      out = a[0];
      return true;
    case class_id::exception_wrapper: return a.size == 1 ? make_wrapper(callee, a[0], out) : make_instance(callee, out);
    case class_id::proxy:
    case class_id::daemon:
    case class_id::uuid:
    case class_id::serializer: return make_instance(callee, out);
    case class_id::reconstructor: return reconstruct(a, out);
    case class_id::dill_type: return load_type(a, out);
    case class_id::dill_repr: return eval_repr(a, callee, out);
    case class_id::newobj: {
      if (a.size == 0 || !a[0].is(what::class_)) return fail(wire_class::type_error, "__newobj__ needs a class");
      const auto rest = tree_.make(what::tuple, std::span(a.at).subspan(1, a.size - 1));
      return make_new(a[0], indexed(what::tuple, rest), out);
    }
    case class_id::inert:
    case class_id::exception:
    case class_id::maybe_exception: break;
  }
  return not_allowed(callee.view());
}

/// copyreg._reconstructor(class, object, None): how protocols 0 and 1 make an instance.
bool machine::reconstruct(const arguments& a, cell& out) {
  if (a.size != 3 || !a[0].is(what::class_)) return fail(wire_class::type_error, "_reconstructor needs a class, its base and a state");
  const class_id id = id_of(a[0]);
  const bool is_object = id >= class_id::uri && id <= class_id::exception_wrapper;
  if ((!is_object && id != class_id::uuid) || !a[2].is(what::none)) return not_allowed(a[0].view());
  return make_instance(a[0], out);
}

}  // namespace engine::detail::pickle
