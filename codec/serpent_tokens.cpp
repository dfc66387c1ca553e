// A text that cannot be read is gone over once more, token by token: what Python's tokenizer refuses anywhere in it is told before what
// its parser refuses, and that before what literal_eval does. Nothing here runs for a good message.
#include <codec/serpent_lexer.hpp>

#include <limits>
#include <utility>
#include <vector>

namespace engine::detail {
namespace {

constexpr std::string_view openers = "([{", closers = ")]}";

}  // namespace

const char* serpent_lexer::token(const char* p, arena& scratch) {
  const char c = *p, next = at(p + 1);
  if (c == '\'' || c == '"') return skip_literal(p);
  if (is_name_start(c)) return string_begins(p) ? skip_literal(p + prefix_length(p)) : name(p);
  if (is_digit(c) || (c == '.' && is_digit(next))) {
    serpent_number ignored;
    return number(p, ignored, scratch);
  }
  if (c < ' ' || c == '\x7f') return refuse_unprintable(static_cast<unsigned char>(c), p);
  return p + 1;
}

const char* serpent_lexer::refuse_unmatched(const char* closer, const char* open) {
  const std::string there(1, *closer);
  if (open == nullptr) return refuse_syntax("unmatched '" + there + "'", closer);
  std::string text = "closing parenthesis '" + there + "' does not match opening parenthesis '" + std::string(1, *open) + "'";
  if (const std::size_t its_line = line(open); its_line != line(closer)) text += " on line " + std::to_string(its_line);
  return refuse_syntax(std::move(text), closer);
}

// Outside of brackets: where a line ends, goes to the token that begins the next one, and notes it.
const char* serpent_lexer::next_line(const char* p, tokens_seen& seen) const {
  const char* line = nullptr;
  while (newline(p) != p) {
    line = newline(p);
    p = skip_blanks(line, false);
  }
  if (line == nullptr || seen.next_line != nullptr || at(p) == '\\') return p;
  bool blank = false;
  const bool ends_blank = p == end_ && behind_indentation(line, blank) == end_ && blank;  // Python wants an expression there
  if (p != end_ || ends_blank) {
    seen.next_line = p;
    seen.indented = p != line;
  }
  return p;
}

serpent_lexer::tokens_seen serpent_lexer::tokens(std::size_t depth, arena& scratch) {
  const std::size_t digits_limit = std::exchange(digits_limit_, std::numeric_limits<std::size_t>::max());  // it is none of the tokenizer's
  tokens_seen seen;
  std::vector<const char*> open;
  const char* p = blanks(begin_, true);
  while (p != nullptr && p != end_ && static_cast<unsigned char>(*p) < 0x80 && *p != '\\') {
    if (closers.find(*p) != closers.npos) {
      const char* const opener = open.empty() ? nullptr : open.back();
      if (opener != nullptr && openers.find(*opener) == closers.find(*p)) open.pop_back();
      else p = refuse_unmatched(p, opener);
    } else if (openers.find(*p) != openers.npos) {
      if (open.size() == depth) p = refuse_syntax("too many nested parentheses", p);
      else open.push_back(p);
    }
    if (p != nullptr) p = token(p, scratch);
    if (p != nullptr) p = blanks(p, !open.empty());
    if (p != nullptr && open.empty()) p = next_line(p, seen);
  }
  digits_limit_ = digits_limit;
  seen.stop = p;
  const bool to_the_end = p == nullptr || p == end_ || *p == '\\';
  seen.unclosed = open.empty() || !to_the_end ? nullptr : open.back();
  return seen;
}

}  // namespace engine::detail
