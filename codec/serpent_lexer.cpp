// Blanks, lines, names and the words for refusals. CPython's tokenizer is the reference, down to what a form feed does to
// indentation.
#include <codec/serpent_lexer.hpp>

#include <cstdio>

#include <codec/find_any.hpp>

namespace engine::detail {

void serpent_lexer::start(std::string_view text, std::size_t digits_limit) {
  begin_ = text.empty() ? "" : text.data();  // never null: that means a fault
  end_ = begin_ + text.size();
  digits_limit_ = digits_limit;
}

const char* serpent_lexer::newline(const char* p) const {
  if (at(p) == '\n') return p + 1;
  if (at(p) != '\r') return p;
  return at(p + 1) == '\n' ? p + 2 : p + 1;
}

const char* serpent_lexer::skip_blanks(const char* p, bool bracketed) const {
  while (p < end_) {
    const char* next = p;
    switch (*p) {
      case ' ': case '\t': case '\f': next = p + 1; break;
      case '\n': case '\r': next = bracketed ? newline(p) : p; break;
      case '#': next = find_any(p, end_, '\n', '\r'); break;
      case '\\':
        next = newline(p + 1);
        if (next == p + 1 || next == end_) next = p;  // joins nothing
        break;
      default: return p;
    }
    if (next == p) return p;
    p = next;
  }
  return p;
}

const char* serpent_lexer::behind_indentation(const char* p, bool& indented) const {
  std::size_t column = 0, joined_column = 0;
  for (;; ++p) {
    if (at(p) == ' ' || at(p) == '\t') {
      ++column;
    } else if (at(p) == '\f') {
      column = 0;
    } else if (at(p) == '\\' && !joins_nothing(p)) {
      if (joined_column == 0) joined_column = column;
      p = newline(p + 1) - 1;
    } else {
      indented = (joined_column ? joined_column : column) != 0;
      return p;
    }
  }
}

const char* serpent_lexer::head() {
  const char* p = begin_;
  while (at(p) == ' ' || at(p) == '\t') ++p;
  while (true) {
    bool indented = false;
    p = behind_indentation(p, indented);
    const bool comment = at(p) == '#';
    if (comment) p = find_any(p, end_, '\n', '\r');
    if (p == end_ && (comment || !indented)) return p;
    const char* const next = newline(p);
    if (next == p && joins_nothing(p)) return refuse_backslash(p);  // which is looked at while the blanks before it are counted
    if (next == p) return indented ? refuse(wire_class::indentation_error, "unexpected indent", p) : p;
    p = next;
  }
}

bool serpent_lexer::tail(const char* p) {
  p = blanks(p, false);
  if (p == end_) return true;
  const char* line = newline(p);
  if (line == p) {
    if (*p == '\\') refuse_backslash(p);
    else refuse_syntax(*p == ')' || *p == ']' || *p == '}' ? "unmatched '" + std::string(1, *p) + "'" : "invalid syntax", p);
    return false;
  }
  while (true) {
    bool indented = false;
    p = behind_indentation(line, indented);
    const bool comment = at(p) == '#';
    if (comment) p = find_any(p, end_, '\n', '\r');
    line = newline(p);
    if (line != p) continue;
    if (p == end_ && (comment || !indented)) return true;
    if (joins_nothing(p)) refuse_backslash(p);
    else if (indented) refuse(wire_class::indentation_error, "unexpected indent", p);
    else refuse_syntax("invalid syntax", p);
    return false;
  }
}

const char* serpent_lexer::name(const char* p) const {
  if (!is_name_start(at(p))) return p;
  while (is_name_start(at(p)) || is_digit(at(p)) || static_cast<unsigned char>(at(p)) >= 0x80) ++p;
  return p;
}

std::size_t serpent_lexer::line(const char* p) const {
  std::size_t lines = begin_ != end_;  // Python numbers the line of an empty text 0
  for (const char* q = begin_; q < p;) {
    const char* const next = newline(q);
    if (next > p) break;
    lines += next != q;
    q = next == q ? q + 1 : next;
  }
  return lines;
}

const char* serpent_lexer::refuse(std::string_view type, std::string text, const char* p) {
  if (type == wire_class::syntax_error || type == wire_class::indentation_error) text += " (<unknown>, line " + std::to_string(line(p)) + ")";
  fault_ = decode_error{type, std::move(text), static_cast<std::size_t>(p - begin_)};
  return nullptr;
}

const char* serpent_lexer::refuse_unclosed(const char* open) {
  return refuse_syntax("'" + std::string(1, *open) + "' was never closed", open);
}

const char* serpent_lexer::refuse_backslash(const char* p) {
  const bool joins = newline(p + 1) != p + 1;
  return refuse_syntax(joins ? "unexpected EOF while parsing" : "unexpected character after line continuation character", p);
}

const char* serpent_lexer::refuse_unprintable(char32_t point, const char* p) {
  char code[16];
  std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(point));
  return refuse_syntax("invalid non-printable character " + std::string(code), p);
}

const char* serpent_lexer::refuse_malformed(std::string_view what, const char* p) {
  return refuse(wire_class::value_error, "malformed node or string on line " + std::to_string(line(p)) + ": " + std::string(what), p);
}

}  // namespace engine::detail
