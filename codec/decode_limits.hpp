// How much a message may mean. What others sent is believed only up to these bounds, whatever the serializer.
// Idea: a payload is bounded by its own size wherever each value takes a byte. Only what may say more than its bytes has numbers of
// its own here: references to what was there before, and compression.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace engine {

/// Bounds kept before memory or stack is spent on what others sent (ENGINE E.3). One struct for all serializers; settings::decoding
/// gives a daemon or proxy its own.
struct decode_limits {
  std::size_t depth = 200;                  ///< open containers; serpent's reader goes to 1000 at most
  std::size_t digits = 4300;                ///< decimal digits of one integer, CPython's own bound
  std::size_t elements = 1u << 24;          ///< values in one payload
  std::size_t repeated = 1u << 18;          ///< of these, how many more there may be than bytes: marshal and pickle can refer to what they hold
  std::size_t repeated_bytes = 16u << 20;   ///< of text and bytes, how many more than twice those that are there, likewise
  std::size_t inflated = std::size_t{1} << 30;  ///< bytes of one payload that came compressed, where MAX_MESSAGE_SIZE sets no bound

  bool operator==(const decode_limits&) const = default;
  /// How many values a payload of that size may be.
  std::size_t elements_of(std::size_t payload) const { return std::min(elements, payload + std::min(repeated, SIZE_MAX - payload)); }
};

}  // namespace engine
