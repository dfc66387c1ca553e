// Writes marshal as CPython's version 4 does, but without references: the short forms of text and tuples, `i` for 32 bits and
// digits beyond. What Python cannot write is refused in the words of Pyro's serializer.
#include <bit>
#include <cstring>
#include <vector>

#include <codec/convert.hpp>
#include <codec/marshal.hpp>
#include <codec/utf8.hpp>
#include <codec/writer_words.hpp>

namespace engine {

namespace {

using namespace detail::marshal_format;

constexpr std::size_t depth_most = 1999;  ///< open containers, CPython's own bound

class marshal_writer final : public writer {
 public:
  std::string_view format() const override { return "marshal"; }
  void start(output& out) override {
    clear_error();
    out_ = &out;
    keywords_ = false;
    open_.clear();
  }

  void none() override { put('N'); }
  void boolean(bool b) override { put(b ? 'T' : 'F'); }
  void signed_integer(std::int64_t n) override {
    if (n >= INT32_MIN && n <= INT32_MAX) return put<std::uint32_t>('i', static_cast<std::uint32_t>(n));
    const auto bits = static_cast<std::uint64_t>(n);
    magnitude(n < 0 ? 0 - bits : bits, n < 0);
  }
  void unsigned_integer(std::uint64_t n) override {
    if (n <= INT32_MAX) put<std::uint32_t>('i', static_cast<std::uint32_t>(n));
    else magnitude(n, false);
  }
  void real(double x) override { put<std::uint64_t>('g', std::bit_cast<std::uint64_t>(x)); }

  void big_integer(const integer&) override;
  void complex(std::complex<double>) override;
  void at(const datetime&) override { refuse_class("datetime.datetime"); }
  void at(const date&) override { refuse_class("datetime.date"); }
  void at(const time_of_day&) override { refuse_class("datetime.time"); }
  void duration(double) override { refuse_class("datetime.timedelta"); }

  void string(std::string_view utf8) override {
    if (!is_short(utf8) || !ok()) return any_string(utf8);
    put_short(out_->room(2 + utf8.size()), utf8);
    out_->advance(2 + utf8.size());
  }

  ENGINE_WRITER_LISTS

  void bytes(std::span<const std::byte> data, bool borrow) override {
    if (!borrow || data.size() < borrow_threshold) return sized('s', data.data(), data.size());
    if (head('s', data.size())) out_->borrow(data);
  }
  void owned_bytes(std::span<const std::byte> data, const std::shared_ptr<const void>& owner) override {
    if (data.size() < borrow_threshold) return sized('s', data.data(), data.size());
    if (head('s', data.size())) out_->borrow(data, owner);
  }

  void begin(kind container, std::size_t count) override;
  void end() override {
    if (open_.empty()) return;  // only after a failure
    if (open_.back() == kind::dict) put('0');
    open_.pop_back();
  }

  void begin_growing() override {
    begin(kind::list, 0);
    growing_at_ = out_->here().own - sizeof(std::uint32_t);
  }
  void end_growing(std::size_t count) override {
    if (count > size_most) refuse();
    if (ok()) store(out_->at(growing_at_), static_cast<std::uint32_t>(count));
    end();
  }

  void start_part(output& out) override { start(out); }
  void parts(std::string_view encoded, std::size_t) override {
    if (ok()) out_->append(encoded);
  }

  void begin_call(std::string_view object, std::string_view method, std::size_t arguments) override {
    constexpr std::size_t heads = 2 + 2 + 2 + 5;
    if (!is_short(object) || !is_short(method) || arguments > size_most || !ok()) return begin_any_call(object, method, arguments);
    const std::size_t size = heads + object.size() + method.size();
    char* to = out_->room(size);
    std::memcpy(to, ")\4", 2);
    to = put_short(put_short(to + 2, object), method);
    *to = '[';
    store(to + 1, static_cast<std::uint32_t>(arguments));
    out_->advance(size);
  }
  void begin_keywords(std::size_t) override {
    put('{');
    keywords_ = true;
  }
  void no_keywords() override { none(); }
  void end_call() override {
    if (keywords_) put('0');
  }

 private:
  void put(char c) {
    if (ok()) out_->append(c);
  }
  template <std::unsigned_integral Word> void put(char code, Word word) {
    if (!ok()) return;
    char* to = out_->room(1 + sizeof(Word));
    *to = code;
    store(to + 1, word);
    out_->advance(1 + sizeof(Word));
  }

