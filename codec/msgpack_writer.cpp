// Writes MessagePack as Python's msgpack does: the shortest integers, floats always in 64 bits, sets and tuples as arrays. What
// Python could not write, or its reader would refuse (map keys other than str and bytes), is refused here.
#include <vector>

#include <codec/convert.hpp>
#include <codec/msgpack.hpp>
#include <codec/utf8.hpp>

namespace engine {

namespace {

using namespace detail::msgpack_format;

class msgpack_writer final : public writer {
 public:
  void start(output& out) override {
    clear_error();
    out_ = &out;
    place_ = place::plain;
    outer_.clear();
  }

  void none() override {
    if (ready("NoneType")) put('\xc0');
  }
  void boolean(bool b) override {
    if (ready("bool")) put(b ? '\xc3' : '\xc2');
  }
  void signed_integer(std::int64_t n) override {
    if (n >= 0) return unsigned_integer(static_cast<std::uint64_t>(n));
    if (!ready("int")) return;
    if (n >= -32) put(static_cast<char>(n));
    else if (n >= INT8_MIN) put<std::uint8_t>(0xd0, n);
    else if (n >= INT16_MIN) put<std::uint16_t>(0xd1, n);
    else if (n >= INT32_MIN) put<std::uint32_t>(0xd2, n);
    else put<std::uint64_t>(0xd3, n);
  }
  void unsigned_integer(std::uint64_t n) override {
    if (!ready("int")) return;
    if (n < 128) put(static_cast<char>(n));
    else if (n <= UINT8_MAX) put<std::uint8_t>(0xcc, n);
    else if (n <= UINT16_MAX) put<std::uint16_t>(0xcd, n);
    else if (n <= UINT32_MAX) put<std::uint32_t>(0xce, n);
    else put<std::uint64_t>(0xcf, n);
  }
  void real(double x) override {
    if (ready("float")) put<std::uint64_t>(0xcb, std::bit_cast<std::uint64_t>(x));
  }

  void big_integer(const integer&) override;
  void complex(std::complex<double>) override;
  void at(const datetime&) override;
  void at(const date&) override;
  void at(const time_of_day&) override { refuse_class("datetime.time"); }
  void duration(double) override { refuse_class("datetime.timedelta"); }

  void string(std::string_view utf8) override {
    if (!key_ready()) return;
    if (const auto fault = find_utf8_fault(utf8)) return refuse_text(utf8, *fault);
    string_head(utf8.size());
    if (ok() && !utf8.empty()) out_->append(utf8);
  }

  void bytes(std::span<const std::byte> data, bool borrow) override {
    if (!key_ready() || !bytes_head(data.size())) return;
    if (borrow && data.size() >= borrow_threshold) out_->borrow(data);
    else if (!data.empty()) out_->append(data.data(), data.size());
  }
  void owned_bytes(std::span<const std::byte> data, const std::shared_ptr<const void>& owner) override {
    if (data.size() < borrow_threshold) return bytes(data, false);
    if (key_ready() && bytes_head(data.size())) out_->borrow(data, owner);
  }

  void begin(kind container, std::size_t count) override {
    if (container == kind::frozenset) return refuse_class("frozenset");
    if (!ready(python_name(container))) return;
    outer_.push_back(place_);
    place_ = container == kind::dict ? place::key : place::plain;
    head(container, count);
  }
  void end() override {
    if (outer_.empty()) return;  // only after a failure
    place_ = outer_.back();
    outer_.pop_back();
  }

  void begin_call(std::string_view object, std::string_view method, std::size_t arguments) override {
    put('\x94');
    string(object);
    string(method);
    head(kind::list, arguments);
  }
  void begin_keywords(std::size_t count) override {
    head(kind::dict, count);
    place_ = place::key;
  }
  void no_keywords() override { none(); }
  void end_call() override { place_ = place::plain; }

 private:
  /// Where the next value goes. Only in dicts does it matter.
  enum class place : std::uint8_t { plain, key, item };

