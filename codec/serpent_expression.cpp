// Values without containers: numbers, signs, complex sums, names, strings, and parentheses around any of them. Recursion
// goes over parentheses only, and those count for the depth limit.
#include <codec/serpent_reader.hpp>

#include <cmath>

#include <codec/float_text.hpp>

namespace engine::detail {

serpent_reader::found serpent_reader::sum(const char*& p, term& out, bool skim) {
  const char* const begin = p;
  const found first = signed_term(p, out, skim);
  if (first != found::value) return first;
  while (true) {
    const char* q = blanks(p);
    const char sign = lexer_.at(q);
    if (sign != '+' && sign != '-') return found::value;
    term right;
    q = blanks(q + 1);
    const char* const right_begin = q;
    const found second = atom(q, right, true);
    if (second == found::fault) return second;
    // Python converts both sides, the left one first, before it looks whether their sum is one.
    const bool right_is_wrong = is_number(out) && (second != found::value || right.shape != term::form::number);
    const char* const wrong = right_is_wrong ? right_begin : begin;
    if (second != found::value) return lexer_.refuse_malformed("a sum with a container", wrong), found::fault;
    if (add(out, sign == '-', right, wrong) == found::fault) return found::fault;
    p = q;
  }
}

// Python adds real(left) to complex(0, imaginary), which is what makes 1-0j have a positive zero.
serpent_reader::found serpent_reader::add(term& left, bool minus, const term& right, const char* p) {
  const bool left_real = is_number(left) && left.what != kind::complex;
  if (!left_real || right.shape != term::form::number || right.what != kind::complex)
    return lexer_.refuse_malformed("a sum that is no complex number", p), found::fault;
  double real = 0;
  if (!to_double(left, real, p)) return found::fault;
  const double imaginary = right.value.imag();
  left.value = minus ? std::complex<double>(real - 0.0, 0.0 - imaginary) : std::complex<double>(real + 0.0, 0.0 + imaginary);
  left.shape = term::form::sum;
  left.what = kind::complex;
  return found::value;
}

serpent_reader::found serpent_reader::signed_term(const char*& p, term& out, bool skim) {
  const char sign = lexer_.at(p);
  if (sign != '+' && sign != '-') return atom(p, out, skim);
  const char* q = blanks(p + 1);
  const found what = atom(q, out, true);
  if (what == found::fault) return what;
  if (what != found::value || out.shape != term::form::number)
    return lexer_.refuse_malformed("a sign before what is no number", p), found::fault;
  out.shape = term::form::signed_number;
  if (sign == '-') {
    out.flag = true;
    out.value = -out.value;
  }
  p = q;
  return found::value;
}

serpent_reader::found serpent_reader::atom(const char*& p, term& out, bool skim) {
  const char c = lexer_.at(p);
  if (c == '(') return group(p, out, skim);
  if (c == '[' || c == '{') return found::container;
  if (lexer_.is_digit(c) || (c == '.' && lexer_.is_digit(lexer_.at(p + 1)))) return number(p, out);
  if (lexer_.string_begins(p)) {
    serpent_string literal;
    const bool bracketed = brackets_ + nested_ != 0;
    const char* const end = skim ? lexer_.skip_string(p, bracketed, literal) : lexer_.string(p, bracketed, literal, scratch_);
    if (end == nullptr) return found::fault;
    out.shape = term::form::other;
    out.what = literal.is_bytes ? kind::bytes : kind::string;
    out.text = literal.text;
    p = end;
    return found::value;
  }
  if (lexer_.is_name_start(c)) return name(p, out);
  unexpected_value(p);
  return found::fault;
}

serpent_reader::found serpent_reader::group(const char*& p, term& out, bool skim) {
  if (too_deep(p)) return found::fault;
  const char* const outer = nested_open_;
  nested_open_ = p;
  ++nested_;
  const char* q = blanks(p + 1);
  found what = found::tuple;
  if (lexer_.at(q) != ')') {
    what = sum(q, out, skim);
    if (what == found::tuple) what = found::container;
    if (what == found::value) {
      q = blanks(q);
      const char c = lexer_.at(q);
      if (c == ',') what = found::tuple;
      else if (c == ')') p = q + 1;
      else unexpected_after(q), what = found::fault;
    }
  }
  --nested_;
  nested_open_ = outer;
  return what;
}

serpent_reader::found serpent_reader::name(const char*& p, term& out) {
  const char* const end = lexer_.name(p);
  const std::string_view word(p, end);
  out.shape = term::form::other;
  if (word == "None") {
    out.what = kind::none;
  } else if (word == "True" || word == "False") {
    out.what = kind::boolean;
    out.flag = word == "True";
  } else {
    const char* q = blanks(end);
    if (word != "set" || lexer_.at(q) != '(') return unexpected_value(p), found::fault;
    if (too_deep(q)) return found::fault;
    q = lexer_.blanks(q + 1, true);
    if (lexer_.at(q) != ')') return lexer_.refuse_malformed("a call", p), found::fault;
    p = q + 1;
    return found::container;
  }
  p = end;
  return found::value;
}

serpent_reader::found serpent_reader::number(const char*& p, term& out) {
  if (const char* const short_end = lexer_.short_integer(p, out.number.magnitude)) {
    out.shape = term::form::number;
    out.what = out.number.what = kind::integer;
    out.flag = false;
    p = short_end;
    return found::value;
  }
  double real = 0;
  if (const char* const short_end = lexer_.short_real(p, real)) {
    out.shape = term::form::number;
    out.what = out.number.what = kind::real;
    out.flag = false;
    out.value = real;
    p = short_end;
    return found::value;
  }
  const char* const end = lexer_.number(p, out.number, scratch_);
  if (end == nullptr) return found::fault;
  out.shape = term::form::number;
  out.what = out.number.what;
  out.flag = false;
  out.value = out.what == kind::complex ? std::complex<double>(0, out.number.value) : std::complex<double>(out.number.value, 0);
  p = end;
  return found::value;
}

bool serpent_reader::to_double(const term& from, double& out, const char* p) {
  if (from.what == kind::real) {
    out = from.value.real();
    return true;
  }
  if (from.number.what == kind::integer) out = static_cast<double>(from.number.magnitude);
  else if (from.number.bits == 0) out = *parse_float(from.number.digits);
  else out = integer::from_power_of_two(from.number.digits, from.number.bits, false)->to_double();
  if (std::isinf(out)) {
    lexer_.refuse(wire_class::overflow_error, "int too large to convert to float", p);
    return false;
  }
  if (from.flag) out = -out;
  return true;
}

kind serpent_reader::kind_of(const term& value) {
  if (value.what != kind::integer) return value.what;
  const std::uint64_t most = (std::uint64_t{1} << 63) - (value.flag ? 0 : 1);
  return value.number.magnitude <= most ? kind::integer : kind::big_integer;
}

}  // namespace engine::detail
