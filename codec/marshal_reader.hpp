// The marshal reader. It reads in place and keeps of each open container its beginning, what it owes, and where to go on after
// it; the table of references holds offsets. A reference is read by going to its object and coming back.
// An object takes its number when the reader first passes it. What lies before `fresh_` has been passed, so reading again
// (after rewind(), or through a reference) numbers nothing twice, and the table never needs to be restored.
#pragma once

#include <array>
#include <vector>

#include <codec/arena.hpp>
#include <codec/marshal.hpp>
#include <codec/reader_words.hpp>
#include <codec/short_text.hpp>

namespace engine {

class marshal_reader final : public reader {
 public:
  void start(std::span<const std::byte> payload, const decode_limits& limits) override;
  kind peek() override;
  bool read_none() override;
  bool read_boolean(bool& out) override;
  bool read_integer(std::int64_t& out) override {
    if (!is_plain('i', 5)) return read_any_integer(out);
    out = static_cast<std::int32_t>(detail::marshal_format::load<std::uint32_t>(at_ + 1));
    return took_singleton(5);
  }
  bool read_big_integer(integer& out) override;
  bool read_real(double& out) override;
  bool read_complex(std::complex<double>& out) override;
  bool read_string(std::string_view& out) override {
    if (ok() && top_->owed != 0 && left() >= 2 && is_short_text(at_)) {
      const std::size_t size = at_[1];
      out = {reinterpret_cast<const char*>(at_ + 2), size};
      if (size <= detail::short_most && left() - 2 >= size && detail::is_short_ascii(out.data(), size)) return took(2 + size);
    }
    return read_any_string(out);
  }
  bool read_bytes(std::span<const std::byte>& out) override;
  bool read_datetime(datetime&) override { return refuse("datetime"); }
  bool read_date(date&) override { return refuse("date"); }
  bool enter_sequence(std::size_t& hint) override;
  bool enter_dict(std::size_t& hint) override {
    if (!is_plain('{', 1) || top_ == last_) return enter_any_dict(hint);
    hint = 0;
    --top_->owed;
    push('{', endless, 1);
    return true;
  }
  bool more() override {
    if (!ok()) return false;
    if (top_->code == '{') return more_pairs();
    return top_->owed != 0 ? true : close();
  }
  bool skip() override;
  bool next_member(std::string_view& name) override {
    if (ok() && at_key() && back_ == nullptr && left() >= 2 + detail::short_most) {
      // Python refers to most keys: to those of the first dict among many alike.
      const bool again = *at_ == 'r';
      const unsigned char* const text = again ? passed(at_) : at_;
      if (text != nullptr && is_short_text(text) && text[1] <= detail::short_most) {
        const std::size_t size = text[1];
        name = {reinterpret_cast<const char*>(text + 2), size};
        if (detail::is_short_ascii(name.data(), size)) {
          if (!again) number();
          at_ += again ? reference_size : static_cast<std::ptrdiff_t>(2 + size);
          --top_->owed;
          return count(again ? 2 + size / 16 : 2);
        }
      }
    }
    return next_any_member(name);
  }
  bool read_members(const detail::member_table& table, void* const* members) override;
  bool read_integers(std::vector<std::int64_t>& out) override {
    const auto load = [this](const unsigned char* p, std::int64_t& n) {
      const unsigned char* const at = *p == 'i' ? p : integer_at(p);
      if (at != nullptr) n = static_cast<std::int32_t>(detail::marshal_format::load<std::uint32_t>(at + 1));
      return at != nullptr;
    };
    return read_plain_list(5, out, load) || detail::read_integers(*this, out);
  }
  bool read_reals(std::vector<double>& out) override {
    const auto load = [](const unsigned char* p, double& x) {
      x = std::bit_cast<double>(detail::marshal_format::load<std::uint64_t>(p + 1));
      return *p == 'g';
    };
    return read_plain_list(9, out, load) || detail::read_reals(*this, out);
  }
  bool read_strings(std::vector<std::string>& out) override { return detail::read_strings(*this, out); }
  mark here() const override;
  void rewind(const mark&) override;
  bool begin_call(std::string_view& object, std::string_view& method) override;
  bool begin_keywords() override { return ok() && top_->owed == 1 ? true : fail(wire_class::value_error, "arguments left over"); }
  bool end_call() override;
  bool finish() override { return ok(); }  // Python's marshal.loads() ignores what follows
  std::size_t offset() const override { return static_cast<std::size_t>((back_ != nullptr ? back_ - reference_size : at_) - begin_); }

