// The words of the reader. Each leaves the place at the next value or behind the last one; what is wrong between values is
// found by more(), value_done() and finish().
#include <codec/serpent_reader.hpp>

#include <algorithm>
#include <cstring>

#include <simdjson.h>

#include <codec/base64.hpp>
#include <codec/serpent.hpp>
#include <codec/utf8.hpp>

namespace engine {

std::unique_ptr<reader> make_serpent_reader() { return std::make_unique<detail::serpent_reader>(); }

namespace detail {
namespace {

// Short texts are not worth a call into simdjson.
bool is_sound_utf8(std::string_view text) { return text.size() < 256 ? is_ascii(text) : simdjson::validate_utf8(text); }

}  // namespace

void serpent_reader::start(std::span<const std::byte> payload, const decode_limits& limits) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  clear_error();
  limits_ = limits;
  limits_.depth = std::min(limits.depth, serpent_lookahead::depth_max);
  lexer_.start(text, limits.digits);
  lookahead_.clear();
  scratch_.clear();
  levels_.clear();
  place_ = lexer_.begin();
  nested_open_ = group_ = nullptr;
  brackets_ = nested_ = values_ = 0;
  groups_ = 0;
  peeked_ = kind::error;
  at_value_ = document_known_ = open_tuple_ = false;
  if (const auto fault = is_sound_utf8(text) ? std::nullopt : find_utf8_fault(text)) {
    fail(decode_error{wire_class::unicode_decode_error, utf8_fault_text(text, *fault), fault->offset});
  } else if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    fail(decode_error{wire_class::value_error,
                      "The serpent data contains 0-bytes so it cannot be parsed by ast.literal_eval. Has it been corrupted?", nul});
  } else if (const char* const head = lexer_.head()) {
    place_ = head;
    at_value_ = true;
  } else {
    refuse();
  }
}

bool serpent_reader::too_deep(const char* p) {
  if (brackets_ + nested_ < limits_.depth) return false;
  lexer_.refuse_syntax("too many nested parentheses", p);
  return true;
}

// Whether what is read next is a key or set element, or inside of one.
bool serpent_reader::must_hash() const {
  if (levels_.empty()) return false;
  const level& top = levels_.back();
  return top.hashed || top.shape == container::set || (top.shape == container::dict && top.key);
}

bool serpent_reader::too_many_values() {
  return fail(wire_class::value_error, "more than " + std::to_string(limits_.elements) + " values in one message");
}

// A key ends at place_: goes on to its value.
bool serpent_reader::key_done() {
  const char* const colon = blanks(place_);
  const char c = lexer_.at(colon);
  if (c != ':') {
    if (levels_.back().first && (c == ',' || c == '}')) return fail(wire_class::type_error, "expected dict, not set");
    return unexpected_after(colon), refuse();
  }
  place_ = blanks(colon + 1);
  at_value_ = true;
  return true;
}

bool serpent_reader::take_peeked(kind wanted, std::string_view expected) {
  return peek() == wanted ? take(peeked_end_) : mismatch(expected);
}

bool serpent_reader::read_none() { return take_peeked(kind::none, "None"); }

bool serpent_reader::read_boolean(bool& out) {
  if (!take_peeked(kind::boolean, "bool")) return false;
  out = term_.flag;
  return true;
}

bool serpent_reader::read_integer(std::int64_t& out) {
  if (at_element()) {
    const bool negative = lexer_.at(place_) == '-';
    std::uint64_t magnitude = 0;
    if (const char* const end = lexer_.short_integer(place_ + negative, magnitude)) {
      out = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
      return take(end);
    }
  }
  if (peek() == kind::big_integer) {
    integer big;
    const mark before = here();
    if (!read_big_integer(big)) return false;
    rewind(before);
    return fail(wire_class::overflow_error, "int " + big.to_string() + " does not fit int64");
  }
  if (peek() != kind::integer) return mismatch("int");
  const std::uint64_t magnitude = term_.number.magnitude;
  out = static_cast<std::int64_t>(term_.flag ? 0 - magnitude : magnitude);
  return take(peeked_end_);
}

bool serpent_reader::read_big_integer(integer& out) {
  const kind there = peek();
  if (there != kind::integer && there != kind::big_integer) return mismatch("int");
  const serpent_number& number = term_.number;
  if (number.what == kind::integer)
    out = integer::from_digits({static_cast<std::uint32_t>(number.magnitude), static_cast<std::uint32_t>(number.magnitude >> 32)}, term_.flag);
  else if (number.bits != 0)
    out = *integer::from_power_of_two(number.digits, number.bits, term_.flag);
  else
    out = *integer::from_decimal((term_.flag ? "-" : "") + std::string(number.digits));
  return take(peeked_end_);
}

bool serpent_reader::read_real(double& out) {
  if (at_element()) {
    const bool negative = lexer_.at(place_) == '-';
    if (const char* const end = lexer_.short_real(place_ + negative, out)) {
      if (negative) out = -out;
      return take(end);
    }
  }
  const kind there = peek();
  if (there != kind::real && there != kind::integer && there != kind::big_integer) return mismatch("float");
  if (*place_ == '{' && must_hash()) return unhashable("dict");
  if (!to_double(term_, out, place_)) return refuse();
  return take(peeked_end_);
}