  /// Before a value that may not be a key.
  bool ready(std::string_view name) {
    if (place_ == place::plain || !ok()) return ok();
    if (place_ == place::key)
      return fail(wire_class::value_error, std::string(name) + " is not allowed for map key when strict_map_key=True");
    place_ = place::key;
    return true;
  }
  bool key_ready() {
    if (place_ != place::plain) place_ = place_ == place::key ? place::item : place::key;
    return ok();
  }

  void put(char c) { out_->append(c); }
  template <std::unsigned_integral Word, class Number> void put(unsigned char tag, Number n) {
    char* to = out_->room(1 + sizeof(Word));
    *to = static_cast<char>(tag);
    store_big(to + 1, static_cast<Word>(n));
    out_->advance(1 + sizeof(Word));
  }

  bool sized(std::size_t size, const char* what) {
    return size <= UINT32_MAX ? true : fail(wire_class::value_error, std::string(what) + " is too large");
  }

  void head(kind container, std::size_t count) {
    const bool dict = container == kind::dict;
    if (!ok() || !sized(count, dict ? "dict" : "list")) return;
    if (count < 16) put(static_cast<char>((dict ? 0x80 : 0x90) + count));
    else if (count <= UINT16_MAX) put<std::uint16_t>(dict ? 0xde : 0xdc, count);
    else put<std::uint32_t>(dict ? 0xdf : 0xdd, count);
  }

  void string_head(std::size_t size) {
    if (!sized(size, "str")) return;
    if (size < 32) put(static_cast<char>(0xa0 + size));
    else if (size <= UINT8_MAX) put<std::uint8_t>(0xd9, size);
    else if (size <= UINT16_MAX) put<std::uint16_t>(0xda, size);
    else put<std::uint32_t>(0xdb, size);
  }

  bool bytes_head(std::size_t size) {
    if (!sized(size, "bytes")) return false;
    if (size <= UINT8_MAX) put<std::uint8_t>(0xc4, size);
    else if (size <= UINT16_MAX) put<std::uint16_t>(0xc5, size);
    else put<std::uint32_t>(0xc6, size);
    return true;
  }

  void extension(std::int8_t code, std::string_view data);
  void refuse_class(std::string_view name) {
    fail(wire_class::serialize_error, "don't know how to serialize class <class '" + std::string(name) +
                                          "'> using serializer MsgpackSerializer. Give it vars() or an appropriate __getstate__");
  }
  void refuse_text(std::string_view text, const utf8_fault& fault);

  output* out_ = nullptr;
  place place_ = place::plain;
  std::vector<place> outer_;  ///< places in the containers around
};

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

/// A lone surrogate in Python's words; what is no text at all cannot come from Python and gets our own.
void msgpack_writer::refuse_text(std::string_view text, const utf8_fault& fault) {
  const auto byte = [&](std::size_t i) {
    return fault.offset + i < text.size() ? static_cast<unsigned char>(text[fault.offset + i]) : 0u;
  };
  const bool surrogate = byte(0) == 0xed && byte(1) >= 0xa0 && byte(1) < 0xc0 && byte(2) >= 0x80 && byte(2) < 0xc0;
  if (!surrogate) {
    fail(wire_class::unicode_encode_error, "text is not UTF-8: " + std::string(fault.reason) + " at byte " + std::to_string(fault.offset));
    return;
  }
  std::size_t position = 0;  // counted in characters
  for (const char c : text.substr(0, fault.offset)) position += (c & 0xc0) != 0x80;
  const char* hex = "0123456789abcdef";
  const unsigned low = (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
  const char code[] = {'d', hex[low >> 8], hex[low >> 4 & 15], hex[low & 15]};
  fail(wire_class::unicode_encode_error, "'utf-8' codec can't encode character '\\u" + std::string(code, 4) + "' in position " +
                                             std::to_string(position) + ": surrogates not allowed");
}

}  // namespace

std::unique_ptr<writer> make_msgpack_writer() { return std::make_unique<msgpack_writer>(); }

}  // namespace engine
