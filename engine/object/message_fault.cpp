// See message_fault.hpp. The texts are those of Python's "object, method, args, kwargs = message", and of data["params"].
#include <engine/object/message_fault.hpp>

#include <string>

#include <codec/convert.hpp>
#include <codec/reader_words.hpp>
#include <codec/value.hpp>
#include <engine/object/error.hpp>

namespace engine::detail {

namespace {

constexpr std::size_t parts = 4;

/// As Python iterates over it; nullopt if it cannot.
std::optional<std::size_t> length_of(reader& in) {
  const kind k = in.peek();
  std::size_t hint = 0, length = 0;
  if (k == kind::string) {
    std::string_view text;
    if (!in.read_string(text)) return std::nullopt;
    for (const char c : text) length += (c & 0xc0) != 0x80;
    return length;
  }
  if (k == kind::bytes) {
    std::span<const std::byte> data;
    return in.read_bytes(data) ? std::optional(data.size()) : std::nullopt;
  }
  if (k != kind::dict && !is_sequence(k)) return std::nullopt;
  const bool is_dict = k == kind::dict;
  if (is_dict ? !in.enter_dict(hint) : !in.enter_sequence(hint)) return std::nullopt;
  for (; in.more(); ++length)
    if (!in.skip() || (is_dict && !in.skip())) return std::nullopt;
  return length;
}

/// Of the first part, by which Python looks the object up.
std::optional<decode_error> fault_of_object(reader& in) {
  std::size_t hint = 0;
  if (!is_sequence(in.peek()) || !in.enter_sequence(hint) || !in.more()) return std::nullopt;
  const kind k = in.peek();
  if (k == kind::list || k == kind::dict || k == kind::set)
    return decode_error{wire_class::type_error, "unhashable type: '" + std::string(python_name(k)) + "'", in.offset()};
  if (k == kind::string) return std::nullopt;
  return decode_error{wire_class::daemon_error, "unknown object", in.offset()};
}

std::optional<decode_error> fault_of_parts(reader& in) {
  const reader::mark begin = in.here();
  const auto length = length_of(in);
  if (!length) return std::nullopt;
  if (*length == parts) return in.rewind(begin), fault_of_object(in);
  const std::string expected = "values to unpack (expected " + std::to_string(parts);
  if (*length > parts) return decode_error{wire_class::value_error, "too many " + expected + ")", in.offset()};
  return decode_error{wire_class::value_error, "not enough " + expected + ", got " + std::to_string(*length) + ")", in.offset()};
}

std::optional<decode_error> fault_of_json(reader& in) {
  std::string_view object, method;
  if (in.begin_call(object, method) && in.skip() && in.begin_keywords()) return std::nullopt;
  if (in.error().type != wire_class::key_error) return std::nullopt;
  return in.error();
}

}  // namespace

std::optional<decode_error> fault_of_message(const frame& request, const serializer& format, reader& in) {
  if (request.has(flag::keep_serialized)) return std::nullopt;
  value whole;  // made, and not only passed over: Python also refuses keys without a hash here
  in.start(request.payload);
  if (!decode(in, whole) || !in.finish()) return in.error();
  in.start(request.payload);
  return &format == &json() ? fault_of_json(in) : fault_of_parts(in);
}

}  // namespace engine::detail
