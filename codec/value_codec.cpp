// Values from and to any serializer. Depth is bounded by the reader; a key that Python could not hash is refused as there.
#include <algorithm>

#include <codec/value.hpp>

namespace engine {

namespace {

/// Claims of nested lists add up, hence so few; growing costs little here.
constexpr std::size_t reserved_most = 64;

/// Reads one value of a kind whose reader word is `word`.
template <class T, class Word> bool decode_scalar(reader& in, Word word, value& out) {
  T got{};
  if (!(in.*word)(got)) return false;
  out = value(std::move(got));
  return true;
}

bool decode_bytes(reader& in, value& out) {
  bytes data;
  if (!decode(in, data)) return false;
  out = value(std::move(data));
  return true;
}

bool check_hashable(reader& in, const value& key) {
  const kind part = unhashable_part(key);
  return part == kind::none || in.fail(wire_class::type_error, "unhashable type: '" + std::string(python_name(part)) + "'");
}

template <class Sequence> bool decode_sequence(reader& in, value& out) {
  Sequence items;
  std::size_t hint = 0;
  if (!in.enter_sequence(hint)) return false;
  items.reserve(std::min(hint, reserved_most));
  while (in.more()) {
    value item;
    if (!decode(in, item)) return false;
    items.push_back(std::move(item));
  }
  out = value(std::move(items));
  return in.ok();
}

template <class Set> bool decode_set(reader& in, value& out) {
  Set items;
  std::size_t hint = 0;
  if (!in.enter_sequence(hint)) return false;
  while (in.more()) {
    value item;
    if (!decode(in, item) || !check_hashable(in, item)) return false;
    items.insert(std::move(item));
  }
  out = value(std::move(items));
  return in.ok();
}

bool decode_dict(reader& in, value& out) {
  value::dict entries;
  std::size_t hint = 0;
  if (!in.enter_dict(hint)) return false;
  while (in.more()) {
    value key, item;
    if (!decode(in, key) || !check_hashable(in, key) || !decode(in, item)) return false;
    entries.set(std::move(key), std::move(item));
  }
  out = value(std::move(entries));
  return in.ok();
}

}  // namespace

bool codec_of<value>::decode(reader& in, value& out) {
  switch (in.peek()) {
    case kind::error: break;
    case kind::none: out = {}; return in.read_none();
    case kind::boolean: return decode_scalar<bool>(in, &reader::read_boolean, out);
    case kind::integer: return decode_scalar<std::int64_t>(in, &reader::read_integer, out);
    case kind::big_integer: return decode_scalar<integer>(in, &reader::read_big_integer, out);
    case kind::real: return decode_scalar<double>(in, &reader::read_real, out);
    case kind::complex: return decode_scalar<std::complex<double>>(in, &reader::read_complex, out);
    case kind::string: return decode_scalar<std::string_view>(in, &reader::read_string, out);
    case kind::bytes: return decode_bytes(in, out);
    case kind::datetime: return decode_scalar<datetime>(in, &reader::read_datetime, out);
    case kind::date: return decode_scalar<date>(in, &reader::read_date, out);
    case kind::list: return decode_sequence<value::list>(in, out);
    case kind::tuple: return decode_sequence<value::tuple>(in, out);
    case kind::set: return decode_set<value::set>(in, out);
    case kind::frozenset: return decode_set<value::frozenset>(in, out);
    case kind::dict: return decode_dict(in, out);
  }
  return detail::fail_fit(in, "a value", kind::error);
}

void codec_of<value>::encode(writer& out, const value& v) {
  const kind k = v.kind();
  switch (k) {
    case kind::error:
    case kind::none: return out.none();
    case kind::boolean: return out.boolean(v.get<bool>());
    case kind::integer: return out.signed_integer(v.get<std::int64_t>());
    case kind::big_integer: return out.big_integer(v.get<integer>());
    case kind::real: return out.real(v.get<double>());
    case kind::complex: return out.complex(v.get<std::complex<double>>());
    case kind::string: return out.string(v.get<std::string>());
    case kind::bytes: return out.bytes(v.get<engine::bytes>());
    case kind::datetime: return out.at(v.get<datetime>());
    case kind::date: return out.at(v.get<date>());
    case kind::dict: break;
    default:
      out.begin(k, v.elements().size());
      for (const value& element : v) encode(out, element);
      return out.end();
  }
  out.begin(kind::dict, v.entries().size());
  for (const value_entry& entry : v.entries()) {
    encode(out, entry.key);
    encode(out, entry.item);
  }
  out.end();
}

}  // namespace engine
