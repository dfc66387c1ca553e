// The arguments of most small calls, and most batches of them, read without a reader: a msgpack array of texts, numbers and truth values in their
// short forms, and no keywords behind it. Whatever is not so is not wrong: the reader reads it from the beginning, and it alone knows errors.
#pragma once

#include <array>
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

namespace engine::detail::msgpack_format {

/// How many bytes the scalars take whose size and value need no look behind the tag, 0 for all else.
constexpr std::array<std::uint8_t, 256> make_sizes() {
  std::array<std::uint8_t, 256> sizes{};
  for (std::size_t tag = 0; tag < 256; ++tag)
    if (tag < 0x80 || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3) sizes[tag] = 1;
  sizes[0xcc] = sizes[0xd0] = 2;
  sizes[0xcd] = sizes[0xd1] = 3;
  sizes[0xca] = sizes[0xce] = sizes[0xd2] = 5;
  sizes[0xcb] = sizes[0xcf] = sizes[0xd3] = 9;
  return sizes;
}
inline constexpr std::array<std::uint8_t, 256> sizes = make_sizes();

}  // namespace engine::detail::msgpack_format

namespace engine::detail {

/// What plain_msgpack can take.
template <class T> concept plain_value =
    plain_integer<T> || std::same_as<T, bool> || std::same_as<T, double> || std::same_as<T, std::string> || std::same_as<T, std::string_view>;

class plain_msgpack {
 public:
  /// `bytes` stay while views taken from them are used. `of_batch`: they are the entries of a batch, one call behind the other.
  explicit plain_msgpack(std::span<const std::byte> bytes, bool of_batch = false)
      : at_(reinterpret_cast<const unsigned char*>(bytes.data())), end_(at_ + bytes.size()), of_batch_(of_batch) {}

  // Each takes one thing and says whether it was there, in this form. After a no nothing more must be taken.
  bool array(std::size_t count) { return count < 16 && is(static_cast<unsigned char>(0x90 | count)); }
  /// No keywords, and unless another entry may follow, the end of the bytes.
  bool end_of_call() { return is(no_keywords) && (of_batch_ || left() == 0); }
  /// How many entries a batch has.
  bool entries(std::size_t& count) {
    if (left() == 0) return false;
    if ((*at_ & 0xf0) == 0x90) return count = *at_++ & 0x0f, true;
    return *at_ == 0xdc ? wide<std::uint16_t>(count) : *at_ == 0xdd && wide<std::uint32_t>(count);
  }
  /// The beginning of one.
  bool entry(std::string_view& method) { return is(entry_of_three) && take(method); }
  /// The same if it begins as the last one did whose method is given: most do.
  bool entry_again(std::string_view method) {
    const std::size_t size = method.size();
    if (size > 31 || left() < 2 + size || at_[0] != entry_of_three || at_[1] != (0xa0 | size)) return false;
    if (!same_text({reinterpret_cast<const char*>(at_ + 2), size}, method)) return false;
    at_ += 2 + size;
    return true;
  }
  /// The bytes that an entry begins with, up to its arguments.
  std::string_view opening_of(std::string_view method) const { return {method.data() - opening_head, opening_head + method.size()}; }
  /// The beginning of an entry if it is in those bytes.
  bool opens_with(std::string_view opening) {
    if (left() < opening.size() || !same_text({reinterpret_cast<const char*>(at_), opening.size()}, opening)) return false;
    at_ += opening.size();
    return true;
  }
  /// What follows has been passed before and was found to be sound: texts need not be looked through once more.
  void trust() { trusted_ = true; }
  /// That many bytes, which are there.
  void skip(std::size_t size) { at_ += size; }
  /// All arguments and the end of the call, whatever they are.
  bool pass_call() {
    if (left() == 0 || (*at_ & 0xf0) != 0x90) return false;
    for (unsigned n = *at_++ & 0x0fU; n > 0; --n)
      if (!pass()) return false;
    return end_of_call();
  }
  bool at_end() const { return left() == 0; }
  /// The end of a batch behind its last entry: keywords that are None, as Pyro writes them, or none.
  bool end_of_batch() { return left() == 1 && (*at_ == 0xc0 || *at_ == no_keywords); }

  bool none() { return is(0xc0); }
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
    return trusted_ || is_ascii(out);
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
  static constexpr unsigned char no_keywords = 0x80, entry_of_three = 0x93;
  static constexpr std::size_t opening_head = 2;  ///< an entry's tag and its method's
  /// One value of those that can be taken.
  bool pass() {
    if (left() == 0) return false;
    if (const std::size_t size = msgpack_format::sizes[*at_]; size > 0) return size <= left() && (at_ += size, true);
    std::string_view text;
    return take(text);
  }
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
  bool of_batch_, trusted_ = false;
};

}  // namespace engine::detail