 protected:
  bool plain_end(bool of_entry) override {
    constexpr std::size_t no_keywords = 2;  // an open dict and its end
    if (!ok() || top_->owed != 0 || depth() < 2 || (!of_entry && depth() > 2)) return false;
    const frame& call = top_[-1];
    const bool came_here_by_reference = top_->back != nullptr || call.back != nullptr;
    if (call.owed != 1 || call.code == '{' || came_here_by_reference || left() < no_keywords || code() != '{' || at_[1] != '0') return false;
    number();
    at_ += no_keywords;
    top_ -= 2;
    return true;
  }

 private:
  static constexpr std::ptrdiff_t reference_size = 5;
  /// A dict does not tell its size: it owes this many values at first, an even number at each key, and ends with a NULL.
  static constexpr std::size_t endless = 0xfffffffe;

  struct frame {
    const unsigned char* start = nullptr;  ///< of the container, by which a reference to an open one is known
    const unsigned char* back = nullptr;   ///< where to go on when it was reached by a reference
    std::uint64_t owed = 0;                ///< values still to come; around everything there is a frame that owes one
    unsigned char code = 0;
  };

  static unsigned char code_at(const unsigned char* p) { return *p & 0x7f; }
  unsigned char code() const { return code_at(at_); }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool at_key() const { return top_->code == '{' && (top_->owed & 1) == 0; }

  /// True when a value is here; if it is a reference, at_ has gone to its object.
  bool ready() {
    if (!ok() || top_->owed == 0) return false;
    if (at_ == end_) return missing();
    return code() != 'r' || follow();
  }
  /// True when that code, not to be remembered and with its size in whole, is here: what the short ways of the words are for.
  bool is_plain(unsigned char code, std::size_t size) const { return ok() && top_->owed != 0 && left() >= size && *at_ == code; }
  bool follow();
  /// The object that the reference at at_ means, nullptr after a failure.
  const unsigned char* target();
  bool is_open(const unsigned char* start) const;
  /// The same for a reference in whole at `from` that means a scalar. nullptr: it does not, or nothing.
  const unsigned char* passed(const unsigned char* from) const {
    const auto index = detail::marshal_format::load<std::uint32_t>(from + 1);
    const unsigned char* const found = index < numbered_.size() ? begin_ + numbered_[index] : from;
    return found < from ? found : nullptr;
  }
  static bool is_short_text(const unsigned char* p) { return (code_at(p) | 0x20) == 'z'; }
  /// The int of 32 bits that is here to be remembered, or that a reference here means: Python does so with small ones. Nothing is consumed,
  /// but it has its number then.
  const unsigned char* integer_at(const unsigned char* p) {
    if (code_at(p) == 'i') {
      number(p);
      return p;
    }
    const unsigned char* const found = *p == 'r' ? passed(p) : nullptr;
    return found != nullptr && code_at(found) == 'i' ? found : nullptr;
  }

  /// The object at at_ takes its number if it is to have one and has none yet.
  void number() { number(at_); }
  void number(const unsigned char* p) {
    if ((*p & detail::marshal_format::remembered) != 0 && p >= fresh_) remember(p);
  }
  void remember(const unsigned char* p) {
    numbered_.push_back(static_cast<std::uint32_t>(p - begin_));
    fresh_ = p + 1;
  }
  /// Goes behind a value of `size` bytes.
  bool took(std::size_t size) {
    number();
    return took_singleton(size);
  }
  /// The same for what takes no number: None, the booleans, and what is_plain().
  bool took_singleton(std::size_t size) {
    at_ += size;
    --top_->owed;
    return back_ == nullptr || came_back(size);
  }
  bool came_back(std::size_t size);
  bool count(std::uint64_t values) { return (values_ += values) <= values_most_ || too_many(); }
  bool too_many();
  std::size_t depth() const { return static_cast<std::size_t>(top_ - frames_.data()); }