  static bool is_short(std::string_view text) { return text.size() <= detail::short_most && detail::is_short_ascii(text.data(), text.size()); }
  /// Returns what lies behind it.
  static char* put_short(char* to, std::string_view text) {
    to[0] = 'z';
    to[1] = static_cast<char>(text.size());
    detail::copy_short(to + 2, text.data(), text.size());
    return to + 2 + text.size();
  }
  void begin_any_call(std::string_view object, std::string_view method, std::size_t arguments) {
    out_->append(std::string_view(")\4", 2));
    string(object);
    string(method);
    head('[', arguments);
  }

  bool head(char code, std::size_t size) {
    if (size > size_most) return refuse();
    put(code, static_cast<std::uint32_t>(size));
    return ok();
  }
  void sized(char code, const void* data, std::size_t size) {
    if (head(code, size)) out_->append(data, size);
  }

  void magnitude(std::uint64_t n, bool negative);
  void any_string(std::string_view text);
  bool refuse() { return fail(wire_class::value_error, "unmarshallable object"); }
  /// Pyro looks only at the arguments and the result themselves; what is inside of them is left to Python's marshal.
  void refuse_class(std::string_view name) {
    if (!open_.empty()) return static_cast<void>(refuse());
    fail(wire_class::serialize_error, "don't know how to serialize class <class '" + std::string(name) +
                                          "'> using serializer MarshalSerializer. Give it vars() or an appropriate __getstate__");
  }

  output* out_ = nullptr;
  std::size_t growing_at_ = 0;  ///< where the size of the growing list is to be
  bool keywords_ = false;
  std::vector<kind> open_;
};

void marshal_writer::begin(kind container, std::size_t count) {
  if (open_.size() >= depth_most) {
    fail(wire_class::value_error, "object too deeply nested to marshal");
    return;
  }
  open_.push_back(container);
  if (container == kind::dict) return put('{');
  if (container == kind::tuple && count <= 255) return put<std::uint8_t>(')', static_cast<std::uint8_t>(count));
  head(container == kind::tuple ? '(' : container == kind::set ? '<' : container == kind::frozenset ? '>' : '[', count);
}

void marshal_writer::magnitude(std::uint64_t n, bool negative) {
  if (!ok()) return;
  const unsigned digits = (static_cast<unsigned>(std::bit_width(n)) + digit_bits - 1) / digit_bits;
  char* const to = out_->room(5 + 2 * digits);
  *to = 'l';
  store<std::uint32_t>(to + 1, negative ? 0u - digits : digits);
  for (unsigned i = 0; i < digits; ++i, n >>= digit_bits) store(to + 5 + 2 * i, static_cast<std::uint16_t>(n & 0x7fff));
  out_->advance(5 + 2 * digits);
}

void marshal_writer::big_integer(const integer& n) {
  if (const auto small = n.to_int64()) return signed_integer(*small);
  const auto& words = n.magnitude();
  const std::size_t bits = 32 * (words.size() - 1) + static_cast<std::size_t>(std::bit_width(words.back()));
  const std::size_t digits = (bits + digit_bits - 1) / digit_bits;
  if (digits > size_most) return static_cast<void>(refuse());
  const auto count = static_cast<std::uint32_t>(digits);
  put<std::uint32_t>('l', n.negative() ? 0u - count : count);
  std::uint64_t pending = 0;
  unsigned held = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; ok() && i < digits; ++i) {
    if (held < digit_bits && next < words.size()) {
      pending |= static_cast<std::uint64_t>(words[next++]) << held;
      held += 32;
    }
    char digit[2];
    store(digit, static_cast<std::uint16_t>(pending & 0x7fff));
    out_->append(digit, sizeof digit);
    pending >>= digit_bits;
    held -= held < digit_bits ? held : digit_bits;
  }
}

void marshal_writer::complex(std::complex<double> z) {
  if (!ok()) return;
  char* const to = out_->room(17);
  *to = 'y';
  store(to + 1, std::bit_cast<std::uint64_t>(z.real()));
  store(to + 9, std::bit_cast<std::uint64_t>(z.imag()));
  out_->advance(17);
}

/// Lone surrogates pass, as in Python. What is no text at all cannot come from Python.
void marshal_writer::any_string(std::string_view text) {
  if (is_ascii(text)) {
    if (text.size() > 255) return sized('a', text.data(), text.size());
    put('z', static_cast<std::uint8_t>(text.size()));
    if (ok()) out_->append(text);
    return;
  }
  const auto fault = find_utf8_fault(text, true);
  if (!fault) return sized('u', text.data(), text.size());
  fail(wire_class::unicode_encode_error, "text is not UTF-8: " + std::string(fault->reason) + " at byte " + std::to_string(fault->offset));
}

}  // namespace

std::unique_ptr<writer> make_marshal_writer() { return std::make_unique<marshal_writer>(); }

}  // namespace engine
