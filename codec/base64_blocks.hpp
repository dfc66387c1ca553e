// The fast part of reading base64: whole blocks of nothing but the alphabet, by the widest instructions this processor has. What
// needs care (white space, padding, the end) is left to base64.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace engine::detail {

/// One way to do it. All do the same, but stop at different distances before the end or a foreign character.
struct base64_blocks {
  std::string_view name;
  bool (*usable)();  ///< on this processor
  /// Decodes from the front of `text` to `to`, which has base64_decoded_room(text.size()); returns how many characters are done, a
  /// multiple of four. They are all of the alphabet.
  std::size_t (*decode)(std::string_view text, std::byte* to);
};

/// The ways of this build, widest first; the last needs nothing special.
std::span<const base64_blocks> base64_block_ways();
/// The first that is usable here.
const base64_blocks& best_base64_blocks();

}  // namespace engine::detail
