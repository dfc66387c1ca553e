// A cursor per open container is all the state there is.
#include <codec/value_reader.hpp>

namespace engine {

void value_reader::start(std::span<const std::byte>, const decode_limits&) {
  clear_error();
  open_.clear();
  root_taken_ = false;
}

const value* value_reader::next() const {
  if (!ok()) return nullptr;
  if (open_.empty()) return root_taken_ ? nullptr : root_;
  const cursor& top = open_.back();
  if (top.taken == top.size) return nullptr;
  if (top.container->kind() != kind::dict) return &top.container->elements()[top.taken];
  const value_entry& entry = top.container->entries()[top.taken / 2];
  return top.taken % 2 == 0 ? &entry.key : &entry.item;
}

void value_reader::take() {
  if (open_.empty()) root_taken_ = true;
  else ++open_.back().taken;
}

kind value_reader::peek() {
  const value* v = next();
  return v != nullptr ? v->kind() : kind::error;
}

bool value_reader::refuse(std::string_view expected) { return detail::fail_fit(*this, expected, peek()); }

template <class T> bool value_reader::read(std::string_view expected, T& out) {
  const value* v = next();
  const T* held = v != nullptr ? v->get_if<T>() : nullptr;
  if (held == nullptr) return refuse(expected);
  out = *held;
  take();
  return true;
}

bool value_reader::read_none() {
  if (peek() != kind::none) return refuse("NoneType");
  take();
  return true;
}

bool value_reader::read_boolean(bool& out) { return read("bool", out); }

bool value_reader::read_integer(std::int64_t& out) {
  if (peek() == kind::big_integer) return fail(wire_class::overflow_error, "int " + next()->get<integer>().to_string() + " does not fit int64");
  return read("int", out);
}

bool value_reader::read_big_integer(integer& out) {
  if (peek() == kind::big_integer) return read("int", out);
  std::int64_t small = 0;
  if (!read("int", small)) return false;
  out = small;
  return true;
}

bool value_reader::read_real(double& out) {
  integer whole;
  if (peek() != kind::integer && peek() != kind::big_integer) return read("float", out);
  if (!read_big_integer(whole)) return false;
  out = whole.to_double();
  return true;
}

bool value_reader::read_complex(std::complex<double>& out) { return read("complex", out); }

bool value_reader::read_string(std::string_view& out) {
  if (peek() != kind::string) return refuse("str");
  out = next()->get<std::string>();
  take();
  return true;
}

bool value_reader::read_bytes(std::span<const std::byte>& out) {
  if (peek() != kind::bytes) return refuse("bytes");
  out = next()->get<bytes>();
  take();
  return true;
}

bool value_reader::read_datetime(datetime& out) { return read("datetime", out); }
bool value_reader::read_date(date& out) { return read("date", out); }

bool value_reader::enter(std::size_t& hint) {
  const value* container = next();
  hint = container->size();
  take();
  open_.push_back({container, 0, container->kind() == kind::dict ? hint * 2 : hint});
  return true;
}

bool value_reader::enter_sequence(std::size_t& hint) { return detail::is_sequence(peek()) ? enter(hint) : refuse("list"); }
bool value_reader::enter_dict(std::size_t& hint) { return peek() == kind::dict ? enter(hint) : refuse("dict"); }

bool value_reader::more() {
  if (!ok() || open_.empty()) return false;
  if (open_.back().taken < open_.back().size) return true;
  open_.pop_back();
  return false;
}

bool value_reader::skip() {
  if (next() == nullptr) return refuse("a value");
  take();
  return true;
}

reader::mark value_reader::here() const {
  return {open_.empty() ? std::size_t(root_taken_) : open_.back().taken, static_cast<std::uint32_t>(open_.size()), 0};
}

void value_reader::rewind(const mark& m) {
  open_.resize(m.depth);
  if (open_.empty()) root_taken_ = m.offset != 0;
  else open_.back().taken = m.offset;
}

bool value_reader::begin_call(std::string_view& object, std::string_view& method) {
  std::size_t size = 0;
  if (!enter_sequence(size)) return false;
  if (size != 4) return detail::fail_length(*this, 4, size, false);
  return read_string(object) && read_string(method);
}

bool value_reader::begin_keywords() { return ok(); }

bool value_reader::end_call() {
  if (more()) return fail(wire_class::value_error, "values left over after the call");
  return finish();
}

bool value_reader::finish() {
  if (ok() && (!open_.empty() || !root_taken_)) return fail(wire_class::value_error, "values left over");
  return ok();
}

}  // namespace engine
