// Sixteen ASCII bytes at a time where there are any, else one sequence at a time by the table of RFC 3629.
#include <codec/utf8.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace engine {
namespace {

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

// The range of the second byte depends on the first: it keeps out overlong forms, surrogates and what is above 0x10ffff.
bool good_second(unsigned char lead, unsigned char second, bool surrogates) {
  switch (lead) {
    case 0xe0: return second >= 0xa0 && second <= 0xbf;
    case 0xed: return second >= 0x80 && second <= (surrogates ? 0xbf : 0x9f);
    case 0xf0: return second >= 0x90 && second <= 0xbf;
    case 0xf4: return second >= 0x80 && second <= 0x8f;
    default: return second >= 0x80 && second <= 0xbf;
  }
}

const char* skip_ascii(const char* p, const char* end) {
  constexpr std::uint64_t high = 0x8080808080808080;
  for (; end - p >= 16; p += 16) {
    std::uint64_t words[2];
    std::memcpy(words, p, 16);
    if ((words[0] | words[1]) & high) break;
  }
  while (p != end && static_cast<unsigned char>(*p) < 0x80) ++p;
  return p;
}

}  // namespace

bool is_long_ascii(std::string_view text) {
  constexpr std::uint64_t high = 0x8080808080808080;
  const char* p = text.data();
  std::size_t left = text.size();
  for (; left >= 64; p += 64, left -= 64) {
    std::uint64_t block = 0;
    for (std::size_t i = 0; i < 64; i += 8) block |= detail::word_at<std::uint64_t>(p + i);
    if (block & high) return false;
  }
  for (; left > detail::short_most; p += 8, left -= 8) {
    if (detail::word_at<std::uint64_t>(p) & high) return false;
  }
  return detail::is_short_ascii(p, left);
}

char* put_utf8(char32_t point, char* to) {
  const auto put = [&to](char32_t byte) { *to++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 63));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 63));
    put(0x80 | (point & 63));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 63));
    put(0x80 | (point >> 6 & 63));
    put(0x80 | (point & 63));
  }
  return to;
}

void append_utf8(std::string& to, char32_t point) {
  char bytes[4];
  to.append(bytes, put_utf8(point, bytes));
}

std::optional<utf8_fault> find_utf8_fault(std::string_view text, bool surrogates) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  for (const char* p = skip_ascii(begin, end); p != end;) {
    const auto lead = static_cast<unsigned char>(*p);
    const std::size_t length = sequence_length(lead);
    const auto offset = static_cast<std::size_t>(p - begin);
    if (length == 0) return utf8_fault{offset, 1, "invalid start byte"};
    for (std::size_t i = 1; i < length; ++i) {
      if (p + i == end) return utf8_fault{offset, i, "unexpected end of data"};
      const auto byte = static_cast<unsigned char>(p[i]);
      const bool good = i == 1 ? good_second(lead, byte, surrogates) : (byte & 0xc0) == 0x80;
      if (!good) return utf8_fault{offset, i, "invalid continuation byte"};
    }
    p += length;
    if (p != end && static_cast<unsigned char>(*p) < 0x80) p = skip_ascii(p, end);
  }
  return std::nullopt;
}

std::string utf8_fault_text(std::string_view text, const utf8_fault& fault) {
  char words[96];
  if (fault.length == 1) {
    std::snprintf(words, sizeof words, "byte 0x%02x in position %zu: ", static_cast<unsigned>(static_cast<unsigned char>(text[fault.offset])),
                  fault.offset);
  } else {
    std::snprintf(words, sizeof words, "bytes in position %zu-%zu: ", fault.offset, fault.offset + fault.length - 1);
  }
  return "'utf-8' codec can't decode " + (words + std::string(fault.reason));
}

std::string utf8_encode_fault_text(std::string_view text, const utf8_fault& fault, std::size_t position) {
  const auto surrogate_at = [&](std::size_t i) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
    return i + 3 <= text.size() && byte(0) == 0xed && byte(1) >= 0xa0 && byte(1) < 0xc0 && (byte(2) & 0xc0) == 0x80;
  };
  std::size_t count = 0;
  while (surrogate_at(fault.offset + 3 * count)) ++count;
  if (count == 0) return "text is not UTF-8: " + std::string(fault.reason) + " at byte " + std::to_string(fault.offset);
  const std::string begin = "'utf-8' codec can't encode character", end = ": surrogates not allowed";
  if (count > 1) return begin + "s in position " + std::to_string(position) + "-" + std::to_string(position + count - 1) + end;
  const char* at = text.data() + fault.offset;
  char code[8];
  std::snprintf(code, sizeof code, "%04x", static_cast<unsigned>(next_utf8(at)));
  return begin + " '\\u" + code + "' in position " + std::to_string(position) + end;
}

char32_t next_utf8(const char*& p) {
  const auto byte = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  const std::size_t length = sequence_length(static_cast<unsigned char>(*p));
  char32_t point = 0;
  switch (length) {
    case 2: point = (byte(0) & 31) << 6 | (byte(1) & 63); break;
    case 3: point = (byte(0) & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63); break;
    case 4: point = (byte(0) & 7) << 18 | (byte(1) & 63) << 12 | (byte(2) & 63) << 6 | (byte(3) & 63); break;
    default: point = byte(0); break;
  }
  p += length ? length : 1;
  return point;
}

std::string with_replacements(std::string_view text) {
  std::string all;
  while (const auto fault = find_utf8_fault(text)) {
    all.append(text.substr(0, fault->offset)).append("\xef\xbf\xbd");
    text.remove_prefix(fault->offset + fault->length);
  }
  return all.append(text);
}

}  // namespace engine
