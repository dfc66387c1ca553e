// String literals: where they end, and what they mean if they are more than their own text. Decoding never makes a string
// longer than its source, so the room for it is known before.
#include <codec/serpent_lexer.hpp>

#include <cstring>

#include <codec/find_any.hpp>
#include <codec/utf8.hpp>

namespace engine::detail {
namespace {

std::size_t size_of(const char* begin, const char* end) { return static_cast<std::size_t>(end - begin); }

// Up to `count` hexadecimal digits at p; stops early at anything else.
const char* hexadecimal(const char* p, const char* end, unsigned count, char32_t& out) {
  out = 0;
  for (; count != 0 && p != end; --count, ++p) {
    const char c = *p, lower = static_cast<char>(c | 32);
    if (c >= '0' && c <= '9') out = out << 4 | static_cast<char32_t>(c - '0');
    else if (lower >= 'a' && lower <= 'f') out = out << 4 | static_cast<char32_t>(lower - 'a' + 10);
    else break;
  }
  return p;
}

}  // namespace

// Letters before a quote that make it a string of some sort; 0 when there are none or they are something else.
std::size_t serpent_lexer::prefix_length(const char* p) const {
  const auto lower = [this](const char* q) { return static_cast<char>(at(q) | 32); };
  const auto quote = [this](const char* q) { return at(q) == '\'' || at(q) == '"'; };
  const char a = lower(p), b = lower(p + 1);
  if (quote(p + 1)) return a == 'u' || a == 'r' || a == 'b' || a == 'f' ? 1 : 0;
  if (!quote(p + 2)) return 0;
  return (a == 'r' && (b == 'b' || b == 'f')) || (b == 'r' && (a == 'b' || a == 'f')) ? 2 : 0;
}

const char* serpent_lexer::one_literal(const char* p, literal& out) {
  const char* const start = p;
  for (; *p != '\'' && *p != '"'; ++p) {
    const char letter = static_cast<char>(*p | 32);
    if (letter == 'f') return refuse_malformed("a formatted string", start);
    if (letter == 'b') out.is_bytes = true;
    if (letter == 'r') out.raw = true;
  }
  const char quote = *p++;
  out.triple = at(p) == quote && at(p + 1) == quote;
  if (out.triple) p += 2;
  out.begin = p;
  while (true) {
    p = find_any(p, end_, quote, '\\', '\n', '\r');
    if (p == end_ || (!out.triple && (*p == '\n' || *p == '\r'))) break;
    if (*p == quote) {
      if (out.triple && (at(p + 1) != quote || at(p + 2) != quote)) {
        ++p;
        continue;
      }
      out.end = p;
      return out.triple ? p + 3 : p + 1;
    }
    if (*p == '\\') {
      out.plain = out.plain && out.raw && at(p + 1) != '\r';
      if (++p == end_) break;
      const char* const next = newline(p);
      p = next == p ? p + 1 : next;
    } else {
      out.plain = out.plain && *p != '\r';
      ++p;
    }
  }
  const std::string kind_name = out.triple ? "unterminated triple-quoted string literal" : "unterminated string literal";
  return refuse_syntax(kind_name + " (detected at line " + std::to_string(line(p)) + ")", start);
}

const char* serpent_lexer::string(const char* p, bool bracketed, serpent_string& out, arena& scratch) {
  literal first;
  const char* after = one_literal(p, first);
  if (after == nullptr) return nullptr;
  out.is_bytes = first.is_bytes;
  const char* next = delimits(at(after)) ? after : blanks(after, bracketed);
  if (first.plain && !first.is_bytes && !string_begins(next)) {
    out.text = {first.begin, first.end};
    return after;
  }
  // Several literals or one to decode: their sources bound what they decode to.
  serpent_string skipped;
  const char* const all_end = skip_string(p, bracketed, skipped);
  if (all_end == nullptr) return nullptr;
  char* const to = scratch.room(size_of(p, all_end));
  std::size_t size = 0;
  next = p;
  do {
    literal piece;
    after = one_literal(next, piece);
    const char* const end = decode(piece, to + size);
    if (end == nullptr) return nullptr;
    size = size_of(to, end);
    next = blanks(after, bracketed);
  } while (after != all_end);
  scratch.keep(size);
  out.text = {to, size};
  return all_end;
}

const char* serpent_lexer::skip_string(const char* p, bool bracketed, serpent_string& out) {
  bool first = true;
  while (true) {
    literal piece;
    const char* const start = p;
    const char* const after = one_literal(p, piece);
    if (after == nullptr) return nullptr;
    if (!first && piece.is_bytes != out.is_bytes) return refuse_syntax("cannot mix bytes and nonbytes literals", start);
    out.is_bytes = piece.is_bytes;
    first = false;
    if (delimits(at(after))) return after;
    p = blanks(after, bracketed);
    if (!string_begins(p)) return after;
  }
}

// Writes what a literal means at `to` and returns the end of that.
const char* serpent_lexer::decode(const literal& from, char* to) {
  if (from.is_bytes) {
    for (const char* q = from.begin; q != from.end; ++q)
      if (static_cast<unsigned char>(*q) >= 0x80) return refuse_syntax("bytes can only contain ASCII literal characters", q);
  }
  for (const char* p = from.begin;;) {
    const char* const run = find_any(p, from.end, '\\', '\r');
    std::memcpy(to, p, size_of(p, run));
    to += run - p;
    if (run == from.end) return to;
    if (*run == '\r') {
      *to++ = '\n';
      p = newline(run);
    } else if (from.raw) {
      *to++ = '\\';
      p = run + 1;
    } else if ((p = decode_escape(from, run, to)) == nullptr) {
      return nullptr;
    }
  }
}

const char* serpent_lexer::decode_escape(const literal& from, const char* p, char*& to) {
  const char letter = p[1];  // a literal never ends in an open escape
  const auto one = [&](char c) { *to++ = c; return p + 2; };
  const auto put = [&](char32_t point) {
    if (from.is_bytes) *to++ = static_cast<char>(point);
    else to = put_utf8(point, to);
  };
  const auto keep = [&] { *to++ = '\\'; return p + 1; };
  char32_t point = 0;
  switch (letter) {
    case '\n': case '\r': return newline(p + 1);
    case '\\': case '\'': case '"': return one(letter);
    case 'a': return one('\a');
    case 'b': return one('\b');
    case 'f': return one('\f');
    case 'n': return one('\n');
    case 'r': return one('\r');
    case 't': return one('\t');
    case 'v': return one('\v');
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': {
      const char* q = p + 1;
      for (int i = 0; i < 3 && q != from.end && *q >= '0' && *q <= '7'; ++i, ++q) point = point * 8 + static_cast<char32_t>(*q - '0');
      put(point);
      return q;
    }
    case 'x': {
      const char* const q = hexadecimal(p + 2, from.end, 2, point);
      if (q != p + 4) return refuse_escape(from, p, q, "truncated \\xXX escape");
      put(point);
      return q;
    }
    case 'u': case 'U': {
      if (from.is_bytes) return keep();
      const unsigned count = letter == 'u' ? 4 : 8;
      const char* const q = hexadecimal(p + 2, from.end, count, point);
      if (q != p + 2 + count) return refuse_escape(from, p, q, letter == 'u' ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape");
      if (point > 0x10ffff) return refuse_escape(from, p, q, "illegal Unicode character");
      put(point);
      return q;
    }
    case 'N':
      if (from.is_bytes) return keep();
      if (p + 2 == from.end || p[2] != '{') return refuse_escape(from, p, p + 2, "malformed \\N character escape");
      return refuse_syntax("characters by name, as in \\N{DASH}, are not supported", p);
    default: return keep();
  }
}

// Python counts positions in characters and takes ten for one outside ASCII, which it has rewritten as \UXXXXXXXX before.
const char* serpent_lexer::refuse_escape(const literal& from, const char* p, const char* stop, std::string_view why) {
  const auto position = [&](const char* place) {
    std::size_t count = 0;
    for (const char* q = from.begin; q < place; ++q) {
      const auto byte = static_cast<unsigned char>(*q);
      count += byte < 0x80 ? 1 : byte >= 0xc0 ? 10 : 0;
    }
    return std::to_string(count);
  };
  if (from.is_bytes) return refuse_syntax("(value error) invalid \\x escape at position " + position(p), p);
  return refuse_syntax("(unicode error) 'unicodeescape' codec can't decode bytes in position " + position(p) + "-" +
                           position(stop - 1) + ": " + std::string(why), p);
}

}  // namespace engine::detail
