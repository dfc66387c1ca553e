// Typed conversion between C++ and the wire: decode(reader, value) and encode(writer, value) for the standard types, and the
// forms of encode that may hand over large bytes instead of copying them.
// Sent as → taken from: numbers → numbers in range; std::string → str; bytes and spans of std::byte → bytes; vectors, deques,
// lists, arrays → list; tuples, pairs → tuple; sets → set; maps → dict; optional, monostate → None; system_clock time points
// → naive local datetime; year_month_day → date; durations → seconds; enums → their number.
#pragma once

#include <memory>
#include <utility>

#include <codec/convert_containers.hpp>
#include <codec/convert_scalars.hpp>
#include <codec/sent_as.hpp>

namespace engine {

/// As encode(), for values that stay alive and unchanged until the output has been sent: top-level bytes are referred to.
template <class T> void encode_borrowed(writer& out, const T& value) {
  if constexpr (std::same_as<T, bytes> || std::same_as<T, std::span<const std::byte>> || std::same_as<T, std::span<std::byte>>)
    out.bytes(value, true);
  else
    encode(out, value);
}

/// As encode(), for a value nobody else needs any more: large bytes move into the output's keeping.
template <class T> requires(!std::is_lvalue_reference_v<T>) void encode_result(writer& out, T&& value) {
  if constexpr (std::same_as<std::remove_cv_t<T>, bytes>) {
    if (value.size() >= borrow_threshold) {
      const auto owner = std::make_shared<const bytes>(std::move(value));
      return out.owned_bytes(*owner, owner);
    }
  }
  encode(out, value);
}
/// A result that is a reference may change before it is sent, so it is copied.
template <class T> void encode_result(writer& out, const T& value) { encode(out, value); }

}  // namespace engine
