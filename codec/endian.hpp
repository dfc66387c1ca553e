// Integers in the byte order of the wire, at any address.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>

namespace engine {

template <std::unsigned_integral T> T load_big(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  return value;
}

template <std::unsigned_integral T> T load_little(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) value = std::byteswap(value);
  return value;
}

template <std::unsigned_integral T> void store_big(void* to, T value) {
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace engine
