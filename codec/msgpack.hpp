// MessagePack as Pyro speaks it (WIRE §21): the standard format, four extension codes, tuples and sets as arrays. Our own
// reader, because the usual library spends memory on what a peer merely declares and nests without limit.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include <codec/endian.hpp>
#include <codec/reader.hpp>
#include <codec/writer.hpp>

namespace engine {

std::unique_ptr<reader> make_msgpack_reader();
std::unique_ptr<writer> make_msgpack_writer();

namespace detail::msgpack_format {

/// Extension codes of Pyro's serializer, the same for calls and results.
enum extension : std::int8_t { complex_code = 0x30, integer_code = 0x31, datetime_code = 0x32, date_code = 0x33 };

template <std::unsigned_integral Word> Word swapped_unless(std::endian order, Word word) {
  if (std::endian::native == order) return word;
  if constexpr (sizeof(Word) == 1) return word;
  else return std::byteswap(word);
}

// Extension data is in the sender's native order; every machine Pyro is met on today is little-endian.
inline std::uint64_t load_little(const void* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return swapped_unless(std::endian::little, word);
}
inline void store_little(void* to, std::uint64_t word) {
  word = swapped_unless(std::endian::little, word);
  std::memcpy(to, &word, sizeof word);
}

// In Python's words: data of an extension that is no integer, no day, no moment (msgpack_refusal.cpp).
decode_error integer_refusal(std::span<const std::byte> text);
decode_error date_refusal(std::int64_t ordinal);
decode_error datetime_refusal(double seconds);

}  // namespace detail::msgpack_format
}  // namespace engine
