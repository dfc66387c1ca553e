// Text as it stands in the files of cases that Python has written.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include <codec/utf8.hpp>

namespace engine::test {

/// What is not plain ASCII as Python's `backslashreplace` writes it; `all`: backslashes and newlines as well.
inline std::string escaped(std::string_view text, bool all) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80) {
      const char* p = text.data() + i;
      const char32_t point = next_utf8(p);
      i = static_cast<std::size_t>(p - text.data()) - 1;
      char code[12];
      std::snprintf(code, sizeof code, point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x", static_cast<unsigned>(point));
      out += code;
    } else if (all && (byte == '\\' || byte == '\n')) {
      out += byte == '\n' ? "\\n" : "\\\\";
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace engine::test
