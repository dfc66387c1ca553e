// The pull reader of serpent. One pass: a stack of open brackets, a place in the text, and at most one value already parsed
// because peek() had to know its kind. Between two words the place is either at the first byte of a value (`at_value_`) or
// directly behind one.
#pragma once

#include <vector>

#include <codec/arena.hpp>
#include <codec/reader_words.hpp>
#include <codec/serpent_lexer.hpp>
#include <codec/serpent_lookahead.hpp>

namespace engine::detail {

class serpent_reader final : public reader {
 public:
  void start(std::span<const std::byte> payload, const decode_limits& limits) override;
  kind peek() override { return peeked_ != kind::error && ok() ? peeked_ : look(); }

  bool read_none() override;
  bool read_boolean(bool& out) override;
  bool read_integer(std::int64_t& out) override;
  bool read_big_integer(integer& out) override;
  bool read_real(double& out) override;
  bool read_complex(std::complex<double>& out) override;
  bool read_string(std::string_view& out) override;
  bool read_bytes(std::span<const std::byte>& out) override;
  bool read_datetime(datetime& out) override;
  bool read_date(date& out) override;

  bool enter_sequence(std::size_t& hint) override;
  bool enter_dict(std::size_t& hint) override;
  bool more() override;
  bool skip() override;
  ENGINE_READER_WORDS

  mark here() const override;
  void rewind(const mark&) override;

  bool begin_call(std::string_view& object, std::string_view& method) override;
  bool begin_keywords() override;
  bool end_call() override;
  bool finish() override;

  std::size_t offset() const override { return static_cast<std::size_t>(place_ - lexer_.begin()); }

 private:
  enum class container : std::uint8_t { list, tuple, open_tuple, set, dict };
  struct level {
    const char* open;       // its bracket
    const char* group;      // the innermost parenthesis around it, if `groups`
    std::size_t brackets;   // open ones in all, this included
    std::uint32_t groups;   // parentheses around it that close behind it
    container shape;
    char close;
    bool hashed;            // part of a key or set element, so all in it must be hashable
    bool first = true;      // nothing read yet
    bool key = true;        // dict: a key is next
  };

  // What an expression without containers is, in the terms literal_eval judges by: a sign wants a plain number, a complex
  // sum wants a real number, maybe signed, and a plain imaginary one.
  struct term {
    enum class form : std::uint8_t { other, number, signed_number, sum } shape = form::other;
    kind what = kind::error;
    bool flag = false;      // the boolean; the sign of an integer
    serpent_number number{};
    std::complex<double> value{};
    std::string_view text{};
  };
  enum class found : std::uint8_t { value, tuple, container, fault };

  // serpent_look.cpp
  kind look();
  kind look_at_parenthesis();
  kind look_at_brace();
  kind look_at_scalar();
  void look_at_document();
  kind unhashable_brace(const char* p);
  bool float_dict(const char* p, const char*& end, double& out);
  kind peeked(kind k, const char* end) {
    peeked_end_ = end;
    return peeked_ = k;
  }

  // serpent_expression.cpp: each moves p behind what it parsed when it returns found::value.
  found sum(const char*& p, term& out, bool skim);
  found signed_term(const char*& p, term& out, bool skim);
  found atom(const char*& p, term& out, bool skim);
  found group(const char*& p, term& out, bool skim);
  found name(const char*& p, term& out);
  found number(const char*& p, term& out);
  found add(term& left, bool minus, const term& right, const char* p);
  bool to_double(const term& from, double& out, const char* p);
  static kind kind_of(const term&);
  static bool is_number(const term& t) { return t.shape == term::form::number || t.shape == term::form::signed_number; }

  // serpent_refusal.cpp
  const char* unexpected_value(const char* p);
  const char* unexpected_name(const char* p);
  const char* unexpected_after(const char* p);
  const char* unexpected_character(const char* p);
  const char* never_closed();
  const char* wrong_closer(const char* p);
  const char* innermost() const;
  bool refuse();
  bool mismatch(std::string_view expected);
  bool unhashable(std::string_view type);

  // serpent_reader.cpp
  const char* blanks(const char* p) const { return lexer_.blanks(p, brackets_ + nested_ != 0); }
  /// At a value inside of a container that nobody has looked at: what is short there is read without a look.
  bool at_element() const { return peeked_ == kind::error && at_value_ && !levels_.empty() && ok(); }
  bool too_deep(const char* p);
  bool open_level(container shape, const char* open, const char* inside, char close);
  bool close_level(const char* behind);
  bool must_hash() const;
  bool too_many_values();
  bool key_done();
  // These run once for each value.
  bool count_value() { return ++values_ <= limits_.elements || too_many_values(); }
  bool take(const char* behind) {
    place_ = behind;
    return count_value() && value_done();
  }
  /// A value ends at place_. Behind a key, goes on to its value.
  bool value_done() {
    peeked_ = kind::error;
    at_value_ = false;
    if (levels_.empty()) return true;
    level& top = levels_.back();
    if (top.shape == container::dict) {
      if (top.key && !key_done()) return false;
      top.key = !top.key;
    }
    top.first = false;
    return true;
  }
  bool take_peeked(kind wanted, std::string_view expected);
  bool read_literal(serpent_string& out);
  bool read_base64(std::span<const std::byte>& out);
  bool base64_text(std::string_view& out);
  bool next_argument(std::size_t had);

  serpent_lexer lexer_{};
  serpent_lookahead lookahead_{};
  arena scratch_{};
  decode_limits limits_{};
  std::vector<level> levels_{};
  const char* place_ = nullptr;
  const char* peeked_end_ = nullptr;   // behind the peeked value, if it is a scalar
  const char* group_ = nullptr;        // the innermost parenthesis that is open before a container
  const char* nested_open_ = nullptr;  // the innermost parenthesis of the expression being parsed
  std::size_t brackets_ = 0;           // open brackets up to place_
  std::size_t nested_ = 0;             // more of them inside the expression being parsed
  std::size_t values_ = 0;
  std::uint32_t groups_ = 0;           // parentheses open before a container
  kind peeked_ = kind::error;          // error: not looked yet
  term term_{};
  bool at_value_ = false;
  bool document_known_ = false;
  bool open_tuple_ = false;            // the document is a tuple without parentheses
};

}  // namespace engine::detail
