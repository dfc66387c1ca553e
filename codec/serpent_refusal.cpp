// What to say about text that cannot be read. Nothing here runs for a good message. The words are CPython's where it is
// practical: what its parser refuses is a SyntaxError, what it parses and literal_eval refuses a ValueError.
#include <codec/serpent_reader.hpp>

#include <algorithm>
#include <cstdio>

#include <codec/printable.hpp>
#include <codec/utf8.hpp>

namespace engine::detail {
namespace {

// Keywords that begin no expression, and those that continue one.
constexpr std::string_view statement_words[] = {"and", "as", "assert", "async", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "nonlocal", "or", "pass", "raise",
    "return", "try", "while", "with", "yield"};
constexpr std::string_view operator_words[] = {"and", "if", "in", "is", "not", "or", "for"};

template <std::size_t N> bool among(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

char opener_of(char closer) { return closer == ')' ? '(' : closer == ']' ? '[' : '{'; }
bool closes(char c) { return c == ')' || c == ']' || c == '}'; }

}  // namespace

// The innermost bracket open at the place of a fault; nullptr outside all of them.
const char* serpent_reader::innermost() const {
  if (nested_ != 0) return nested_open_;
  if (groups_ != 0) return group_;
  return levels_.empty() || levels_.back().shape == container::open_tuple ? nullptr : levels_.back().open;
}

const char* serpent_reader::never_closed() {
  const char* const open = innermost();
  const char* const last = lexer_.end() - (lexer_.end() != lexer_.begin());
  if (open == nullptr) return lexer_.refuse_syntax("invalid syntax", last);
  return lexer_.refuse_unclosed(open);
}

const char* serpent_reader::wrong_closer(const char* p) {
  const char* const open = innermost();
  const bool matches = open != nullptr && *open == opener_of(*p);
  return matches ? lexer_.refuse_syntax("invalid syntax", p) : lexer_.refuse_unmatched(p, open);
}

// Characters that are no token at all.
const char* serpent_reader::unexpected_character(const char* p) {
  const auto byte = static_cast<unsigned char>(*p);
  if (*p == '\\') return lexer_.refuse_backslash(p);
  if (byte >= 0x20 && byte < 0x7f) return lexer_.refuse_syntax("invalid syntax", p);
  const char* next = p;
  const char32_t point = next_utf8(next);
  if (!is_printable(point)) return lexer_.refuse_unprintable(point, p);
  char code[16];
  std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(point));
  return lexer_.refuse_syntax("invalid character '" + std::string(p, next) + "' (" + code + ")", p);
}

// A name other than None, True and False: Python parses it if what follows lets it be an expression.
const char* serpent_reader::unexpected_name(const char* p) {
  const char* const end = lexer_.name(p);
  const char* const next = blanks(end);
  const std::string_view word(p, end), next_word(next, lexer_.name(next));
  const char c = lexer_.at(next);
  const bool quoted = lexer_.at(end) == '\'' || lexer_.at(end) == '"';
  const bool assigned = c == '=' && lexer_.at(next + 1) != '=';
  if (among(statement_words, word) || quoted || assigned) return lexer_.refuse_syntax("invalid syntax", p);
  const bool operand = (!next_word.empty() && !among(operator_words, next_word)) || lexer_.is_digit(c) || c == '\'' || c == '"' || c == '{' ||
                       (c == '.' && lexer_.is_digit(lexer_.at(next + 1)));
  if (operand && word != "not" && word != "lambda" && word != "await")
    return lexer_.refuse_syntax(innermost() ? "invalid syntax. Perhaps you forgot a comma?" : "invalid syntax", p);
  return lexer_.refuse_malformed("name '" + std::string(word.substr(0, 100)) + "'", p);
}

// p is where a value should begin.
const char* serpent_reader::unexpected_value(const char* p) {
  const char c = lexer_.at(p);
  if (c == '\0') return never_closed();
  const bool value_of_dict = nested_ + groups_ == 0 && !levels_.empty() && levels_.back().shape == container::dict && !levels_.back().key;
  if (closes(c) && (innermost() == nullptr || *innermost() != opener_of(c))) return wrong_closer(p);
  if (value_of_dict && (closes(c) || c == ',')) return lexer_.refuse_syntax("expression expected after dictionary key and ':'", p);
  if (lexer_.is_name_start(c)) return unexpected_name(p);
  if (c == '+' || c == '-') return lexer_.refuse_malformed("more than one sign", p);
  if (c == '~') return lexer_.refuse_malformed("operator '~'", p);
  if (c == '*' && innermost() != nullptr) return lexer_.refuse_malformed("an unpacking", p);
  if (c == '.' && lexer_.at(p + 1) == '.' && lexer_.at(p + 2) == '.')
    return lexer_.refuse(wire_class::value_error, "Ellipsis is not supported", p);
  return unexpected_character(p);
}

// p is directly behind a value and its blanks, at what neither separates nor closes.
const char* serpent_reader::unexpected_after(const char* p) {
  const char c = lexer_.at(p);
  const bool bracketed = innermost() != nullptr;
  if (c == '\0') return never_closed();
  if (closes(c) && (!bracketed || *innermost() != opener_of(c))) return wrong_closer(p);
  const bool in_dict = nested_ + groups_ == 0 && !levels_.empty() && levels_.back().shape == container::dict;
  if (in_dict && levels_.back().key && (c == ',' || c == '}')) return lexer_.refuse_syntax("':' expected after dictionary key", p);
  const char next = lexer_.at(p + 1);
  const std::string_view operators = "+-*/%&|^<>@([";
  const bool compares = (c == '=' || c == '!') && next == '=', attribute = c == '.' && lexer_.is_name_start(next);
  if (operators.find(c) != operators.npos || compares || attribute)
    return lexer_.refuse_malformed("'" + std::string(1, c) + "' behind a value", p);
  const std::string_view word(p, lexer_.name(p));
  if (among(operator_words, word)) return lexer_.refuse_malformed("'" + std::string(word) + "' behind a value", p);
  const bool value = lexer_.is_digit(c) || c == '\'' || c == '"' || c == '{' || c == '~' || c == '.' ||
                     (!word.empty() && !among(statement_words, word));
  if (value) return lexer_.refuse_syntax(bracketed ? "invalid syntax. Perhaps you forgot a comma?" : "invalid syntax", p);
  return unexpected_character(p);
}

// What was noted, unless Python would not have come that far: its tokenizer goes first, then its parser, then literal_eval.
bool serpent_reader::refuse() {
  const decode_error noted = std::move(lexer_.fault());
  if (noted.type == wire_class::indentation_error) return fail(noted);
  const auto seen = lexer_.tokens(limits_.depth, scratch_);
  const bool good_tokens = seen.stop != nullptr;
  const auto place = [&](const decode_error& error) { return lexer_.begin() + error.offset; };
  if (noted.type != wire_class::syntax_error) {
    if (seen.indented && (good_tokens || seen.next_line <= place(lexer_.fault())))
      lexer_.refuse(wire_class::indentation_error, "unexpected indent", seen.next_line);
    else if (good_tokens && seen.next_line != nullptr) lexer_.refuse_syntax("invalid syntax", seen.next_line);
    else if (good_tokens && seen.stop != lexer_.end() && *seen.stop == '\\') lexer_.refuse_backslash(seen.stop);
    else if (good_tokens && seen.unclosed != nullptr) lexer_.refuse_unclosed(seen.unclosed);
    else if (good_tokens) return fail(noted);
  } else if (good_tokens) {
    const bool in_an_earlier_line = seen.unclosed != nullptr && lexer_.line(seen.unclosed) < lexer_.line(place(noted));
    if (!in_an_earlier_line) return fail(noted);
    lexer_.refuse_unclosed(seen.unclosed);
  }
  return fail(std::move(lexer_.fault()));
}

bool serpent_reader::mismatch(std::string_view expected) {
  const kind there = peek();
  if (!ok()) return false;
  if (there == kind::error) return fail(wire_class::value_error, "expected " + std::string(expected) + ", but nothing follows");
  return fail(wire_class::type_error, "expected " + std::string(expected) + ", not " + std::string(python_name(there)));
}

bool serpent_reader::unhashable(std::string_view type) {
  lexer_.refuse(wire_class::type_error, "unhashable type: '" + std::string(type) + "'", place_);
  return refuse();
}

}  // namespace engine::detail
