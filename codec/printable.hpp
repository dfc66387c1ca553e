// Which characters Python's repr() shows as they are and which as escapes; serpent's strings depend on it.
#pragma once

namespace engine {

/// str.isprintable() of one code point (0..0x10ffff), by the Unicode version of the generated table.
bool is_printable(char32_t point);

}  // namespace engine
