// What the next value is, for peek(). Containers are told apart by their bracket and, where that does not suffice, by a look
// ahead; everything else is parsed and kept for the word that reads it.
#include <codec/serpent_reader.hpp>

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>

#include <codec/float_text.hpp>

namespace engine::detail {
namespace {

// float(str), as far as serpent's dictionaries for special floats need it.
std::optional<double> float_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string lower(text.substr(0, 16));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::optional<double> value;
  if (lower == "nan") value = std::numeric_limits<double>::quiet_NaN();
  else if (lower == "inf" || lower == "infinity") value = std::numeric_limits<double>::infinity();
  else value = parse_float(text);
  if (value && negative) value = -*value;
  return value;
}

}  // namespace

kind serpent_reader::look() {
  if (!at_value_ || !ok()) return kind::error;
  if (levels_.empty() && !document_known_) {
    look_at_document();
    if (!ok()) return kind::error;
    if (open_tuple_) return peeked(kind::tuple, nullptr);
  }
  const char c = lexer_.at(place_);
  switch (c) {
    case '\'': case '"': return peeked(kind::string, nullptr);
    case '[': return peeked(kind::list, nullptr);
    case '(': return look_at_parenthesis();
    case '{': return look_at_brace();
    default: break;
  }
  if (lexer_.is_name_start(c) && lexer_.string_begins(place_)) {
    const bool is_bytes = (c | 32) == 'b' || (lexer_.at(place_ + 1) | 32) == 'b';
    return peeked(is_bytes ? kind::bytes : kind::string, nullptr);
  }
  return look_at_scalar();
}

// Outside brackets a comma behind the first expression makes the document a tuple.
void serpent_reader::look_at_document() {
  document_known_ = true;
  const char* p = place_;
  term first;
  const found what = sum(p, first, true);
  if (what == found::fault) refuse();
  else if (what == found::value || lexer_.at(place_) == 's') open_tuple_ = lexer_.at(blanks(p)) == ',';
  else open_tuple_ = serpent_lookahead::comma_follows(lexer_, place_);
}

kind serpent_reader::look_at_scalar() {
  const char* p = place_;
  switch (sum(p, term_, false)) {
    case found::value: return peeked(kind_of(term_), p);
    case found::fault: refuse(); return kind::error;
    default: return peeked(kind::set, nullptr);  // set(), the one container without a bracket
  }
}

kind serpent_reader::look_at_parenthesis() {
  using form = serpent_lookahead::form;
  if (lookahead_.known(lexer_, place_) == form::tuple) return peeked(kind::tuple, nullptr);
  if (const char* const end = lexer_.plain_string(place_ + 1); end != nullptr && *end == ',') return peeked(kind::tuple, nullptr);
  const char* p = place_;
  switch (sum(p, term_, true)) {
    case found::fault: refuse(); return kind::error;
    case found::tuple: return peeked(kind::tuple, nullptr);
    case found::container: break;
    case found::value:
      if (term_.what == kind::string || term_.what == kind::bytes) return look_at_scalar();  // now with its text
      return peeked(kind_of(term_), p);
  }
  // Parentheses around a container: open from now on, and closed behind the container.
  while (lexer_.at(place_) == '(') {
    if (lookahead_.find(lexer_, place_) == form::tuple) return peeked(kind::tuple, nullptr);
    if (too_deep(place_)) {
      refuse();
      return kind::error;
    }
    ++brackets_;
    ++groups_;
    group_ = place_;
    place_ = blanks(place_ + 1);
  }
  return look();
}

kind serpent_reader::look_at_brace() {
  using form = serpent_lookahead::form;
  const char* const brace = place_;
  const char* p = lexer_.blanks(brace + 1, true);
  const char c = lexer_.at(p);
  if (c == '}') return peeked(kind::dict, nullptr);
  if (c == '[' || c == '{') return unhashable_brace(p);
  const char* end = nullptr;
  double value = 0;
  if ((c == '\'' || c == '"') && float_dict(p, end, value)) {
    term_.shape = term::form::other;
    term_.what = kind::real;
    term_.value = value;
    return peeked(kind::real, end);
  }
  form shape = lookahead_.known(lexer_, brace);
  if (shape == form::unknown) {
    nested_open_ = brace;
    ++nested_;
    term first;
    const found what = sum(p, first, true);
    if (what == found::value) shape = lexer_.at(blanks(p)) == ':' ? form::dict : form::set;
    --nested_;
    nested_open_ = nullptr;
    if (what == found::fault) {
      refuse();
      return kind::error;
    }
    if (what != found::value) shape = lookahead_.find(lexer_, brace);
  }
  return peeked(shape == form::dict ? kind::dict : kind::set, nullptr);
}

// p is at a list, dict or set that is the first element in braces: an error whichever it is, but Python names the type.
kind serpent_reader::unhashable_brace(const char* p) {
  const char* inner = p;
  while (lexer_.at(p) == '{') {
    inner = p;
    p = lexer_.blanks(p + 1, true);
  }
  if (lexer_.at(p) == '[') return unhashable("list"), kind::error;
  const bool dict = lexer_.at(p) == '}' || lookahead_.find(lexer_, inner) == serpent_lookahead::form::dict;
  return unhashable(dict ? "dict" : "set"), kind::error;
}

// {'__class__':'float','value':'nan'}, in either order; p is at its first key. Cheap for any other dict.
bool serpent_reader::float_dict(const char* p, const char*& end, double& out) {
  const std::string_view head(p + 1, std::min<std::size_t>(10, static_cast<std::size_t>(lexer_.end() - p - 1)));
  if (!(head.starts_with("__class__") && head.back() == *p) && !(head.starts_with("value") && head.size() > 5 && head[5] == *p)) return false;
  bool named = false, valued = false;
  for (int pair = 0; pair < 2; ++pair) {
    serpent_string key, value;
    if (!lexer_.string_begins(p) || (p = lexer_.string(p, true, key, scratch_)) == nullptr) return false;
    p = lexer_.blanks(p, true);
    if (lexer_.at(p) != ':') return false;
    p = lexer_.blanks(p + 1, true);
    if (!lexer_.string_begins(p) || (p = lexer_.string(p, true, value, scratch_)) == nullptr) return false;
    p = lexer_.blanks(p, true);
    if (key.is_bytes || value.is_bytes) return false;
    if (key.text == "__class__") {
      named = value.text == "float";
    } else if (key.text == "value") {
      const auto number = float_of(value.text);
      valued = number.has_value();
      if (valued) out = *number;
    }
    if (lexer_.at(p) == ',') p = lexer_.blanks(p + 1, true);
    else if (pair == 0) return false;
  }
  if (!named || !valued || lexer_.at(p) != '}') return false;
  end = p + 1;
  return true;
}

}  // namespace engine::detail
