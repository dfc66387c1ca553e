// Writes JSON byte for byte as Pyro's JsonSerializer does. What that cannot write is refused with its words, and what it turns
// into something else (tuples, sets, dates, keys that are no text) becomes the same here.
#include <charconv>
#include <cmath>
#include <vector>

#include <codec/convert.hpp>
#include <codec/float_text.hpp>
#include <codec/json.hpp>
#include <codec/json_scan.hpp>
#include <codec/utf8.hpp>
#include <codec/writer_words.hpp>

namespace engine {

namespace {

constexpr std::size_t digits_max = 4300;  // CPython's own bound for int to text

class json_writer final : public writer {
 public:
  std::string_view format() const override { return "json"; }
  void start(output& out) override {
    clear_error();
    out_ = &out;
    start_ = out.here();
    at_ = {};
    outer_.clear();
  }

  void none() override { scalar("null"); }
  void boolean(bool b) override { scalar(b ? "true" : "false"); }
  void signed_integer(std::int64_t n) override { number(n); }
  void unsigned_integer(std::uint64_t n) override { number(n); }
  void big_integer(const integer&) override;
  void real(double) override;
  void complex(std::complex<double>) override { refuse("complex"); }
  void string(std::string_view utf8) override {
    if (open_value()) {
      quoted(utf8);
      close_value();
    }
  }
  ENGINE_WRITER_LISTS

  void bytes(std::span<const std::byte>, bool) override { refuse("bytes"); }
  void at(const datetime& when) override { moment("datetime.datetime", when); }
  void at(const date& day) override { moment("datetime.date", day); }
  void at(const time_of_day&) override { refuse("datetime.time"); }
  void duration(double) override { refuse("datetime.timedelta"); }

  void begin(kind container, std::size_t) override {
    if (at_.place == place::key || container == kind::frozenset) return refuse(python_name(container));
    if (!open_value()) return;
    out_->append(container == kind::dict ? '{' : '[');
    outer_.push_back(at_);
    at_ = {container == kind::dict ? place::key : place::element};
  }
  void end() override {
    if (!ok()) return;
    out_->append(at_.place == place::key ? '}' : ']');
    at_ = outer_.back();
    outer_.pop_back();
    close_value();
  }

  void start_part(output& out) override {
    start(out);
    if (!out.empty()) out.append(", ");
  }
  void parts(std::string_view encoded, std::size_t) override {
    if (ok()) out_->append(encoded);
  }

  void begin_call(std::string_view object, std::string_view method, std::size_t) override {
    out_->append("{\"object\": ");
    quoted(object);
    out_->append(", \"method\": ");
    quoted(method);
    out_->append(", \"params\": [");
    at_ = {place::element};
  }
  void begin_keywords(std::size_t) override {
    if (!ok()) return;
    out_->append("], \"kwargs\": {");
    at_ = {place::key};
  }
  void no_keywords() override {
    if (!ok()) return;
    out_->append("], \"kwargs\": null");
    at_ = {};
  }
  void end_call() override {
    if (!ok()) return;
    out_->append(at_.place == place::key ? "}}" : "}");
    at_ = {};
  }

 private:
  enum class place : std::uint8_t { alone, element, key, item };
  /// Where the next value goes.
  struct position { json_writer::place place = place::alone; bool first = true; };

  /// Before a value or a key, and after it.
  bool open_value() {
    if (!ok()) return false;
    if (at_.place == place::element || at_.place == place::key) {
      if (!at_.first) out_->append(", ");
      at_.first = false;
    }
    return true;
  }
  void close_value() {
    if (at_.place == place::item) at_.place = place::key;
    else if (at_.place == place::key) {
      out_->append(": ");
      at_.place = place::item;
    }
  }

  /// A word or a number; as a key it is put in quotes.
  void scalar(std::string_view text) {
    if (!open_value()) return;
    const bool key = at_.place == place::key;
    if (key) out_->append('"');
    out_->append(text);
    if (key) out_->append('"');
    close_value();
  }
  template <class Number> void number(Number n) {
    char text[24];
    scalar({text, std::to_chars(text, text + sizeof text, n).ptr});
  }
  template <class Moment> void moment(std::string_view name, const Moment& when) {
    if (at_.place == place::key) return refuse(name);
    string(iso_format(when));
  }

  void quoted(std::string_view text);
  void escape(char c);
  void refuse(std::string_view name);
  void refuse_text(std::string_view text, const utf8_fault& fault);

  output* out_ = nullptr;
  output::mark start_{};
  position at_{};
  std::vector<position> outer_{};  // in the containers around
};

void json_writer::refuse(std::string_view name) {
  if (at_.place == place::key) {
    fail(wire_class::type_error, "keys must be str, int, float, bool or None, not " + std::string(name));
  } else {
    fail(wire_class::serialize_error, "don't know how to serialize class <class '" + std::string(name) +
                                          "'> using serializer JsonSerializer. Give it vars() or an appropriate __getstate__");
  }
}

void json_writer::big_integer(const integer& n) {
  // A digit takes less than 4 bits: what is surely too long is not converted, because that takes the square of its length.
  std::string text;
  if (n.magnitude().size() * 32 < digits_max * 4) text = n.to_string();
  if (!text.empty() && text.size() - n.negative() <= digits_max) return scalar(text);
  fail(wire_class::value_error, "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit");
}

void json_writer::real(double x) {
  if (std::isnan(x)) return scalar("NaN");
  if (std::isinf(x)) return scalar(x > 0 ? "Infinity" : "-Infinity");
  char text[float_text_size];
  scalar({text, write_float(x, text)});
}

void json_writer::quoted(std::string_view text) {
  if (const auto fault = find_utf8_fault(text)) return refuse_text(text, *fault);
  out_->append('"');
  const char* const end = text.data() + text.size();
  for (const char* p = text.data();;) {
    const char* const plain_end = detail::json_plain_end(p, end);
    out_->append({p, plain_end});
    if (plain_end == end) break;
    escape(*plain_end);
    p = plain_end + 1;
  }
  out_->append('"');
}

void json_writer::escape(char c) {
  switch (c) {
    case '"': return out_->append("\\\"");
    case '\\': return out_->append("\\\\");
    case '\n': return out_->append("\\n");
    case '\r': return out_->append("\\r");
    case '\t': return out_->append("\\t");
    case '\b': return out_->append("\\b");
    case '\f': return out_->append("\\f");
    default: break;
  }
  const auto code = static_cast<unsigned char>(c);
  out_->append("\\u00");
  out_->append("0123456789abcdef"[code >> 4]);
  out_->append("0123456789abcdef"[code & 15]);
}

/// Python encodes when the whole text is made, and so counts from its beginning.
void json_writer::refuse_text(std::string_view text, const utf8_fault& fault) {
  out_->append('"');
  for (const char c : text.substr(0, fault.offset)) {
    if (detail::json_plain_end(&c, &c + 1) == &c) escape(c);
    else out_->append(c);
  }
  std::size_t characters = 0;
  out_->each_since(start_, [&](std::span<const std::byte> run) {
    for (const std::byte b : run) characters += (std::to_integer<unsigned>(b) & 0xc0) != 0x80;
  });
  fail(wire_class::unicode_encode_error, utf8_encode_fault_text(text, fault, characters));
}

}  // namespace

std::unique_ptr<writer> make_json_writer() { return std::make_unique<json_writer>(); }

}  // namespace engine
