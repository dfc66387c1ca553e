// See msgpack_reader.hpp: Pyro's extensions, which are complex numbers, moments and integers of any size.
#include <codec/msgpack_reader.hpp>

namespace engine::detail::msgpack_format {

/// Tells whether an extension is at hand, and checks that it is whole.
bool msgpack_reader::extension(extension_view& out) {
  std::size_t head = 1, size = 0;
  if (*at_ >= 0xd4 && *at_ <= 0xd8) {
    size = std::size_t(1) << (*at_ - 0xd4);
  } else if (*at_ >= 0xc7 && *at_ <= 0xc9) {
    const std::size_t wide = std::size_t(1) << (*at_ - 0xc7);
    if (!length(wide, size)) return false;
    head += wide;
  } else {
    return false;
  }
  if (left() < head + 1 || left() - head - 1 < size) return truncated();
  out = {static_cast<std::int8_t>(at_[head]), at_ + head + 1, size};
  return true;
}

kind msgpack_reader::peek_extension() {
  extension_view ext{};
  if (!extension(ext)) {
    if (ok()) fail(wire_class::value_error, "Unpack failed: invalid byte 0xc1");
    return kind::error;
  }
  switch (ext.code) {
    case complex_code: return kind::complex;
    case datetime_code: return kind::datetime;
    case date_code: return kind::date;
    case integer_code: {
      if (ext.size <= 18) return kind::integer;
      const auto n = ext.size > 20 ? std::nullopt : integer::from_decimal({reinterpret_cast<const char*>(ext.data), ext.size});
      return n && n->to_int64() ? kind::integer : kind::big_integer;
    }
    default: fail(wire_class::serialize_error, "invalid ext code for msgpack: " + std::to_string(ext.code)); return kind::error;
  }
}

bool msgpack_reader::extension_integer(const extension_view& ext, integer& out) {
  const std::string_view text(reinterpret_cast<const char*>(ext.data), ext.size);
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  if (text.size() - sign > limits_.digits)
    return fail(wire_class::value_error, "Exceeds the limit (" + std::to_string(limits_.digits) + " digits) for integer string conversion");
  auto number = integer::from_decimal(text);
  if (!number) return fail(integer_refusal(std::as_bytes(std::span(text))));
  out = std::move(*number);
  return true;
}

const unsigned char* msgpack_reader::take_extension(std::int8_t code, std::size_t size, std::string_view name) {
  extension_view ext{};
  if (!ready() || !extension(ext) || ext.code != code) return refuse(name), nullptr;
  if (ext.size != size) {
    fail(wire_class::value_error, "unpack requires a buffer of " + std::to_string(size) + " bytes");
    return nullptr;
  }
  took(static_cast<std::size_t>(ext.data + ext.size - at_));
  return ext.data;
}

bool msgpack_reader::read_complex(std::complex<double>& out) {
  const unsigned char* data = take_extension(complex_code, 16, "complex");
  if (data == nullptr) return false;
  out = {std::bit_cast<double>(load_little(data)), std::bit_cast<double>(load_little(data + 8))};
  return true;
}

bool msgpack_reader::read_datetime(datetime& out) {
  const unsigned char* data = take_extension(datetime_code, 8, "datetime");
  if (data == nullptr) return false;
  const auto seconds = std::bit_cast<double>(load_little(data));
  const auto when = from_timestamp(seconds);
  if (!when) return fail(datetime_refusal(seconds));
  out = *when;
  return true;
}

bool msgpack_reader::read_date(date& out) {
  // A C long: four bytes when a Windows machine wrote it.
  extension_view ext{};
  const bool narrow = ready() && extension(ext) && ext.size == 4;
  const unsigned char* data = take_extension(date_code, narrow ? 4 : 8, "date");
  if (data == nullptr) return false;
  std::uint32_t word = 0;
  std::memcpy(&word, data, sizeof word);
  const std::int64_t ordinal = narrow ? static_cast<std::int32_t>(swapped_unless(std::endian::little, word))
                                      : static_cast<std::int64_t>(load_little(data));
  const auto day = from_ordinal(ordinal);
  if (!day) return fail(date_refusal(ordinal));
  out = *day;
  return true;
}

}  // namespace engine::detail::msgpack_format
