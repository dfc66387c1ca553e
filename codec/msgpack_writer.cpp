// The words of the msgpack writer that are not worth compiling into typed code.
#include <codec/msgpack_writer.hpp>

#include <codec/msgpack.hpp>

namespace engine {

using namespace detail::msgpack_format;

void msgpack_writer::bytes(std::span<const std::byte> data, bool borrow) {
  if (!key_ready() || !bytes_head(data.size())) return;
  if (borrow && data.size() >= borrow_threshold) out_->borrow(data);
  else out_->append(data.data(), data.size());
}

void msgpack_writer::owned_bytes(std::span<const std::byte> data, const std::shared_ptr<const void>& owner) {
  if (data.size() < borrow_threshold) return bytes(data);
  if (key_ready() && bytes_head(data.size())) out_->borrow(data, owner);
}

void msgpack_writer::begin_growing() {
  outer_.push_back(place_);
  place_ = place::plain;
  put<std::uint32_t>(0xdd, 0u);
  growing_at_ = out_->here().own - sizeof(std::uint32_t);
}

void msgpack_writer::end_growing(std::size_t count) {
  if (ok() && sized(count, "list")) store_big(out_->at(growing_at_), static_cast<std::uint32_t>(count));
  end();
}

void msgpack_writer::extension(std::int8_t code, std::string_view data) {
  switch (data.size()) {
    case 1: put('\xd4'); break;
    case 2: put('\xd5'); break;
    case 4: put('\xd6'); break;
    case 8: put('\xd7'); break;
    case 16: put('\xd8'); break;
    default:
      if (data.size() <= UINT8_MAX) put<std::uint8_t>(0xc7, data.size());
      else if (data.size() <= UINT16_MAX) put<std::uint16_t>(0xc8, data.size());
      else put<std::uint32_t>(0xc9, data.size());
  }
  put(static_cast<char>(code));
  out_->append(data);  // never empty
}

void msgpack_writer::big_integer(const integer& n) {
  if (const auto small = n.to_int64()) return signed_integer(*small);
  if (const auto large = n.to_uint64()) return unsigned_integer(*large);
  if (ready("int")) extension(integer_code, n.to_string());
}

void msgpack_writer::complex(std::complex<double> z) {
  char data[16];
  store_little(data, std::bit_cast<std::uint64_t>(z.real()));
  store_little(data + 8, std::bit_cast<std::uint64_t>(z.imag()));
  if (ready("complex")) extension(complex_code, {data, sizeof data});
}

void msgpack_writer::at(const datetime& when) {
  if (when.time.offset_seconds) {
    fail(wire_class::serialize_error, "msgpack cannot serialize datetime with timezone info");
    return;
  }
  char data[8];
  store_little(data, std::bit_cast<std::uint64_t>(to_timestamp(when)));
  if (ready("datetime.datetime")) extension(datetime_code, {data, sizeof data});
}

void msgpack_writer::at(const date& day) {
  char data[8];
  store_little(data, static_cast<std::uint64_t>(to_ordinal(day)));
  if (ready("datetime.date")) extension(date_code, {data, sizeof data});
}

void msgpack_writer::refuse_text(std::string_view text, const utf8_fault& fault) {
  std::size_t position = 0;  // counted in characters
  for (const char c : text.substr(0, fault.offset)) position += (c & 0xc0) != 0x80;
  fail(wire_class::unicode_encode_error, utf8_encode_fault_text(text, fault, position));
}

std::unique_ptr<writer> make_msgpack_writer() { return std::make_unique<msgpack_writer>(); }

}  // namespace engine
