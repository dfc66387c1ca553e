// repr() of a value, character for character as Python prints it.
#include <cmath>
#include <cstdio>

#include <codec/float_text.hpp>
#include <codec/printable.hpp>
#include <codec/utf8.hpp>
#include <codec/value.hpp>

namespace engine {

namespace {

void print(std::string& out, const value& v);

void print_hex(std::string& out, const char* format, unsigned number) {
  char text[12];
  out.append(text, static_cast<std::size_t>(std::snprintf(text, sizeof text, format, number)));
}

/// The escapes text and bytes have in common; false if `c` is none of them.
bool print_escaped(std::string& out, char32_t c, char quote) {
  switch (c) {
    case U'\\': out += "\\\\"; return true;
    case U'\n': out += "\\n"; return true;
    case U'\r': out += "\\r"; return true;
    case U'\t': out += "\\t"; return true;
    default: break;
  }
  if (c != static_cast<unsigned char>(quote)) return false;
  out += '\\';
  out += quote;
  return true;
}

char quote_for(std::string_view text) { return text.contains('\'') && !text.contains('"') ? '"' : '\''; }

void print_text(std::string& out, std::string_view text) {
  const char quote = quote_for(text);
  out += quote;
  if (find_utf8_fault(text, true)) {
    out += "(not UTF-8)";  // only a program's own value can hold that
  } else {
    const char* p = text.data();
    while (p != text.data() + text.size()) {
      const char32_t c = next_utf8(p);
      if (print_escaped(out, c, quote)) continue;
      if (is_printable(c)) append_utf8(out, c);
      else print_hex(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
  }
  out += quote;
}

void print_bytes(std::string& out, const bytes& data) {
  const char quote = quote_for({reinterpret_cast<const char*>(data.data()), data.size()});
  out += 'b';
  out += quote;
  for (const std::byte b : data) {
    const auto c = static_cast<unsigned char>(b);
    if (print_escaped(out, c, quote)) continue;
    if (c >= 0x20 && c < 0x7f) out += static_cast<char>(c);
    else print_hex(out, "\\x%02x", c);
  }
  out += quote;
}

std::string real_text(double x) {
  char text[float_text_size];
  return {text, write_float(x, text)};
}

/// Inside a complex whole numbers have no point.
std::string part_text(double x) {
  std::string text = real_text(x);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

void print_complex(std::string& out, std::complex<double> z) {
  const std::string imaginary = part_text(z.imag()) + 'j';
  if (z.real() == 0 && !std::signbit(z.real())) {
    out += imaginary;
    return;
  }
  out += '(' + part_text(z.real()) + (imaginary.starts_with('-') ? "" : "+") + imaginary + ')';
}

void print_date_fields(std::string& out, const date& day) {
  out += std::to_string(day.year) + ", " + std::to_string(day.month) + ", " + std::to_string(day.day);
}

void print_zone(std::string& out, std::int32_t offset) {
  out += ", tzinfo=datetime.timezone";
  if (offset == 0) {
    out += ".utc";
    return;
  }
  const std::int32_t days = offset < 0 ? -1 : 0;
  out += "(datetime.timedelta(";
  if (days != 0) out += "days=-1, ";
  out += "seconds=" + std::to_string(offset - days * 86400) + "))";
}

void print_datetime(std::string& out, const datetime& when) {
  out += "datetime.datetime(";
  print_date_fields(out, when.day);
  out += ", " + std::to_string(when.time.hour) + ", " + std::to_string(when.time.minute);
  if (when.time.second != 0 || when.time.microsecond != 0) out += ", " + std::to_string(when.time.second);
  if (when.time.microsecond != 0) out += ", " + std::to_string(when.time.microsecond);
  if (when.time.offset_seconds) print_zone(out, *when.time.offset_seconds);
  out += ')';
}

void print_elements(std::string& out, std::string_view open, std::span<const value> elements, std::string_view close) {
  out += open;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i != 0) out += ", ";
    print(out, elements[i]);
  }
  out += close;
}

void print_dict(std::string& out, const value::dict& dict) {
  out += '{';
  bool first = true;
  for (const value_entry& entry : dict) {
    if (!first) out += ", ";
    first = false;
    print(out, entry.key);
    out += ": ";
    print(out, entry.item);
  }
  out += '}';
}

void print(std::string& out, const value& v) {
  switch (v.kind()) {
    case kind::error:
    case kind::none: out += "None"; break;
    case kind::boolean: out += v.get<bool>() ? "True" : "False"; break;
    case kind::integer: out += std::to_string(v.get<std::int64_t>()); break;
    case kind::big_integer: out += v.get<integer>().to_string(); break;
    case kind::real: out += real_text(v.get<double>()); break;
    case kind::complex: print_complex(out, v.get<std::complex<double>>()); break;
    case kind::string: print_text(out, v.get<std::string>()); break;
    case kind::bytes: print_bytes(out, v.get<bytes>()); break;
    case kind::list: print_elements(out, "[", v.elements(), "]"); break;
    case kind::tuple: print_elements(out, "(", v.elements(), v.size() == 1 ? ",)" : ")"); break;
    case kind::set: print_elements(out, v.size() == 0 ? "set(" : "{", v.elements(), v.size() == 0 ? ")" : "}"); break;
    case kind::frozenset:
      print_elements(out, v.size() == 0 ? "frozenset(" : "frozenset({", v.elements(), v.size() == 0 ? ")" : "})");
      break;
    case kind::dict: print_dict(out, v.get<value::dict>()); break;
    case kind::datetime: print_datetime(out, v.get<datetime>()); break;
    case kind::date:
      out += "datetime.date(";
      print_date_fields(out, v.get<date>());
      out += ')';
      break;
  }
}

}  // namespace

std::string to_repr(const value& v) {
  std::string out;
  print(out, v);
  return out;
}

}  // namespace engine
