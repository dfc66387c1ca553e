// Reads MessagePack in place. Of each open container only the number of values still owed is kept; no container may declare more
// values than there are bytes left, so nothing is ever reserved for a lie. Faults are worded as Python's msgpack words them.
#include <array>
#include <cassert>
#include <cmath>
#include <vector>

#include <codec/msgpack.hpp>
#include <codec/reader_words.hpp>
#include <codec/utf8.hpp>

namespace engine {

namespace {

using namespace detail::msgpack_format;

constexpr std::array<kind, 256> make_kinds() {
  std::array<kind, 256> kinds{};  // kind::error: 0xc1, and the extensions, which are looked into
  const auto fill = [&](std::size_t from, std::size_t to, kind k) {
    for (std::size_t i = from; i <= to; ++i) kinds[i] = k;
  };
  fill(0x00, 0x7f, kind::integer);
  fill(0x80, 0x8f, kind::dict);
  fill(0x90, 0x9f, kind::list);
  fill(0xa0, 0xbf, kind::string);
  fill(0xc0, 0xc0, kind::none);
  fill(0xc2, 0xc3, kind::boolean);
  fill(0xc4, 0xc6, kind::bytes);
  fill(0xca, 0xcb, kind::real);
  fill(0xcc, 0xd3, kind::integer);
  fill(0xd9, 0xdb, kind::string);
  fill(0xdc, 0xdd, kind::list);
  fill(0xde, 0xdf, kind::dict);
  fill(0xe0, 0xff, kind::integer);
  return kinds;
}
constexpr std::array<kind, 256> kinds = make_kinds();

class msgpack_reader final : public reader {
 public:
  void start(std::span<const std::byte> payload, const decode_limits& limits) override {
    clear_error();
    begin_ = at_ = reinterpret_cast<const unsigned char*>(payload.data());
    end_ = begin_ + payload.size();
    limits_ = limits;
    owed_ = 1;
    values_ = 1;
    outer_.clear();
  }

  kind peek() override {
    if (!ok() || owed_ == 0) return kind::error;
    if (at_ == end_) return truncated(), kind::error;
    if (*at_ == 0xcf) return end_ - at_ > 1 && at_[1] >= 0x80 ? kind::big_integer : kind::integer;
    const kind k = kinds[*at_];
    return k != kind::error ? k : peek_extension();
  }

  bool read_none() override { return ready() && *at_ == 0xc0 ? took(1) : refuse("NoneType"); }

  bool read_boolean(bool& out) override {
    if (!ready() || (*at_ != 0xc2 && *at_ != 0xc3)) return refuse("bool");
    out = *at_ == 0xc3;
    return took(1);
  }

  bool read_integer(std::int64_t& out) override {
    if (!ready()) return refuse("int");
    switch (const unsigned char tag = *at_; tag) {
      case 0xcc: return read_fixed<std::uint8_t>(out);
      case 0xcd: return read_fixed<std::uint16_t>(out);
      case 0xce: return read_fixed<std::uint32_t>(out);
      case 0xd0: return read_fixed<std::uint8_t, std::int8_t>(out);
      case 0xd1: return read_fixed<std::uint16_t, std::int16_t>(out);
      case 0xd2: return read_fixed<std::uint32_t, std::int32_t>(out);
      case 0xd3: return read_fixed<std::uint64_t, std::int64_t>(out);
      default:
        if (tag >= 0x80 && tag < 0xe0) return read_wide_integer(out);
        out = static_cast<std::int8_t>(tag);
        return took(1);
    }
  }

  bool read_big_integer(integer& out) override;
  bool read_real(double& out) override;
  bool read_complex(std::complex<double>& out) override;
  bool read_datetime(datetime& out) override;
  bool read_date(date& out) override;

  bool read_string(std::string_view& out) override {
    if (!ready()) return refuse("str");
    std::size_t head = 1, size = *at_ & 0x1f;
    if ((*at_ & 0xe0) != 0xa0) {
      if (*at_ < 0xd9 || *at_ > 0xdb) return refuse("str");
      head = std::size_t(1) << (*at_ - 0xd9);
      if (!length(head, size)) return false;
      ++head;
    }
    if (left() - head < size) return truncated();
    out = {reinterpret_cast<const char*>(at_ + head), size};
    if (!is_ascii(out)) {
      if (const auto fault = find_utf8_fault(out)) return fail(wire_class::unicode_decode_error, utf8_fault_text(out, *fault));
    }
    return took(head + size);
  }

  bool read_bytes(std::span<const std::byte>& out) override {
    if (!ready() || *at_ < 0xc4 || *at_ > 0xc6) return refuse("bytes");
    std::size_t head = std::size_t(1) << (*at_ - 0xc4), size = 0;
    if (!length(head, size)) return false;
    ++head;
    if (left() - head < size) return truncated();
    out = {reinterpret_cast<const std::byte*>(at_ + head), size};
    return took(head + size);
  }

  bool enter_sequence(std::size_t& hint) override {
    if (!ready()) return refuse("list");
    if ((*at_ & 0xf0) == 0x90) return open(0, hint = *at_ & 15, 1);
    if (*at_ != 0xdc && *at_ != 0xdd) return refuse("list");
    const std::size_t wide = *at_ == 0xdc ? 2 : 4;
    return length(wide, hint) && open(wide, hint, 1);
  }