bool serpent_reader::read_complex(std::complex<double>& out) {
  if (peek() != kind::complex) return mismatch("complex");
  out = term_.value;
  return take(peeked_end_);
}

// The string or bytes just peeked at.
bool serpent_reader::read_literal(serpent_string& out) {
  if (peeked_end_ != nullptr) {
    out.text = term_.text;
    return take(peeked_end_);
  }
  const char* const end = lexer_.string(place_, brackets_ != 0, out, scratch_);
  return end != nullptr ? take(end) : refuse();
}

bool serpent_reader::read_string(std::string_view& out) {
  if (at_value_ && !levels_.empty() && ok()) {
    if (const char* const end = lexer_.plain_string(place_)) {
      out = {place_ + 1, end - 1};
      return take(end);
    }
  }
  if (peek() != kind::string) return mismatch("str");
  serpent_string literal;
  if (!read_literal(literal)) return false;
  out = literal.text;
  return true;
}

bool serpent_reader::read_bytes(std::span<const std::byte>& out) {
  const kind there = peek();
  if (there == kind::dict) return read_base64(out);
  if (there != kind::bytes) return mismatch("bytes");
  serpent_string literal;
  if (!read_literal(literal)) return false;
  out = std::as_bytes(std::span(literal.text));
  return true;
}

// The text of {'data': '…', 'encoding': 'base64'}, read like any dict so that form and order are free.
bool serpent_reader::base64_text(std::string_view& out) {
  std::size_t hint = 0;
  bool data = false, encoding = false;
  if (!enter_dict(hint)) return false;
  while (more()) {
    std::string_view key, value;
    if (peek() == kind::string ? !read_string(key) : !skip()) return false;
    if (peek() != kind::string) {
      if (!skip()) return false;
      continue;
    }
    if (!read_string(value)) return false;
    if (key == "data") out = value, data = true;
    if (key == "encoding") encoding = value == "base64";
  }
  if (!ok()) return false;
  return (data && encoding) || fail(wire_class::type_error, "argument is neither bytes nor serpent base64 encoded bytes dict");
}

bool serpent_reader::read_base64(std::span<const std::byte>& out) {
  std::string_view text;
  if (!base64_text(text)) return false;
  auto* const to = reinterpret_cast<std::byte*>(scratch_.room(base64_decoded_room(text.size())));
  const auto size = base64_decode(text, to);
  if (!size) return fail(wire_class::value_error, size.error());
  scratch_.keep(*size);
  out = {to, *size};
  return true;
}

bool serpent_reader::read_datetime(datetime&) { return mismatch("datetime"); }
bool serpent_reader::read_date(date&) { return mismatch("date"); }

bool serpent_reader::open_level(container shape, const char* open, const char* inside, char close) {
  const bool hashed = must_hash();
  const bool bracket = shape != container::open_tuple;
  if (bracket && too_deep(open)) return refuse();
  if (!count_value()) return false;
  brackets_ += bracket;
  levels_.push_back({open, group_, brackets_, groups_, shape, close, hashed});
  groups_ = 0;
  peeked_ = kind::error;
  at_value_ = false;
  place_ = inside;
  return true;
}

bool serpent_reader::enter_sequence(std::size_t& hint) {
  hint = 0;
  const kind there = peek();
  if (there != kind::list && there != kind::tuple && there != kind::set) return mismatch("list, tuple or set");
  if (there != kind::tuple && must_hash()) return unhashable(python_name(there));
  const char* const p = place_;
  if (there == kind::tuple && levels_.empty() && open_tuple_) return open_level(container::open_tuple, p, p, '\0');
  if (there == kind::tuple) return open_level(container::tuple, p, p + 1, ')');
  if (there == kind::list) {
    hint = serpent_lookahead::short_count(lexer_, p + 1);
    return open_level(container::list, p, p + 1, ']');
  }
  if (*p == '{') return open_level(container::set, p, p + 1, '}');
  const char* const call = blanks(lexer_.name(p));  // set()
  return open_level(container::set, call, call + 1, ')');
}

bool serpent_reader::enter_dict(std::size_t& hint) {
  hint = 0;
  const bool brace = ok() && at_value_ && lexer_.at(place_) == '{';
  // Where nobody has looked yet, the first colon will tell soon enough that it is a dict.
  if (!brace || peeked_ != kind::error || levels_.empty()) {
    const kind there = peek();
    if (there != kind::dict && !(there == kind::real && brace)) return mismatch("dict");
  }
  if (must_hash()) return unhashable("dict");
  return open_level(container::dict, place_, place_ + 1, '}');
}

