// UTF-8 as Python sees it: strict when reading, with Python's words for what is wrong, and with the three-byte form of lone
// surrogates inside the program (a Python str may hold them, so ours must).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <codec/short_text.hpp>

namespace engine {

/// Writes one code point (0..0x10ffff, surrogates included) at `to`, which has room for 4 bytes; returns the end.
char* put_utf8(char32_t point, char* to);
void append_utf8(std::string& to, char32_t point);

/// The first sequence Python's strict decoder would stop at.
struct utf8_fault {
  std::size_t offset = 0;       ///< byte at which the bad sequence begins
  std::size_t length = 1;       ///< bytes Python counts to it, 1..3
  std::string_view reason = {}; ///< "invalid start byte", "invalid continuation byte" or "unexpected end of data"
};

bool is_long_ascii(std::string_view text);
/// Whether there is nothing to check: most texts are short and ASCII, so this is the part that must cost next to nothing.
inline bool is_ascii(std::string_view text) {
  return text.size() <= detail::short_most ? detail::is_short_ascii(text.data(), text.size()) : is_long_ascii(text);
}

/// nullopt when `text` is valid UTF-8. `surrogates`: also accept their three-byte form.
std::optional<utf8_fault> find_utf8_fault(std::string_view text, bool surrogates = false);
inline bool valid_utf8(std::string_view text, bool surrogates = false) { return is_ascii(text) || !find_utf8_fault(text, surrogates); }

/// str() of Python's UnicodeDecodeError: "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte".
std::string utf8_fault_text(std::string_view text, const utf8_fault& fault);

/// str() of Python's UnicodeEncodeError for the lone surrogates at the fault, the first of which is character `position` of what is
/// encoded. What is no text at all cannot come from Python and gets words of our own.
std::string utf8_encode_fault_text(std::string_view text, const utf8_fault& fault, std::size_t position);

/// With U+FFFD for what is no UTF-8: how Python decodes text for its own messages.
std::string with_replacements(std::string_view text);

/// The code point at `p` of text that find_utf8_fault(…, true) accepted; moves `p` behind it.
char32_t next_utf8(const char*& p);

}  // namespace engine
