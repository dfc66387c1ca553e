// See msgpack_reader.hpp: numbers, skipping and calls.
#include <codec/msgpack_reader.hpp>

#include <cmath>

namespace engine {

namespace detail::msgpack_format {

bool msgpack_reader::read_wide_integer(std::int64_t& out) {
  if (peek() != kind::integer && peek() != kind::big_integer) return refuse("int");
  const mark before = here();
  integer big;
  if (!read_big_integer(big)) return false;
  const auto small = big.to_int64();
  if (small) return out = *small, true;
  rewind(before);
  return fail(wire_class::overflow_error, "int " + big.to_string() + " does not fit int64");
}

bool msgpack_reader::read_big_integer(integer& out) {
  const kind k = peek();
  if (k != kind::integer && k != kind::big_integer) return refuse("int");
  if (*at_ == 0xcf) {
    if (left() < 9) return truncated();
    out = integer::from_unsigned(load_big<std::uint64_t>(at_ + 1));
    return took(9);
  }
  extension_view ext{};
  if (extension(ext)) return extension_integer(ext, out) && took(static_cast<std::size_t>(ext.data + ext.size - at_));
  std::int64_t small = 0;
  if (!read_integer(small)) return false;
  out = small;
  return true;
}

bool msgpack_reader::read_real(double& out) {
  if (!ready()) return refuse("float");
  if (*at_ == 0xcb) {
    if (left() < 9) return truncated();
    out = std::bit_cast<double>(load_big<std::uint64_t>(at_ + 1));
    return took(9);
  }
  if (*at_ == 0xca) {
    if (left() < 5) return truncated();
    out = std::bit_cast<float>(load_big<std::uint32_t>(at_ + 1));
    return took(5);
  }
  switch (peek()) {
    case kind::integer: {
      std::int64_t n = 0;
      if (!read_integer(n)) return false;
      out = static_cast<double>(n);
      return true;
    }
    case kind::big_integer: {
      integer n;
      if (!read_big_integer(n)) return false;
      out = n.to_double();
      return std::isfinite(out) ? true : fail(wire_class::overflow_error, "int too large to convert to float");
    }
    default: return refuse("float");
  }
}

bool msgpack_reader::skip_scalar(kind k) {
  const auto skip_one = [this]<class T>(bool (msgpack_reader::*word)(T&)) {
    T ignored{};
    return (this->*word)(ignored);
  };
  switch (k) {
    case kind::none: return read_none();
    case kind::boolean: return skip_one(&msgpack_reader::read_boolean);
    case kind::integer: return skip_one(&msgpack_reader::read_integer);
    case kind::big_integer: return skip_one(&msgpack_reader::read_big_integer);
    case kind::real: return skip_one(&msgpack_reader::read_real);
    case kind::complex: return skip_one(&msgpack_reader::read_complex);
    case kind::string: return skip_one(&msgpack_reader::read_string);
    case kind::bytes: return skip_one(&msgpack_reader::read_bytes);
    case kind::datetime: return skip_one(&msgpack_reader::read_datetime);
    case kind::date: return skip_one(&msgpack_reader::read_date);
    default: return refuse("a value");
  }
}

bool msgpack_reader::skip_one() {
  if (ready()) {
    if (const std::size_t size = sizes[*at_]; size > 0 && size <= left()) return took(size);
  }
  const kind k = peek();
  std::size_t hint = 0;
  std::string_view text;
  return k == kind::string ? read_string(text) : k == kind::list ? enter_sequence(hint) : k == kind::dict ? enter_dict(hint) : skip_scalar(k);
}

bool msgpack_reader::skip() {
  const std::size_t depth = outer_.size();
  do {
    if (!skip_one()) return false;
    while (outer_.size() > depth && owed_ == 0) close();
  } while (outer_.size() > depth);
  return true;
}

// The usual entry: a tuple of three whose first is a short text. Anything else goes the general way.
bool msgpack_reader::open_entry(std::string_view& method) {
  constexpr unsigned char three = 0x93;
  if (ready() && *at_ == three && left() > 1 && (at_[1] & 0xe0) == 0xa0) return open(0, 3, 1) && read_string(method);
  return reader::open_entry(method);
}

bool msgpack_reader::skip_entry() {
  std::string_view method;
  if (!begin_entry(method) || !skip()) return false;
  constexpr unsigned char no_keywords = 0x80;
  if (owed_ != 1 || at_ == end_ || *at_ != no_keywords) return open_keywords() && skip() && close_call();
  ++at_;
  close();
  return leave_entry();
}

bool msgpack_reader::begin_call(std::string_view& object, std::string_view& method) {
  std::size_t size = 0;
  const kind k = peek();
  if (!ok()) return false;
  if (k != kind::list) return fail(wire_class::type_error, "cannot unpack non-iterable " + std::string(python_name(k)) + " object");
  if (!enter_sequence(size)) return false;
  if (size > 4) return fail(wire_class::value_error, "too many values to unpack (expected 4)");
  if (size < 4) return fail(wire_class::value_error, "not enough values to unpack (expected 4, got " + std::to_string(size) + ")");
  return read_string(object) && read_string(method);
}

}  // namespace detail::msgpack_format

std::unique_ptr<reader> make_msgpack_reader() { return std::make_unique<detail::msgpack_format::msgpack_reader>(); }

}  // namespace engine
