// Walking: containers, references and calls. The values are in marshal_number.cpp and marshal_text.cpp. Faults are worded as
// CPython words them.
#include <codec/marshal_reader.hpp>

#include <algorithm>
#include <array>
#include <cassert>

namespace engine {

namespace {

using namespace detail::marshal_format;

constexpr std::array<kind, 128> make_kinds() {
  std::array<kind, 128> kinds{};  // kind::error: the end of a dict, and what is refused
  const auto fill = [&](std::string_view codes, kind k) {
    for (const char c : codes) kinds[static_cast<unsigned char>(c)] = k;
  };
  fill("N", kind::none);
  fill("TF", kind::boolean);
  fill("iI", kind::integer);
  fill("l", kind::big_integer);
  fill("fg", kind::real);
  fill("xy", kind::complex);
  fill("zZaAut", kind::string);
  fill("s", kind::bytes);
  fill("[", kind::list);
  fill("()", kind::tuple);
  fill("<", kind::set);
  fill(">", kind::frozenset);
  fill("{", kind::dict);
  return kinds;
}
constexpr std::array<kind, 128> kinds = make_kinds();

bool is_container(unsigned char code) { return kinds[code] >= kind::list && kinds[code] <= kind::dict; }

const char* container_name(unsigned char code) {
  switch (code) {
    case '[': return "list";
    case '(':
    case ')': return "tuple";
    case '<':
    case '>': return "set";
    case '{': return "dict";
    default: return "object";
  }
}

}  // namespace

std::unique_ptr<reader> make_marshal_reader() { return std::make_unique<marshal_reader>(); }

void marshal_reader::start(std::span<const std::byte> payload, const decode_limits& limits) {
  constexpr std::size_t kept = 64 * 1024;
  clear_error();
  begin_ = at_ = fresh_ = reinterpret_cast<const unsigned char*>(payload.data());
  end_ = begin_ + payload.size();
  back_ = nullptr;
  top_ = frames_.data();
  last_ = top_ + std::min(frames_.size() - 1, limits.depth);
  *top_ = {.owed = 1};
  numbered_.clear();
  if (numbered_.capacity() > kept) numbered_.shrink_to_fit();
  values_ = 1;
  values_most_ = std::min<std::uint64_t>(limits.elements_of(payload.size()), 0xffffffff);
  limits_ = limits;
  forget_keys();
  arena_.clear();
  if (payload.size() > size_most) fail(wire_class::value_error, "marshal data too large");
}

kind marshal_reader::peek() {
  if (!ready()) return kind::error;
  const kind k = kinds[code()];
  if (k == kind::big_integer) return long_is_small() ? kind::integer : k;
  if (k != kind::error || (code() == '0' && at_key())) return k;
  refuse_code();
  return kind::error;
}

bool marshal_reader::read_none() { return ready() && code() == 'N' ? took_singleton(1) : refuse("NoneType"); }

bool marshal_reader::read_boolean(bool& out) {
  if (!ready() || (code() != 'T' && code() != 'F')) return refuse("bool");
  out = code() == 'T';
  return took_singleton(1);
}

bool marshal_reader::enter_sequence(std::size_t& hint) {
  // The arguments of a call, as we write them.
  if (is_plain('[', 5) && top_ != last_) {
    const std::size_t size = load<std::uint32_t>(at_ + 1);
    if (size <= left() - 5) {
      --top_->owed;
      push('[', hint = size, 5);
      return count(size);
    }
  }
  if (!ready() || !is_container(code()) || code() == '{') return refuse("list");
  return enter(hint);
}

bool marshal_reader::enter_any_dict(std::size_t& hint) {
  hint = 0;
  if (!ready() || code() != '{') return refuse("dict");
  return enter(hint);
}

bool marshal_reader::next_any_member(std::string_view& name) { return detail::next_member(*this, name); }

bool marshal_reader::enter(std::size_t& hint) {
  const unsigned char c = code();
  std::size_t head = 1, owed = endless;
  if (c == ')') {
    if (left() < 2) return missing();
    head = 2;
    owed = at_[1];
  } else if (c != '{') {
    head = 5;
    if (!length(owed, container_name(c))) return false;
  }
  if (top_ == last_ && !deepen()) return false;
  number();
  --top_->owed;
  push(c, owed, head);
  if (c == '{') return true;
  hint = std::min(owed, left());  // each takes a byte at least; a lie is found where the bytes end
  return count(hint);
}

bool marshal_reader::deepen() {
  const std::size_t at = depth();
  if (at == limits_.depth) return fail(wire_class::value_error, "recursion limit exceeded");
  frames_.resize(2 * frames_.size());
  top_ = frames_.data() + at;
  last_ = frames_.data() + std::min(frames_.size() - 1, limits_.depth);
  return true;
}

bool marshal_reader::too_many() { return fail(wire_class::value_error, "too many values in one message"); }

const unsigned char* marshal_reader::target() {
  if (left() < reference_size) return truncated(), nullptr;
  const auto index = load<std::uint32_t>(at_ + 1);
  // After rewind() the table knows also what lies ahead.
  const bool known = index < numbered_.size() && begin_ + numbered_[index] < at_;
  const unsigned char* const found = known ? begin_ + numbered_[index] : nullptr;
  if (known && (!is_container(code_at(found)) || !is_open(found))) return found;
  const bool cycle = known && code_at(found) != '>';  // Python has no reference to an open frozenset either
  fail(wire_class::value_error, cycle ? "bad marshal data (a container that holds itself)" : "bad marshal data (invalid reference)");
  return nullptr;
}

bool marshal_reader::is_open(const unsigned char* start) const {
  return std::any_of(frames_.data(), static_cast<const frame*>(top_) + 1, [start](const frame& f) { return f.start == start; });
}

bool marshal_reader::follow() {
  const unsigned char* const found = target();
  if (found == nullptr) return false;
  back_ = at_ + reference_size;
  at_ = found;
  return true;
}

/// A few bytes that refer to a long text may repeat it without end: what is read again counts as a value for each 16 bytes.
bool marshal_reader::came_back(std::size_t size) {
  at_ = back_;
  back_ = nullptr;
  return count(size / 16);
}

bool marshal_reader::skip_one() {
  if (back_ != nullptr) {  // peek() has followed it; what it means was checked when it was passed
    at_ = back_ - reference_size;
    back_ = nullptr;
  }
  if (ok() && top_->owed != 0 && at_ != end_ && code() == 'r') return target() != nullptr && took_singleton(reference_size);
  const auto skip_as = [this]<class T>(bool (marshal_reader::*word)(T&)) {
    T ignored{};
    return (this->*word)(ignored);
  };
  switch (peek()) {
    case kind::none: return read_none();
    case kind::boolean: return skip_as(&marshal_reader::read_boolean);
    case kind::integer: return skip_as(&marshal_reader::read_integer);
    case kind::big_integer: return skip_as(&marshal_reader::read_big_integer);
    case kind::real: return skip_as(&marshal_reader::read_real);
    case kind::complex: return skip_as(&marshal_reader::read_complex);
    case kind::string: return skip_as(&marshal_reader::read_string);
    case kind::bytes: return skip_as(&marshal_reader::read_bytes);
    case kind::error: return refuse("a value");
    default: return skip_as(&marshal_reader::enter);
  }
}

bool marshal_reader::skip() {
  const std::size_t outside = depth();
  if (!skip_one()) return false;
  while (depth() > outside) {
    if (more() && !skip_one()) return false;
    if (!ok()) return false;
  }
  return true;
}

reader::mark marshal_reader::here() const { return {offset(), static_cast<std::uint32_t>(depth()), values_ << 32 | top_->owed}; }

void marshal_reader::rewind(const mark& m) {
  assert(m.depth <= depth());
  top_ = frames_.data() + m.depth;
  at_ = begin_ + m.offset;
  back_ = nullptr;
  forget_keys();
  top_->owed = static_cast<std::uint32_t>(m.state);
  values_ = m.state >> 32;
}

bool marshal_reader::begin_call(std::string_view& object, std::string_view& method) {
  constexpr std::size_t head = 2, size_of_call = 4;
  if (is_plain(')', head) && at_[1] == size_of_call && top_ != last_) {
    --top_->owed;
    push(')', size_of_call, head);
    return count(std::min(size_of_call, left())) && read_string(object) && read_string(method);
  }
  return begin_any_call(object, method);
}

bool marshal_reader::begin_any_call(std::string_view& object, std::string_view& method) {
  const kind k = peek();
  if (!ok()) return false;
  if (k != kind::tuple && k != kind::list) {
    const bool all = skip();  // Python reads everything before it unpacks
    return all && fail(wire_class::type_error, "cannot unpack non-iterable " + std::string(python_name(k)) + " object");
  }
  std::size_t hint = 0;
  if (!enter(hint)) return false;
  const std::uint64_t size = top_->owed;
  if (size == 4) return read_string(object) && read_string(method);
  while (more()) {
    if (!skip()) return false;
  }
  if (!ok()) return false;
  if (size > 4) return fail(wire_class::value_error, "too many values to unpack (expected 4)");
  return fail(wire_class::value_error, "not enough values to unpack (expected 4, got " + std::to_string(size) + ")");
}

bool marshal_reader::end_call() {
  if (more()) return fail(wire_class::value_error, "values left over after the call");
  return finish();
}

bool marshal_reader::refuse_code() {
  switch (code()) {
    case '0': return fail(wire_class::type_error, std::string("NULL object in marshal data for ") + container_name(top_->code));
    case 'c': return fail(wire_class::value_error, "bad marshal data (a code object)");
    case '.': return fail(wire_class::value_error, "bad marshal data (Ellipsis)");
    case 'S': return fail(wire_class::value_error, "bad marshal data (StopIteration)");
    default: return fail(wire_class::value_error, "bad marshal data (unknown type code)");
  }
}

bool marshal_reader::refuse(std::string_view expected) {
  const kind k = peek();
  if (!ok()) return false;
  return fail(wire_class::type_error, "expected " + std::string(expected) + ", not " + std::string(python_name(k)));
}

}  // namespace engine