  bool enter_dict(std::size_t& hint) override {
    if (!ready()) return refuse("dict");
    if ((*at_ & 0xf0) == 0x80) return open(0, hint = *at_ & 15, 2);
    if (*at_ != 0xde && *at_ != 0xdf) return refuse("dict");
    const std::size_t wide = *at_ == 0xde ? 2 : 4;
    return length(wide, hint) && open(wide, hint, 2);
  }

  bool more() override {
    if (!ok()) return false;
    if (owed_ != 0) return true;
    if (!outer_.empty()) close();
    return false;
  }

  bool skip() override;
  ENGINE_READER_WORDS

  mark here() const override { return {offset(), static_cast<std::uint32_t>(outer_.size()), values_ << 32 | owed_}; }
  void rewind(const mark& m) override {
    assert(m.depth <= outer_.size());
    at_ = begin_ + m.offset;
    outer_.resize(m.depth);
    owed_ = m.state & 0xffffffff;
    values_ = m.state >> 32;
  }

  bool begin_call(std::string_view& object, std::string_view& method) override;
  bool begin_keywords() override { return ok() && owed_ == 1 ? true : fail(wire_class::value_error, "arguments left over"); }
  bool end_call() override {
    if (more()) return fail(wire_class::value_error, "values left over after the call");
    return finish();
  }
  bool finish() override {
    if (!ok()) return false;
    return at_ == end_ ? true : fail(wire_class::value_error, "unpack(b) received extra data.");
  }

  std::size_t offset() const override { return static_cast<std::size_t>(at_ - begin_); }

 private:
  struct extension_view { std::int8_t code; const unsigned char* data; std::size_t size; };

  bool ready() const { return ok() && owed_ != 0 && at_ != end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool took(std::size_t n) {
    at_ += n;
    --owed_;
    return true;
  }
  bool truncated() { return fail(wire_class::value_error, "Unpack failed: incomplete input"); }

  /// Names what was expected and what is there, unless something else is wrong already.
  bool refuse(std::string_view expected) {
    const kind k = peek();
    if (!ok()) return false;
    return fail(wire_class::type_error, "expected " + std::string(expected) + ", not " + std::string(python_name(k)));
  }

  template <class Word, class Number = Word> bool read_fixed(std::int64_t& out) {
    if (left() < 1 + sizeof(Word)) return truncated();
    out = static_cast<std::int64_t>(static_cast<Number>(load_big<Word>(at_ + 1)));
    return took(1 + sizeof(Word));
  }

  /// A length of 1, 2 or 4 bytes behind the tag; both are then known to be there.
  bool length(std::size_t wide, std::size_t& out) {
    if (left() < 1 + wide) return truncated();
    out = wide == 1 ? at_[1] : wide == 2 ? load_big<std::uint16_t>(at_ + 1) : load_big<std::uint32_t>(at_ + 1);
    return true;
  }

  bool open(std::size_t wide, std::size_t count, std::size_t values_each) {
    const std::uint64_t values = std::uint64_t(count) * values_each;
    if (values > left() - 1 - wide) return too_many(count, values_each);
    if (outer_.size() >= limits_.depth) return fail(wire_class::value_error, "containers nested too deeply");
    values_ += values;
    if (values_ > limits_.elements || values_ > 0xffffffff) return fail(wire_class::value_error, "too many values in one message");
    took(1 + wide);
    outer_.push_back(owed_);
    owed_ = values;
    return true;
  }

  bool too_many(std::size_t count, std::size_t values_each) {
    const std::size_t most = static_cast<std::size_t>(end_ - begin_) / values_each;
    if (count <= most) return truncated();
    return fail(wire_class::value_error, std::to_string(count) + " exceeds max_" + (values_each == 1 ? "array" : "map") + "_len(" +
                                             std::to_string(most) + ")");
  }

  void close() {
    owed_ = outer_.back();
    outer_.pop_back();
  }

  bool extension(extension_view& out);
  kind peek_extension();
  bool read_wide_integer(std::int64_t& out);
  bool extension_integer(const extension_view&, integer& out);
  /// The data of the extension here if it has that code and a size; consumes it.
  const unsigned char* take_extension(std::int8_t code, std::size_t size, std::string_view name);
  bool skip_scalar(kind k);

  const unsigned char* begin_ = nullptr;
  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  std::uint64_t owed_ = 0;           ///< values the innermost open container still owes (keys count); at the top 1, then 0
  std::uint64_t values_ = 0;         ///< declared in this payload
  std::vector<std::uint64_t> outer_; ///< what the containers around it owe
  decode_limits limits_;
};

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

bool msgpack_reader::skip() {
  const std::size_t depth = outer_.size();
  do {
    const kind k = peek();
    std::size_t hint = 0;
    const bool good = k == kind::list ? enter_sequence(hint) : k == kind::dict ? enter_dict(hint) : skip_scalar(k);
    if (!good) return false;
    while (outer_.size() > depth && owed_ == 0) close();
  } while (outer_.size() > depth);
  return true;
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

}  // namespace

std::unique_ptr<reader> make_msgpack_reader() { return std::make_unique<msgpack_reader>(); }

}  // namespace engine
