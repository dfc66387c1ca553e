// Writes MessagePack as Python's msgpack does: the shortest integers, floats always in 64 bits, sets and tuples as arrays. What
// Python could not write, or its reader would refuse (map keys other than str and bytes), is refused here.
// In a header because typed code is compiled for it directly (codec/codec_of.hpp); the words that are seldom used are in the .cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <codec/endian.hpp>
#include <codec/output.hpp>
#include <codec/utf8.hpp>
#include <codec/writer.hpp>

namespace engine {

class msgpack_writer final : public writer {
 public:
  msgpack_writer() : writer(this) {}
  std::string_view format() const override { return "msgpack"; }
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
    if (ready("int")) write_some<std::int64_t>({&n, 1}, signed_at);
  }
  void unsigned_integer(std::uint64_t n) override {
    if (ready("int")) write_some<std::uint64_t>({&n, 1}, unsigned_at);
  }
  void real(double x) override {
    if (ready("float")) write_some<double>({&x, 1}, real_at);
  }

  void big_integer(const integer&) override;
  void complex(std::complex<double>) override;
  void at(const datetime&) override;
  void at(const date&) override;
  void at(const time_of_day&) override { refuse_class("datetime.time"); }
  void duration(double) override { refuse_class("datetime.timedelta"); }

  void string(std::string_view utf8) override {
    if (key_ready()) text(utf8);
  }
  void member(std::string_view name) override {
    place_ = place::item;
    if (!ok()) return;
    put_text(name);
  }

  void integers(std::span<const std::int64_t> list) override { numbers(list, signed_at); }
  void reals(std::span<const double> list) override { numbers(list, real_at); }
  void strings(std::span<const std::string> list) override {
    if (!ready("list")) return;
    head(kind::list, list.size());
    for (const std::string& one : list) {
      if (ok()) text(one);
    }
  }

  void bytes(std::span<const std::byte> data, bool borrow = false) override;
  void owned_bytes(std::span<const std::byte> data, const std::shared_ptr<const void>& owner) override;

  void begin(kind container, std::size_t count) override {
    if (container == kind::frozenset) return refuse_class("frozenset");
    if (place_ == place::key) [[unlikely]] return static_cast<void>(refuse_key(python_name(container)));
    if (!ready({})) return;
    outer_.push_back(place_);
    place_ = container == kind::dict ? place::key : place::plain;
    head(container, count);
  }
  void end() override {
    if (outer_.empty()) return;  // only after a failure
    place_ = outer_.back();
    outer_.pop_back();
  }

  void begin_growing() override;
  void end_growing(std::size_t count) override;

  void start_part(output& out) override { start(out); }
  void parts(std::string_view encoded, std::size_t) override {
    if (ok()) out_->append(encoded);
  }

  // A call or an entry of a batch by its bytes instead of words: what it begins with, made beforehand, then its arguments, and no keywords.
  void begin_with(std::string_view opening) { out_->append(opening); }
  void end_plainly() { put('\x80'); }

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
    if (place_ == place::key || !ok()) [[unlikely]] return refuse_key(name);
    place_ = place_ == place::item ? place::key : place::plain;
    return true;
  }
  bool key_ready() {
    if (place_ != place::plain) place_ = place_ == place::key ? place::item : place::key;
    return ok();
  }
  [[gnu::cold]] bool refuse_key(std::string_view name) {
    return fail(wire_class::value_error, std::string(name) + " is not allowed for map key when strict_map_key=True");
  }
  [[gnu::cold]] bool refuse_size(const char* what) { return fail(wire_class::value_error, std::string(what) + " is too large"); }
  bool sized(std::size_t size, const char* what) { return size <= UINT32_MAX || refuse_size(what); }

  // One number at a place that has room for it; returns the end.
  static constexpr std::size_t largest_number = 9;
  template <std::unsigned_integral Word, class Number> static char* put_at(char* to, unsigned char tag, Number n) {
    *to = static_cast<char>(tag);
    store_big(to + 1, static_cast<Word>(n));
    return to + 1 + sizeof(Word);
  }
  static char* unsigned_at(char* to, std::uint64_t n) {
    if (n < 128) return *to = static_cast<char>(n), to + 1;
    if (n <= UINT8_MAX) return put_at<std::uint8_t>(to, 0xcc, n);
    if (n <= UINT16_MAX) return put_at<std::uint16_t>(to, 0xcd, n);
    if (n <= UINT32_MAX) return put_at<std::uint32_t>(to, 0xce, n);
    return put_at<std::uint64_t>(to, 0xcf, n);
  }
  static char* signed_at(char* to, std::int64_t n) {
    if (n >= 0) return unsigned_at(to, static_cast<std::uint64_t>(n));
    if (n >= -32) return *to = static_cast<char>(n), to + 1;
    if (n >= INT8_MIN) return put_at<std::uint8_t>(to, 0xd0, n);
    if (n >= INT16_MIN) return put_at<std::uint16_t>(to, 0xd1, n);
    if (n >= INT32_MIN) return put_at<std::uint32_t>(to, 0xd2, n);
    return put_at<std::uint64_t>(to, 0xd3, n);
  }
  static char* real_at(char* to, double x) { return put_at<std::uint64_t>(to, 0xcb, std::bit_cast<std::uint64_t>(x)); }

  /// A few numbers, with a byte before them when `head` says so: room is asked for once.
  template <class Number, class Put> void write_some(std::span<const Number> few, Put put_number, int head = -1) {
    char* const start = out_->room(1 + few.size() * largest_number);
    char* to = start;
    if (head >= 0) *to++ = static_cast<char>(head);
    for (const Number n : few) to = put_number(to, n);
    out_->advance(static_cast<std::size_t>(to - start));
  }
  template <class Number, class Put> void numbers(std::span<const Number> list, Put put_number) {
    if (!ready("list")) return;
    if (list.size() < 16) return write_some(list, put_number, static_cast<int>(0x90 + list.size()));
    head(kind::list, list.size());
    for (constexpr std::size_t some = 64; !list.empty(); list = list.subspan(std::min(some, list.size())))
      write_some(list.first(std::min(some, list.size())), put_number);
  }

  void put(char c) { out_->append(c); }
  template <std::unsigned_integral Word, class Number> void put(unsigned char tag, Number n) {
    put_at<Word>(out_->room(1 + sizeof(Word)), tag, n);
    out_->advance(1 + sizeof(Word));
  }

  void text(std::string_view utf8) {
    if (!is_ascii(utf8)) {
      if (const auto fault = find_utf8_fault(utf8)) return refuse_text(utf8, *fault);
    }
    put_text(utf8);
  }
  [[gnu::always_inline]] void put_text(std::string_view text) {  // so that the size of a member's name is known
    if (text.size() < 32) {
      out_->append_text(static_cast<char>(0xa0 + text.size()), text);
    } else {
      string_head(text.size());
      if (ok()) out_->append(text);
    }
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
    if (size <= UINT8_MAX) put<std::uint8_t>(0xd9, size);
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
  [[gnu::cold]] void refuse_class(std::string_view name) {
    fail(wire_class::serialize_error, "don't know how to serialize class <class '" + std::string(name) +
                                          "'> using serializer MsgpackSerializer. Give it vars() or an appropriate __getstate__");
  }
  [[gnu::cold]] void refuse_text(std::string_view text, const utf8_fault& fault);

  output* out_ = nullptr;
  std::size_t growing_at_ = 0;  ///< where the size of the growing list is to be
  place place_ = place::plain;
  std::vector<place> outer_;  ///< places in the containers around
};

}  // namespace engine
