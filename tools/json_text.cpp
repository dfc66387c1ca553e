// See json_text.hpp.
#include "json_text.hpp"

#include <cmath>
#include <cstdio>

#include <codec/base64.hpp>
#include <codec/float_text.hpp>
#include <codec/moment.hpp>

namespace engine::tools {

namespace {

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
          out += escaped;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string base64_text(std::span<const std::byte> data) {
  std::string text(base64_encoded_size(data.size()), '\0');
  base64_encode(data, text.data());
  return text;
}

class printer {
 public:
  explicit printer(unsigned indent) : indent_(indent) {}

  void print(const value& v) {
    switch (v.kind()) {
      case kind::list:
      case kind::tuple:
      case kind::set:
      case kind::frozenset: return print_array(v);
      case kind::dict: return print_object(v);
      default: return print_scalar(v);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void print_scalar(const value& v) {
    switch (v.kind()) {
      case kind::boolean: out_ += v.get<bool>() ? "true" : "false"; break;
      case kind::integer: out_ += std::to_string(v.get<std::int64_t>()); break;
      case kind::big_integer: out_ += v.get<integer>().to_string(); break;
      case kind::real: print_real(v.get<double>()); break;
      case kind::complex: {
        const auto z = v.get<std::complex<double>>();
        out_ += '[';
        print_real(z.real());
        out_ += ", ";
        print_real(z.imag());
        out_ += ']';
        break;
      }
      case kind::string: append_text(out_, v.get<std::string>()); break;
      case kind::bytes: append_text(out_, base64_text(v.get<bytes>())); break;
      case kind::datetime: append_text(out_, iso_format(v.get<datetime>())); break;
      case kind::date: append_text(out_, iso_format(v.get<date>())); break;
      default: out_ += "null";
    }
  }
  void print_real(double x) {
    if (std::isnan(x)) out_ += "NaN";
    else if (std::isinf(x)) out_ += x < 0 ? "-Infinity" : "Infinity";
    else {
      char text[float_text_size];
      out_.append(text, write_float(x, text));
    }
  }
  void print_array(const value& v) {
    open('[');
    bool first = true;
    for (const value& item : v) {
      separate(first);
      print(item);
    }
    close(']', first);
  }
  void print_object(const value& v) {
    open('{');
    bool first = true;
    for (const auto& [key, item] : v.entries()) {
      separate(first);
      if (const auto* text = key.get_if<std::string>()) append_text(out_, *text);
      else append_text(out_, to_json(key));
      out_ += ": ";
      print(item);
    }
    close('}', first);
  }
  void open(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void separate(bool& first) {
    if (!std::exchange(first, false)) out_ += indent_ ? "," : ", ";
    line();
  }
  void close(char bracket, bool empty) {
    --depth_;
    if (!empty) line();
    out_ += bracket;
  }
  void line() {
    if (!indent_) return;
    out_ += '\n';
    out_.append(std::size_t{indent_} * depth_, ' ');
  }

  std::string out_;
  unsigned indent_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string to_json(const value& v, unsigned indent) {
  printer p(indent);
  p.print(v);
  return p.take();
}

}  // namespace engine::tools
