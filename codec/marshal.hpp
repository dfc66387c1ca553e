// Python's marshal as Pyro uses it (WIRE §19): plain data only. Versions 0 to 4 are read, references included; what is written
// is version 4 without references, which every Python from 3.4 on reads.
// Unlike CPython's reader ours takes no code objects, Ellipsis, StopIteration, containers that hold themselves, and no dict
// that ends between a key and its item.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include <codec/reader.hpp>
#include <codec/writer.hpp>

namespace engine {

std::unique_ptr<reader> make_marshal_reader();
std::unique_ptr<writer> make_marshal_writer();

namespace detail::marshal_format {

inline constexpr unsigned char remembered = 0x80;  ///< set in a type byte: the object takes the next number for references
inline constexpr std::size_t size_most = 0x7fffffff;
inline constexpr unsigned digit_bits = 15;         ///< of one digit of an integer; it takes two bytes

template <std::unsigned_integral Word> Word load(const void* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big && sizeof(Word) > 1) word = std::byteswap(word);
  return word;
}
template <std::unsigned_integral Word> void store(void* to, Word word) {
  if constexpr (std::endian::native == std::endian::big && sizeof(Word) > 1) word = std::byteswap(word);
  std::memcpy(to, &word, sizeof word);
}

}  // namespace detail::marshal_format
}  // namespace engine
