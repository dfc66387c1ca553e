// Reads MessagePack in place. Of each open container only the number of values still owed is kept; no container may declare more
// values than there are bytes left, so nothing is ever reserved for a lie. Faults are worded as Python's msgpack words them.
#pragma once

#include <array>
#include <cassert>
#include <vector>

#include <codec/msgpack.hpp>
#include <codec/plain_msgpack.hpp>
#include <codec/reader_words.hpp>
#include <codec/utf8.hpp>

namespace engine::detail::msgpack_format {

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
inline constexpr std::array<kind, 256> kinds = make_kinds();

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

  bool start_behind(std::span<const std::byte> payload, const mark& behind) override {
    start(payload, {});
    outer_.push_back(0);
    rewind(behind);
    return true;
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
    if ((*at_ & 0xe0) == 0xa0) [[likely]] {
      out = {reinterpret_cast<const char*>(at_ + 1), size};
      if (size < left() && size <= detail::short_most && detail::is_short_ascii(out.data(), size)) [[likely]]
        return took(1 + size);
    } else {
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
  bool skip_entry() override;
  ENGINE_READER_WORDS

  mark here() const override { return {offset(), static_cast<std::uint32_t>(outer_.size()), values_ << 32 | owed_}; }
  void rewind(const mark& m) override {
    assert(m.depth <= outer_.size());
    at_ = begin_ + m.offset;
    if (outer_.size() > m.depth) outer_.resize(m.depth);
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

 protected:
  bool open_entry(std::string_view& method) override;
  bool plain_end(bool of_entry) override {
    constexpr unsigned char no_keywords = 0x80;
    if (!ok() || owed_ != 0 || at_ == end_ || *at_ != no_keywords || outer_.size() < 2 || outer_.back() != 1) return false;
    if (!of_entry && (end_ - at_ > 1 || outer_.size() > 2)) return false;
    ++at_;
    outer_.pop_back();  // the arguments
    owed_ = outer_.back();
    outer_.pop_back();  // the call or entry, whose last value this was
    return true;
  }

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
  bool skip_one();

  const unsigned char* begin_ = nullptr;
  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  std::uint64_t owed_ = 0;           ///< values the innermost open container still owes (keys count); at the top 1, then 0
  std::uint64_t values_ = 0;         ///< declared in this payload
  std::vector<std::uint64_t> outer_; ///< what the containers around it owe
  decode_limits limits_;
};

}  // namespace engine::detail::msgpack_format