bool serpent_reader::more() {
  if (!ok() || levels_.empty()) return false;
  if (at_value_) return true;
  level& top = levels_.back();
  const bool bare = top.shape == container::open_tuple;
  const char* p = blanks(place_);
  if (!top.first) {
    if (lexer_.at(p) == ',') p = blanks(p + 1);
    else if (bare) return close_level(place_);
    else if (lexer_.at(p) == top.close) return close_level(p + 1);
    else return unexpected_after(p), refuse();
  }
  if (!bare && lexer_.at(p) == top.close) return close_level(p + 1);
  if (bare && (p == lexer_.end() || lexer_.newline(p) != p)) return close_level(p);
  place_ = p;
  at_value_ = true;
  return true;
}

// Leaves the innermost container, which ends before `behind`, and the parentheses around it. False, as the last more() is.
bool serpent_reader::close_level(const char* behind) {
  const level top = levels_.back();
  place_ = behind;
  brackets_ -= top.shape != container::open_tuple;
  levels_.pop_back();
  group_ = top.group;
  for (groups_ = top.groups; groups_ != 0; --groups_) {
    const char* const p = blanks(place_);
    if (lexer_.at(p) != ')') return unexpected_after(p), refuse();
    place_ = p + 1;
    --brackets_;
  }
  value_done();
  return false;
}

bool serpent_reader::skip() {
  const std::size_t outside = levels_.size();
  std::size_t hint = 0;
  do {
    bool good = false;
    std::string_view text;
    std::span<const std::byte> bytes;
    switch (peek()) {
      case kind::list: case kind::tuple: case kind::set: good = enter_sequence(hint); break;
      case kind::dict: good = enter_dict(hint); break;
      case kind::string: good = read_string(text); break;
      case kind::bytes: good = read_bytes(bytes); break;
      case kind::error: good = mismatch("a value"); break;
      default: good = *place_ == '{' && must_hash() ? unhashable("dict") : take(peeked_end_); break;
    }
    if (!good) return false;
    while (levels_.size() > outside && !more())
      if (!ok()) return false;
  } while (levels_.size() > outside);
  return ok();
}

// The state beside place and depth: what may change in the innermost level while it stays the innermost.
reader::mark serpent_reader::here() const {
  const bool first = levels_.empty() || levels_.back().first, key = levels_.empty() || levels_.back().key;
  const std::uint64_t flags = std::uint64_t{at_value_} | std::uint64_t{first} << 1 | std::uint64_t{key} << 2;
  return {offset(), static_cast<std::uint32_t>(levels_.size()), flags | std::uint64_t{groups_} << 3 | std::uint64_t{values_} << 16};
}

void serpent_reader::rewind(const mark& to) {
  levels_.erase(levels_.begin() + to.depth, levels_.end());
  place_ = lexer_.begin() + to.offset;
  peeked_ = kind::error;
  at_value_ = to.state & 1;
  groups_ = static_cast<std::uint32_t>(to.state >> 3 & 0x1fff);
  values_ = static_cast<std::size_t>(to.state >> 16);
  brackets_ = groups_;
  if (groups_ != 0) {  // the parenthesis is the last thing before the place but blanks and comments
    group_ = place_ - 1;
    while (*group_ != '(') --group_;
  }
  if (levels_.empty()) return;
  brackets_ += levels_.back().brackets;
  levels_.back().first = to.state >> 1 & 1;
  levels_.back().key = to.state >> 2 & 1;
}

// Stops before element number `had` of the call.
bool serpent_reader::next_argument(std::size_t had) {
  if (more()) return true;
  return ok() && fail(wire_class::value_error, "not enough values to unpack (expected 4, got " + std::to_string(had) + ")");
}

bool serpent_reader::begin_call(std::string_view& object, std::string_view& method) {
  // A call is never a tuple around a tuple, so there is no need to look what follows its bracket; end_call() does.
  const char c = lexer_.at(place_);
  if (at_value_ && (c == '(' || c == '[')) document_known_ = true;
  const kind there = peek();
  if (ok() && there != kind::list && there != kind::tuple && there != kind::set && there != kind::error)
    return fail(wire_class::type_error, "cannot unpack non-iterable " + std::string(python_name(there)) + " object");
  std::size_t hint = 0;
  return enter_sequence(hint) && next_argument(0) && read_string(object) && next_argument(1) && read_string(method) && next_argument(2);
}

bool serpent_reader::begin_keywords() { return next_argument(3); }

bool serpent_reader::end_call() {
  if (more()) return fail(wire_class::value_error, "too many values to unpack (expected 4)");
  if (ok() && levels_.empty() && lexer_.at(blanks(place_)) == ',')
    return fail(wire_class::value_error, "not enough values to unpack (expected 4, got 1)");
  return finish();
}

bool serpent_reader::finish() {
  if (!ok()) return false;
  if (at_value_ || !levels_.empty()) return fail(wire_class::value_error, "not read to its end");
  if (lexer_.tail(place_)) return true;
  const char* const p = blanks(place_);
  if (lexer_.newline(p) == p && *p != '\\') unexpected_after(p);
  return refuse();
}

}  // namespace detail
}  // namespace engine
