// What serpent 1.41 writes, byte for byte (WIRE §18.1), except where nobody could read that (see serpent.hpp).
#include <codec/serpent_writer.hpp>

#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdio>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <codec/base64.hpp>
#include <codec/float_text.hpp>
#include <codec/printable.hpp>
#include <codec/utf8.hpp>
#include <codec/value.hpp>

namespace engine {

std::unique_ptr<writer> make_serpent_writer() { return make_serpent_writer(serpent_bytes::base64); }
std::unique_ptr<writer> make_serpent_writer(serpent_bytes form) { return std::make_unique<detail::serpent_writer>(form); }

namespace detail {
namespace {

constexpr std::size_t levels_max = 200;
constexpr std::size_t digits_max = 4300;

// The first byte in [p, end) that repr() does not simply copy: controls, DEL, backslash, the quote, and all outside ASCII.
const char* find_special(const char* p, const char* end, char quote) {
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i hits = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));  // signed: bytes from 0x80 are below it, too
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    hits = _mm_or_si128(hits, _mm_cmpeq_epi8(block, _mm_set1_epi8(quote)));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits))) return p + std::countr_zero(mask);
  }
#endif
  const auto plain = [quote](char c) { return c >= 0x20 && c < 0x7f && c != '\\' && c != quote; };
  while (p != end && plain(*p)) ++p;
  return p;
}

}  // namespace

void serpent_writer::start(output& out) {
  clear_error();
  out_ = &out;
  levels_.clear();
  put("# serpent utf-8 python3.2\n");
}

serpent_writer::place serpent_writer::where() const {
  if (levels_.empty()) return place::plain;
  const level& top = levels_.back();
  const bool element = top.shape == kind::set || top.shape == kind::frozenset;
  if (element || (top.shape == kind::dict && top.written % 2 == 0)) return place::key;
  return top.hashed ? place::inside_key : place::plain;
}

bool serpent_writer::begin_value() {
  if (!ok()) return false;
  if (levels_.size() > levels_max)
    return fail(wire_class::value_error,
                "Object graph nesting too deep. Increase serializer.maximum_level if you think you need more,  but this may "
                "cause a RecursionError instead if Python's recursion limit doesn't allow it.");
  if (levels_.empty()) return true;
  level& top = levels_.back();
  assert(top.written < top.count);
  if (top.written != 0) out_->append(top.shape == kind::dict && top.written % 2 == 1 ? ':' : ',');
  ++top.written;
  return true;
}

bool serpent_writer::refuse_key(std::string_view python_class) {
  if (!ok()) return false;
  return fail(wire_class::type_error, "one of the keys in a dict or set is not of a primitive hashable type: <class '" +
                                          std::string(python_class) +
                                          "'>. Use simple types as keys or use a list or tuple as container.");
}

// Values that may not be anywhere in a key. `why` is empty for those that Python itself refuses.
bool serpent_writer::begin_unhashable(std::string_view python_class, std::string_view why) {
  const place here = where();
  if (here == place::plain) return begin_value();
  if (here == place::key) return refuse_key(python_class);
  if (!ok()) return false;
  return fail(wire_class::type_error, why.empty() ? "unhashable type: '" + std::string(python_class) + "'" : std::string(why));
}

// Values written as something hashable, which Python refuses as keys nevertheless.
bool serpent_writer::begin_moment(std::string_view python_class) {
  return where() == place::key ? refuse_key(python_class) : begin_value();
}

void serpent_writer::none() {
  if (begin_moment("NoneType")) put("None");
}

void serpent_writer::boolean(bool value) {
  if (begin_value()) put(value ? "True" : "False");
}

void serpent_writer::signed_integer(std::int64_t value) {
  if (!begin_value()) return;
  char* const to = out_->room(24);
  out_->advance(static_cast<std::size_t>(std::to_chars(to, to + 24, value).ptr - to));
}

void serpent_writer::unsigned_integer(std::uint64_t value) {
  if (!begin_value()) return;
  char* const to = out_->room(24);
  out_->advance(static_cast<std::size_t>(std::to_chars(to, to + 24, value).ptr - to));
}

void serpent_writer::big_integer(const integer& value) {
  if (!begin_value()) return;
  // A digit takes less than 4 bits: what is surely too long is not converted, because that takes the square of its length.
  std::string text;
  if (value.magnitude().size() * 32 < digits_max * 4) text = value.to_string();
  if (text.empty() || text.size() - value.negative() > digits_max)
    fail(wire_class::value_error, "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit");
  else
    put(text);
}

void serpent_writer::put_float(double value) {
  if (std::isinf(value)) return put(value > 0 ? "1e30000" : "-1e30000");
  char* const to = out_->room(float_text_size);
  out_->advance(static_cast<std::size_t>(write_float(value, to) - to));
}

