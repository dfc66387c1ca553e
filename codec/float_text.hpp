// Doubles as text, in Python's words: what repr(float) prints and what a Python float literal means. Text formats share it,
// so that a float printed by us is byte for byte the one Python would have printed.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace engine {

/// Room write_float() needs, in bytes.
inline constexpr std::size_t float_text_size = 32;

/// Writes repr(value) at `to`, which has room for float_text_size bytes: the shortest digits that read back as the same double,
/// `1.0`, `1e+16`, `1e-05`; `inf`, `-inf` and `nan` for those. Returns the end of what was written. Never fails.
char* write_float(double value, char* to);

/// The double nearest to an unsigned decimal literal: digits, with a point, an exponent or both (`5.`, `.5`, `1e-5`; no
/// underscores). Too large is infinity and too small is zero, as in Python. nullopt when `text` is anything else.
std::optional<double> parse_float(std::string_view text);

}  // namespace engine
