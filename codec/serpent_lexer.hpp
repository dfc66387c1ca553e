// The tokens of Python's literals (WIRE §18.2): blanks and line joining, numbers, strings. Works on text that was checked
// before (UTF-8, no NUL), so a NUL stands for the end of it. Every function takes the place where a token begins and returns
// the place behind it, or nullptr after noting what is wrong, in CPython's words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <codec/arena.hpp>
#include <codec/decode_error.hpp>
#include <codec/find_any.hpp>
#include <codec/reader.hpp>

namespace engine::detail {

/// A number literal, which never has a sign of its own.
struct serpent_number {
  kind what = kind::integer;   ///< integer, big_integer, real or complex (then it was imaginary)
  std::uint64_t magnitude = 0; ///< of an integer
  double value = 0;            ///< of a real or an imaginary
  std::string_view digits{};   ///< of a big integer, without prefix and underscores
  unsigned bits = 0;           ///< per digit of a big integer; 0: decimal
};

/// One or more adjacent string literals.
struct serpent_string {
  std::string_view text{};  ///< decoded; empty if it was only skipped
  bool is_bytes = false;
};

class serpent_lexer {
 public:
  void start(std::string_view text, std::size_t digits_limit);

  const char* begin() const { return begin_; }
  const char* end() const { return end_; }
  char at(const char* p) const { return p < end_ ? *p : '\0'; }

  /// Behind blanks, comments and joined lines; inside brackets behind line ends too. Stops at a backslash that joins nothing.
  const char* blanks(const char* p, bool bracketed) const {
    const char c = at(p);
    return c > ' ' && c != '#' && c != '\\' ? p : skip_blanks(p, bracketed);
  }
  /// Behind a line end (LF, CR, CRLF) at p; p if there is none.
  const char* newline(const char* p) const;

  /// To the place of the expression, or the end; nullptr for an indented one. Only the first line may begin with blanks.
  const char* head();
  /// Checks that only blank lines and comments follow an expression.
  bool tail(const char* p);

  /// Digits, or a point with a digit behind it, are at p.
  const char* number(const char* p, serpent_number& out, arena& scratch);
  /// Whether the decimal integer at p is of at most 18 digits and ends at a delimiter; then it is read.
  const char* short_integer(const char* p, std::uint64_t& out) const {
    std::uint64_t value = 0;
    const char* const first = p;
    while (p < end_ && *p >= '0' && *p <= '9') value = value * 10 + static_cast<std::uint64_t>(*p++ - '0');
    if (p == first || p - first > 18 || !delimits(at(p)) || (*first == '0' && p - first > 1)) return nullptr;
    out = value;
    return p;
  }
  /// Whether the float at p is written without underscores, is in range and ends at a delimiter; then it is read.
  const char* short_real(const char* p, double& out) const;

  bool string_begins(const char* p) const { return at(p) == '\'' || at(p) == '"' || (is_name_start(at(p)) && prefix_length(p) != 0); }
  /// The string literals at p joined, decoded into `scratch` unless the text is there as it is.
  const char* string(const char* p, bool bracketed, serpent_string& out, arena& scratch);
  /// The same without decoding, and therefore without checking escapes.
  const char* skip_string(const char* p, bool bracketed, serpent_string& out);

  /// Behind the string at p, if it is the usual one: a single literal that is its own text, and a delimiter follows.
  const char* plain_string(const char* p) const {
    const char quote = at(p);
    if (quote != '\'' && quote != '"') return nullptr;
    const char* const end = find_any(p + 1, end_, quote, '\\', '\n', '\r');
    return at(end) == quote && delimits(at(end + 1)) ? end + 1 : nullptr;
  }

  /// Behind the one string literal whose quote is at p.
  const char* skip_literal(const char* p) {
    literal skipped;
    return one_literal(p, skipped);
  }

  /// End of the identifier at p; p if none begins there.
  const char* name(const char* p) const;
  static bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  /// What may directly follow a value in brackets.
  static bool delimits(char c) { return c == ',' || c == ':' || c == ')' || c == ']' || c == '}'; }

  /// Notes what is wrong at p. A SyntaxError gets its line as Python adds it. Always nullptr.
  const char* refuse(std::string_view type, std::string text, const char* p);
  const char* refuse_syntax(std::string text, const char* p) { return refuse(wire_class::syntax_error, std::move(text), p); }
  /// For what Python parses but does not evaluate: names, operators, calls.
  const char* refuse_malformed(std::string_view what, const char* p);
  const char* refuse_unprintable(char32_t point, const char* p);
  const char* refuse_unclosed(const char* open);
  const char* refuse_backslash(const char* p);  ///< that joins no lines
  /// The closer at p closes nothing, or not what `open` opened.
  const char* refuse_unmatched(const char* p, const char* open);
  struct tokens_seen {
    /// Where Python's tokenizer stops: at the end, at a backslash that joins no lines, which is for its parser to refuse, or at names beyond
    /// ASCII, which are not judged; nullptr when it refuses something, which is then noted.
    const char* stop = nullptr;
    const char* unclosed = nullptr;   ///< the innermost bracket still open there; unknown behind names beyond ASCII
    const char* next_line = nullptr;  ///< the first token of a second line outside of brackets
    bool indented = false;            ///< that line
  };
  tokens_seen tokens(std::size_t depth, arena& scratch);
  decode_error& fault() { return fault_; }
  std::size_t line(const char* p) const;

 private:
  struct literal {
    const char* begin = nullptr;
    const char* end = nullptr;
    bool is_bytes = false, raw = false, triple = false, plain = true;  // plain: the content is the text
  };
  const char* skip_blanks(const char* p, bool bracketed) const;
  /// Behind the blanks that a line begins with, and those of lines joined to it. Indented is what has some before the first of these ends.
  const char* behind_indentation(const char* p, bool& indented) const;
  /// A backslash without a line behind it that it could join.
  bool joins_nothing(const char* p) const { return at(p) == '\\' && (newline(p + 1) == p + 1 || newline(p + 1) == end_); }
  const char* token(const char* p, arena& scratch);
  const char* next_line(const char* p, tokens_seen& seen) const;
  const char* decimal_tail(const char* p);
  const char* power_of_two(const char* p, serpent_number& out, arena& scratch, unsigned bits);
  const char* decimal(const char* p, serpent_number& out, arena& scratch);
  bool number_ends(const char* p, const char* what);
  bool integer_value(const char* first, const char* last, serpent_number& out, arena& scratch);
  std::size_t prefix_length(const char* p) const;
  const char* one_literal(const char* p, literal& out);
  const char* decode(const literal& from, char* to);
  const char* decode_escape(const literal& from, const char* p, char*& to);
  const char* refuse_escape(const literal& from, const char* p, const char* stop, std::string_view why);

  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::size_t digits_limit_ = 0;
  decode_error fault_{};
};

/// The text of digits with their underscores taken out.
std::string_view without_underscores(std::string_view text, arena& scratch);

}  // namespace engine::detail
