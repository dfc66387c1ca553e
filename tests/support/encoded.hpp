// Short ways for codec tests: a value to bytes, bytes to a value, and hex in the sources.
#pragma once

#include <concepts>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <codec/convert.hpp>
#include <codec/serializer.hpp>
#include <codec/value.hpp>

namespace engine::test {

/// All bytes of an output in one piece, borrowed blocks included.
std::string flat(const output&);

/// "82 a1 61 01" or "82a16101" to bytes.
bytes from_hex(std::string_view hex);
std::string to_hex(std::string_view data);

std::span<const std::byte> as_bytes(std::string_view text);

template <class T> std::expected<std::string, decode_error> encoded(const serializer& format, const T& v) {
  output out;
  const auto to = format.make_writer();
  to->start(out);
  encode(*to, v);
  if (!to->ok()) return std::unexpected(to->error());
  return flat(out);
}

/// Reads one value and requires that nothing follows. The payload must outlive views in the result.
template <class T> std::expected<T, decode_error> decoded(const serializer& format, std::span<const std::byte> payload,
                                                          const decode_limits& limits = {}) {
  const auto in = format.make_reader();
  in->start(payload, limits);
  T out{};
  if (!decode(*in, out) || !in->finish()) return std::unexpected(in->error());
  return out;
}

}  // namespace engine::test