void serpent_writer::real(double value) {
  if (!std::isnan(value)) {
    if (begin_value()) put_float(value);
  } else if (where() == place::plain) {
    if (begin_value()) put("{'__class__':'float','value':'nan'}");
  } else if (ok()) {
    fail(wire_class::type_error, "nan cannot be part of a dict key or set element in serpent");
  }
}

void serpent_writer::complex(std::complex<double> value) {
  if (!begin_value()) return;
  if (std::isnan(value.real()) || std::isnan(value.imag())) {
    fail(wire_class::value_error, "a complex number with a nan cannot be written in serpent");
    return;
  }
  out_->append('(');
  put_float(value.real());
  if (!std::signbit(value.imag())) out_->append('+');
  put_float(value.imag());
  put("j)");
}

void serpent_writer::bytes(std::span<const std::byte> data, bool) {
  if (bytes_form_ == serpent_bytes::literal) {
    if (begin_value()) put(to_repr(value(engine::bytes(data.begin(), data.end()))));
    return;
  }
  if (!begin_unhashable("bytes", "bytes cannot be part of a dict key or set element in serpent")) return;
  put("{'data': '");
  base64_encode(data, out_->room(base64_encoded_size(data.size())));
  out_->advance(base64_encoded_size(data.size()));
  put("', 'encoding': 'base64'}");
}

void serpent_writer::at(const datetime& value) {
  if (begin_moment("datetime.datetime")) put_repr(iso_format(value));
}

void serpent_writer::at(const date& value) {
  if (begin_moment("datetime.date")) put_repr(iso_format(value));
}

void serpent_writer::at(const time_of_day& value) {
  if (begin_moment("datetime.time")) put_repr(iso_format(value));
}

void serpent_writer::duration(double seconds) {
  if (begin_moment("datetime.timedelta")) put_float(seconds);
}

void serpent_writer::string(std::string_view utf8) {
  if (begin_value()) put_repr(utf8);
}

void serpent_writer::put_repr(std::string_view text) {
  const bool doubled = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = doubled ? '"' : '\'';
  out_->append(quote);
  const char* run = text.data();
  const char* const end = run + text.size();
  bool checked = false;
  for (const char* p = find_special(run, end, quote); p != end; p = find_special(p, end, quote)) {
    if (static_cast<unsigned char>(*p) >= 0x80 && !checked) {
      if (const auto fault = find_utf8_fault(text, true)) {
        fail(wire_class::unicode_decode_error, utf8_fault_text(text, *fault));
        return;
      }
      checked = true;
    }
    const char* const here = p;
    const char32_t point = next_utf8(p);
    if (point >= 0x80 && is_printable(point)) continue;  // stays in the run
    put({run, here});
    if (point == static_cast<char32_t>(quote) || point == '\\') {
      out_->append('\\');
      run = here;
    } else {
      put_escape(point);
      run = p;
    }
  }
  put({run, end});
  out_->append(quote);
}

void serpent_writer::put_escape(char32_t point) {
  switch (point) {
    case '\n': return put("\\n");
    case '\r': return put("\\r");
    case '\t': return put("\\t");
    default: break;
  }
  char text[16];
  const char* const form = point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
  put({text, static_cast<std::size_t>(std::snprintf(text, sizeof text, form, static_cast<unsigned>(point)))});
}

void serpent_writer::begin(kind container, std::size_t count) {
  const bool hashed = where() != place::plain;
  const bool tuple = container == kind::tuple;
  if (tuple ? !begin_value() : !begin_unhashable(python_name(container), {})) return;
  levels_.push_back({container, hashed, container == kind::dict ? 2 * count : count});
  const bool round = tuple || (container != kind::list && container != kind::dict && count == 0);  // there is no empty set literal
  out_->append(round ? '(' : container == kind::list ? '[' : '{');
}

void serpent_writer::end() {
  if (!ok()) return;
  assert(!levels_.empty() && levels_.back().written == levels_.back().count);
  const level top = levels_.back();
  levels_.pop_back();
  if (top.shape == kind::list) return out_->append(']');
  if (top.shape == kind::tuple) return put(top.count == 1 ? ",)" : ")");
  out_->append(top.shape == kind::dict || top.count != 0 ? '}' : ')');
}

void serpent_writer::begin_call(std::string_view object, std::string_view method, std::size_t arguments) {
  begin(kind::tuple, 4);
  string(object);
  string(method);
  begin(kind::tuple, arguments);
}

void serpent_writer::begin_keywords(std::size_t count) {
  end();
  begin(kind::dict, count);
}

void serpent_writer::no_keywords() {
  end();
  none();
}

void serpent_writer::end_call() {
  if (levels_.size() == 2) end();  // the keywords
  end();
}

}  // namespace detail
}  // namespace engine