  bool enter(std::size_t& hint);
  bool enter_any_dict(std::size_t& hint);
  bool begin_any_call(std::string_view& object, std::string_view& method);
  bool next_any_member(std::string_view& name);
  bool deepen();
  /// The container here, whose head has that size, is the innermost from now on.
  void push(unsigned char code, std::uint64_t owed, std::size_t head) {
    *++top_ = {at_, back_, owed, code};
    back_ = nullptr;
    at_ += head;
  }
  /// The whole list here at once if `load` takes each of its elements and they all have that size; else nothing is consumed, but what has
  /// been passed has its number.
  template <class Element, class Load> bool read_plain_list(std::size_t each, std::vector<Element>& out, Load load) {
    if (!ok() || top_->owed == 0 || left() < 5 || code() != '[' || back_ != nullptr || top_ == last_) return false;
    const std::size_t size = detail::marshal_format::load<std::uint32_t>(at_ + 1);
    if (size > (left() - 5) / each) return false;
    number();
    out.resize(size);
    const unsigned char* p = at_ + 5;
    for (Element& one : out) {
      if (!load(p, one)) return false;
      p += each;
    }
    at_ = p;
    --top_->owed;
    return count(size);
  }
  bool more_pairs() {
    if ((top_->owed & 1) != 0) return true;
    if (at_ == end_) return missing();
    if (code() != '0') return count(2);
    ++at_;
    return close();
  }
  /// Always false, as more() is then.
  bool close() {
    if (depth() == 0) return false;
    if (top_->back != nullptr) at_ = top_->back;
    --top_;
    return false;
  }
  bool skip_one();

  // marshal_members.cpp. What takes the value at p, which has room for it, is behind it then; nullptr: it is not plain, and nothing is
  // consumed, but what has been passed has its number.
  static constexpr std::size_t few = 8;  ///< as long a list may be that is read there
  enum class met : std::uint8_t { key, value, end };
  bool find_next(const detail::member_table& table, std::size_t& next, bool& is_member);
  met read_in_order(const detail::member_table& table, void* const* members, std::size_t& next);
  const unsigned char* pass_key(const unsigned char* p, const detail::member_entry& member);
  const unsigned char* read_plain(const unsigned char* p, detail::plain_member type, void* to, std::uint64_t& values);
  const unsigned char* read_short_text(const unsigned char* p, std::string& to);
  const unsigned char* read_few_integers(const unsigned char* p, std::vector<std::int64_t>& to, std::uint64_t& values);

  /// Whether the long here fits std::int64_t. Those that are broken are refused when they are read.
  bool long_is_small() const;
  bool read_any_integer(std::int64_t& out);
  bool read_any_real(double& out);
  bool read_any_string(std::string_view& out);
  /// The digits of the long here, after checking that they are all there, what they should be and not too many.
  bool long_digits(std::size_t& digits, bool& negative);
  bool read_wide_integer(std::int64_t& out);
  /// A number as text behind its length, at `p`; moves `p` behind it.
  bool text_number(const unsigned char*& p, double& out);

  /// A length of four bytes behind the type byte.
  bool length(std::size_t& out, const char* what);
  bool latin_1(std::string_view& text);
  bool check_utf8(std::string_view text);

  bool missing() { return fail(wire_class::eof_error, "EOF read where object expected"); }
  bool truncated() { return fail(wire_class::eof_error, "marshal data too short"); }
  bool refuse_code();
  bool refuse(std::string_view expected);

  const unsigned char* begin_ = nullptr;
  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  const unsigned char* back_ = nullptr;   ///< behind the reference whose object is at at_, if we came by one
  const unsigned char* fresh_ = nullptr;  ///< objects from here on have no number yet
  std::vector<frame> frames_ = std::vector<frame>(8);         ///< room for them, the first is the one around everything
  frame* top_ = frames_.data();           ///< the innermost; frames are not copied, as loads of what was just stored in parts wait
  frame* last_ = frames_.data();          ///< where there is room for no more, or no more are allowed
  std::vector<std::uint32_t> numbered_{};  ///< offsets of the objects that references mean

  /// A member's name, by the reference that has meant it. Python writes each key once and refers to it from then on, so that one of a
  /// thousand alike is found by a number.
  struct known_key {
    const detail::member_entry* member = nullptr;
    std::uint32_t reference = 0;
    std::uint32_t era = 0;
  };
  known_key& known(const detail::member_entry& member) {
    return known_keys_[reinterpret_cast<std::uintptr_t>(&member) / sizeof member % known_keys_.size()];
  }
  void forget_keys() {
    if (++era_ == 0) known_keys_.fill({});
  }
  std::array<known_key, 16> known_keys_{};
  std::uint32_t era_ = 0;  ///< what is known of another payload, or of what lay ahead before rewind(), has another

  std::uint64_t values_ = 0;
  std::uint64_t values_most_ = 0;
  decode_limits limits_{};
  detail::arena arena_{};
};

}  // namespace engine
