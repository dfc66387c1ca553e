// The arguments of most small calls, read without a reader: a msgpack array of texts, numbers and truth values in their short forms, and no
// keywords behind it. Whatever is not so is not wrong: the reader reads it from the beginning, and it alone knows errors.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <codec/codec_of.hpp>
#include <codec/short_text.hpp>
#include <codec/utf8.hpp>

namespace engine::detail {

/// What plain_msgpack can take.
template <class T> concept plain_value =
    plain_integer<T> || std::same_as<T, bool> || std::same_as<T, double> || std::same_as<T, std::string> || std::same_as<T, std::string_view>;

class plain_msgpack {
 public:
  /// `bytes` stay while views taken from them are used.
  explicit plain_msgpack(std::span<const std::byte> bytes)
      : at_(reinterpret_cast<const unsigned char*>(bytes.data())), end_(at_ + bytes.size()) {}

  // Each takes one thing and says whether it was there, in this form. After a no nothing more must be taken.
  bool array(std::size_t count) { return count < 16 && is(static_cast<unsigned char>(0x90 | count)); }
  /// No keywords, and the end of the bytes.
  bool end_of_call() { return left() == 1 && *at_ == 0x80; }

  bool take(bool& out) {
    if (left() == 0 || (*at_ & 0xfe) != 0xc2) return false;
    out = *at_++ == 0xc3;
    return true;
  }
  bool take(double& out) {
    std::uint64_t bits = 0;
    if (left() < 9 || *at_ != 0xcb) return false;
    fixed(bits);
    out = std::bit_cast<double>(bits);
    return true;
  }
  bool take(std::string_view& out) {
    if (left() == 0 || (*at_ & 0xe0) != 0xa0) return false;
    const std::size_t size = *at_ & 0x1f;
    if (left() <= size) return false;
    out = {reinterpret_cast<const char*>(at_ + 1), size};
    at_ += 1 + size;
    return is_ascii(out);
  }
  bool take(std::string& out) {
    std::string_view text;
    if (!take(text)) return false;
    assign(out, text);
    return true;
  }
  template <plain_integer T> bool take(T& out) {
    if (left() == 0) return false;
    switch (const unsigned char tag = *at_) {
      case 0xcc: return wide<std::uint8_t>(out);
      case 0xcd: return wide<std::uint16_t>(out);
      case 0xce: return wide<std::uint32_t>(out);
      case 0xcf: return wide<std::uint64_t>(out);
      case 0xd0: return wide<std::int8_t>(out);
      case 0xd1: return wide<std::int16_t>(out);
      case 0xd2: return wide<std::int32_t>(out);
      case 0xd3: return wide<std::int64_t>(out);
      default:
        if (tag >= 0x80 && tag < 0xe0) return false;
        ++at_;
        return fits(static_cast<std::int8_t>(tag), out);
    }
  }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool is(unsigned char tag) { return left() > 0 && *at_++ == tag; }
  template <class Number, class T> static bool fits(Number n, T& out) {
    if (!std::in_range<T>(n)) return false;
    out = static_cast<T>(n);
    return true;
  }
  /// The tag and what is behind it, which is there.
  template <class Number> void fixed(Number& out) {
    std::memcpy(&out, at_ + 1, sizeof out);
    if constexpr (std::endian::native == std::endian::little) out = std::byteswap(out);
    at_ += 1 + sizeof out;
  }
  template <class Number, class T> bool wide(T& out) {
    if (left() <= sizeof(Number)) return false;
    Number n;
    fixed(n);
    return fits(n, out);
  }

  const unsigned char* at_;
  const unsigned char* end_;
};

}  // namespace engine::detail
