// The customisation point of typed conversion: one specialisation of codec_of per C++ type, written against reader and
// writer, so each type is compiled once and every serializer knows it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <codec/msgpack_writer.hpp>
#include <codec/reader.hpp>
#include <codec/reader_words.hpp>
#include <codec/writer.hpp>

namespace engine {

/// Python's bytes. Only vectors and spans of std::byte are bytes; a vector of std::uint8_t is a list of ints.
using bytes = std::vector<std::byte>;

/// Specialise for your own types (or use ENGINE_SHAPE, codec/shape.hpp):
///   static bool decode(reader&, T& out);         consumes one value; false after reader.fail(…)
///   static void encode(writer&, const T& value); writes exactly one value (a template over the writer is compiled for msgpack too)
///   static constexpr fit fits(kind);             optional, which values a std::variant should try this type for
template <class T> struct codec_of;

/// How well a type takes a value of some kind.
enum class fit : std::uint8_t { no, convertible, exact };

template <class T> concept decodable = requires(reader& in, T& out) {
  { codec_of<T>::decode(in, out) } -> std::same_as<bool>;
};
template <class T> concept encodable = requires(writer& out, const T& value) { codec_of<T>::encode(out, value); };

/// Consumes one value into `value`. False when it does not fit or the bytes are wrong; in.error() says why, and `value` then
/// holds whatever was read so far. Views (std::string_view, std::span) point into the payload or the reader's scratch and
/// live until its next start().
template <class T> [[nodiscard]] bool decode(reader& in, T& value) {
  static_assert(decodable<T>, "this type cannot be received: describe it with ENGINE_SHAPE(type, members...) or specialise engine::codec_of");
  return codec_of<T>::decode(in, value);
}

/// Writes one value. Errors are the writer's, sticky.
/// Typed code is compiled once for all formats, and once more for msgpack, which our own programs speak among themselves: without a
/// virtual word per value it writes structs twice as fast (docs/decisions/0005-msgpack-is-written-directly.md).
template <class Writer, class T> void encode(Writer& out, const T& value) {
  static_assert(encodable<T>, "this type cannot be sent: describe it with ENGINE_SHAPE(type, members...) or specialise engine::codec_of");
  if constexpr (std::same_as<Writer, writer> && std::is_class_v<T>) {
    if (msgpack_writer* const direct = out.as_msgpack()) return codec_of<T>::encode(*direct, value);
  }
  codec_of<T>::encode(out, value);
}

template <class T> constexpr fit fit_of(kind k) {
  if constexpr (requires { codec_of<T>::fits(k); }) return codec_of<T>::fits(k);
  return fit::convertible;
}

namespace detail {

/// The integers proper: bool and the character types are not numbers to us.
template <class T> concept plain_integer =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

constexpr fit exact_if(bool same) { return same ? fit::exact : fit::no; }

bool fail_range(reader&, const std::string& number, bool is_signed, std::size_t size);
bool fail_length(reader&, std::size_t expected, std::size_t actual, bool at_least);
bool fail_fit(reader&, std::string_view expected, kind actual);

}  // namespace detail
}  // namespace engine
