// Values one after another. UTF-8 is checked for the whole payload at once, by simdjson's vector code; after that every byte is
// looked at once, and a string without escapes is a view of the payload.
#include <codec/json_reader.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include <simdjson.h>

#include <codec/json.hpp>
#include <codec/utf8.hpp>

namespace engine {
namespace detail {

void json_reader::start(std::span<const std::byte> payload, const decode_limits& limits) {
  clear_error();
  begin_ = p_ = payload.empty() ? "" : reinterpret_cast<const char*>(payload.data());
  end_ = begin_ + payload.size();
  limits_ = limits;
  place_ = place::value;
  closers_.clear();
  values_ = 0;
  number_ = {};
  scratch_.clear();
  located_ = false;
  const std::string_view text(begin_, end_);
  const auto fault = simdjson::validate_utf8(text) ? std::nullopt : find_utf8_fault(text);
  if (fault) {
    fail(wire_class::unicode_decode_error, utf8_fault_text(text, *fault));
  } else if (text.starts_with("\xef\xbb\xbf")) {
    syntax("Unexpected UTF-8 BOM (decode using utf-8-sig)", begin_);
  }
  p_ = json_blanks(begin_, end_);
}

/// Python's message: lines, columns and places are counted in characters.
bool json_reader::syntax(const char* text, const char* at) {
  const auto characters = [](std::string_view of) { return std::ranges::count_if(of, [](char c) { return (c & 0xc0) != 0x80; }); };
  const std::string_view before(begin_, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto column = characters(before.substr(before.rfind('\n') + 1)) + 1;  // npos + 1 is 0
  p_ = at;
  return fail(wire_class::json_decode_error, std::string(text) + ": line " + std::to_string(line) + " column " + std::to_string(column) +
                                                 " (char " + std::to_string(characters(before)) + ")");
}

/// Reads to the end from where a value was, for the sake of faults: Python parses everything before it looks at a value.
bool json_reader::rest_is_sound() {
  if (at_value() && !skip()) return false;
  while (ok() && !closers_.empty()) {
    while (more()) {
      if (!skip()) return false;
    }
  }
  return finish();
}

/// Names what was expected and what is there, unless the text is broken.
bool json_reader::refuse(std::string_view expected) {
  const kind k = peek();
  const char* const here = p_;
  if (!ok() || (!located_ && !rest_is_sound())) return false;
  p_ = here;
  return fail(wire_class::type_error, "expected " + std::string(expected) + ", not " + std::string(python_name(k)));
}

kind json_reader::peek() {
  if (!at_value()) return kind::error;
  switch (p_ == end_ ? '\0' : *p_) {
    case '"': return kind::string;
    case '{': return kind::dict;
    case '[': return kind::list;
    case 't': case 'f': return kind::boolean;
    case 'n': return kind::none;
    default: return look_at_number();
  }
}

kind json_reader::look_at_number() {
  if (number_.begin == p_) return number_.form;
  number_ = scan_json_number(p_, end_);
  if (number_.form == kind::error) {
    syntax("Expecting value", p_);
  } else if (number_.form == kind::big_integer) {
    const auto digits = static_cast<std::size_t>(number_.end - p_ - (*p_ == '-'));
    if (digits > limits_.digits) {
      fail(wire_class::value_error, "Exceeds the limit (" + std::to_string(limits_.digits) + " digits) for integer string conversion: value has " +
                                        std::to_string(digits) + " digits; use sys.set_int_max_str_digits() to increase the limit");
      return kind::error;
    }
  }
  return number_.form;
}

bool json_reader::word(std::string_view text, std::string_view type) {
  if (!at_value() || p_ == end_ || *p_ != text[0]) return refuse(type);
  if (!std::string_view(p_, end_).starts_with(text)) return syntax("Expecting value", p_);
  return took(p_ + text.size());
}

bool json_reader::read_none() { return word("null", "NoneType"); }

bool json_reader::read_boolean(bool& out) {
  out = at_value() && p_ != end_ && *p_ == 't';
  return word(out ? "true" : "false", "bool");
}

bool json_reader::read_integer(std::int64_t& out) {
  switch (peek()) {
    case kind::integer: out = number_.whole; return took(number_.end);
    case kind::big_integer:
      return fail(wire_class::overflow_error, "int " + std::string(p_, number_.end) + " does not fit int64");
    default: return refuse("int");
  }
}

bool json_reader::read_big_integer(integer& out) {
  switch (peek()) {
    case kind::integer: out = number_.whole; return took(number_.end);
    case kind::big_integer: out = *integer::from_decimal({p_, number_.end}); return took(number_.end);
    default: return refuse("int");
  }
}

bool json_reader::read_real(double& out) {
  switch (peek()) {
    case kind::real: out = number_.real; break;
    case kind::integer: out = static_cast<double>(number_.whole); break;
    case kind::big_integer:
      out = integer::from_decimal({p_, number_.end})->to_double();
      if (!std::isfinite(out)) return fail(wire_class::overflow_error, "int too large to convert to float");
      break;
    default: return refuse("float");
  }
  return took(number_.end);
}

bool json_reader::read_string(std::string_view& out) {
  if (!at_value() || p_ == end_ || *p_ != '"') return refuse("str");
  const json_string found = scan_json_string(p_, end_);
  if (found.fault.text != nullptr) return syntax(found.fault.text, found.fault.at);
  out = {p_ + 1, found.end - 1};
  if (found.escaped) {
    char* const decoded = scratch_.room(out.size());
    out = {decoded, decode_json_string(out, decoded)};
    scratch_.keep(out.size());
  }
  return took(found.end);
}

bool json_reader::open(char closer) {
  if (closers_.size() >= limits_.depth) return fail(wire_class::value_error, "containers nested too deeply");
  closers_.push_back(closer);
  ++p_;
  place_ = place::inside;
  return count_value();
}

bool json_reader::enter_sequence(std::size_t& hint) {
  hint = 0;
  return peek() == kind::list ? open(']') : refuse("list");
}

bool json_reader::enter_dict(std::size_t& hint) {
  hint = 0;
  return peek() == kind::dict ? open('}') : refuse("dict");
}

bool json_reader::more() {
  if (!ok() || closers_.empty()) return false;
  if (place_ <= place::key) return true;
  p_ = json_blanks(p_, end_);
  const char closer = closers_.back();
  if (p_ != end_ && *p_ == closer) {
    ++p_;
    closers_.pop_back();
    place_ = place::behind;
    return false;
  }
  if (place_ == place::behind) {
    if (p_ == end_ || *p_ != ',') return syntax("Expecting ',' delimiter", p_);
    p_ = json_blanks(p_ + 1, end_);
  }
  place_ = closer == '}' ? place::key : place::value;
  if (place_ == place::key && (p_ == end_ || *p_ != '"')) return syntax("Expecting property name enclosed in double quotes", p_);
  return true;
}

bool json_reader::skip_scalar(kind k) {
  switch (k) {
    case kind::none: return read_none();
    case kind::boolean: {
      bool ignored = false;
      return read_boolean(ignored);
    }
    case kind::string: {
      const json_string found = scan_json_string(p_, end_);
      return found.fault.text != nullptr ? syntax(found.fault.text, found.fault.at) : took(found.end);
    }
    case kind::error: return refuse("a value");
    default: return took(number_.end);
  }
}

bool json_reader::skip() {
  const std::size_t depth = closers_.size();
  do {
    const kind k = peek();
    const bool good = k == kind::list ? open(']') : k == kind::dict ? open('}') : skip_scalar(k);
    if (!good) return false;
    while (closers_.size() > depth && !more()) {
      if (!ok()) return false;
    }
  } while (closers_.size() > depth);
  return true;
}

void json_reader::rewind(const mark& m) {
  assert(m.depth <= closers_.size());
  p_ = begin_ + m.offset;
  closers_.resize(m.depth);
  place_ = static_cast<place>(m.state & 3);
  values_ = m.state >> 2;
}

bool json_reader::finish() {
  if (!ok()) return false;
  if (!closers_.empty() || place_ != place::behind) return fail(wire_class::value_error, "values left over");
  p_ = json_blanks(p_, end_);
  return p_ == end_ ? true : syntax("Extra data", p_);
}

}  // namespace detail

std::unique_ptr<reader> make_json_reader() { return std::make_unique<detail::json_reader>(); }

}  // namespace engine
