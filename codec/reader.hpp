// The pull side of every serializer: one value after another out of a payload, straight into C++ types.
// Idea: a serializer is a `reader` and a `writer` behind these few virtual words, so typed code (codec/convert.hpp) is
// compiled once per type and not once per type and format, and a new format is one file pair.
// Errors are sticky: the first one is kept, every later word returns false. No word throws, allocates by a declared
// length, or recurses without a bound.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <codec/decode_error.hpp>
#include <codec/decode_limits.hpp>
#include <codec/integer.hpp>
#include <codec/moment.hpp>

namespace engine {

/// What a value is. `integer` fits std::int64_t, `big_integer` does not. `error` means the reader has failed or no value is there.
enum class kind : std::uint8_t {
  error, none, boolean, integer, big_integer, real, complex, string, bytes, list, tuple, set, frozenset, dict, datetime, date
};

namespace detail {
struct member_table;
}

class reader {
 public:
  reader() = default;
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;
  virtual ~reader() = default;

  /// Begins a new payload and forgets the old one, errors included; scratch memory is kept for reuse.
  /// `payload` must stay alive while this reader and the views it handed out are used.
  virtual void start(std::span<const std::byte> payload, const decode_limits& limits) = 0;
  void start(std::span<const std::byte> payload) { start(payload, usual_limits_); }
  /// The bounds of every payload that is not given others, the defaults at first.
  void set_limits(const decode_limits& limits) { usual_limits_ = limits; }

  struct mark { std::size_t offset = 0; std::uint32_t depth = 0; std::uint64_t state = 0; };
  /// As start() and begin_call() for a payload whose first `behind.offset` bytes are those of an earlier one, where the mark was taken right
  /// behind begin_call(). False: this format cannot, and nothing has happened.
  [[nodiscard]] virtual bool start_behind(std::span<const std::byte> /*payload*/, const mark& /*behind*/) { return false; }

  /// What the next value is, without consuming it. kind::error after a failure or at the end of a container.
  virtual kind peek() = 0;

  // Each consumes one value of that kind; anything else is a failure naming what was expected and what is there.
  [[nodiscard]] virtual bool read_none() = 0;
  [[nodiscard]] virtual bool read_boolean(bool& out) = 0;
  [[nodiscard]] virtual bool read_integer(std::int64_t& out) = 0;     ///< kind::integer only
  [[nodiscard]] virtual bool read_big_integer(integer& out) = 0;      ///< kind::integer or kind::big_integer
  [[nodiscard]] virtual bool read_real(double& out) = 0;              ///< kind::real; integers too, as Python's float()
  [[nodiscard]] virtual bool read_complex(std::complex<double>& out) = 0;
  /// UTF-8, lone surrogates as their three-byte form. Points into the payload, or into this reader's scratch when the text
  /// had escapes; valid until the next start().
  [[nodiscard]] virtual bool read_string(std::string_view& out) = 0;
  /// Raw bytes, also from the forms a format spells them in (serpent: {'data':…,'encoding':'base64'} and b'…').
  /// Lifetime as read_string.
  [[nodiscard]] virtual bool read_bytes(std::span<const std::byte>& out) = 0;
  [[nodiscard]] virtual bool read_datetime(datetime& out) = 0;
  [[nodiscard]] virtual bool read_date(date& out) = 0;

  /// Opens a list, tuple, set or frozenset. `hint` is the number of elements if declared (never more than the payload can
  /// hold), else 0. Then: while (more()) { read one element }.
  [[nodiscard]] virtual bool enter_sequence(std::size_t& hint) = 0;
  /// Opens a dict. Then: while (more()) { read one key; read one value }.
  [[nodiscard]] virtual bool enter_dict(std::size_t& hint) = 0;
  /// True when another element (or key) of the innermost open container follows; false closes the container, or has failed.
  [[nodiscard]] virtual bool more() = 0;

  /// Consumes one value of any kind, checking it as if it had been read.
  [[nodiscard]] virtual bool skip() = 0;

  // One word for many (codec/reader_words.hpp).
  /// In a dict: the next key that is text, whose value then follows; pairs with other keys are skipped. False as more().
  [[nodiscard]] virtual bool next_member(std::string_view& name);
  /// The dict of a described struct (codec/shape.hpp): its members, whose addresses stand in the order of the table, and no others.
  [[nodiscard]] virtual bool read_members(const detail::member_table& table, void* const* members);
  [[nodiscard]] virtual bool read_integers(std::vector<std::int64_t>& out);
  [[nodiscard]] virtual bool read_reals(std::vector<double>& out);
  [[nodiscard]] virtual bool read_strings(std::vector<std::string>& out);

  /// Where we are. rewind() goes back to a mark taken at the same or a shallower depth in the same payload.
  virtual mark here() const = 0;
  virtual void rewind(const mark&) = 0;

  // The call envelope (WIRE §4.1). begin_call() reads object and method and stops before the arguments, which the caller
  // consumes with enter_sequence/more. begin_keywords() then stops before the keywords: kind::none or kind::dict, consumed
  // by the caller. end_call() checks that nothing follows.
  [[nodiscard]] virtual bool begin_call(std::string_view& object, std::string_view& method) = 0;
  [[nodiscard]] virtual bool begin_keywords() = 0;
  [[nodiscard]] virtual bool end_call() = 0;
  /// A batch holds calls as values, (method, arguments, keywords) each. begin_entry() opens one and reads its method. From there
  /// to close_call() typed code cannot tell it from a call of its own: it uses these two instead of the words above.
  [[nodiscard]] bool begin_entry(std::string_view& method) { return in_entry_ = open_entry(method); }
  /// Passes an entry over, checking it as if it had been read.
  [[nodiscard]] virtual bool skip_entry();
  [[nodiscard]] bool open_keywords() { return in_entry_ ? entry_goes_on() : begin_keywords(); }
  [[nodiscard]] bool close_call() { return in_entry_ ? close_entry() : end_call(); }
  /// Behind an argument: whether the call ends here, without another one and without keywords, as nearly all do; it is then consumed.
  /// False: it may end here all the same, and nothing has happened.
  [[nodiscard]] bool ends_plainly() {
    if (!plain_end(in_entry_)) return false;
    in_entry_ = false;
    return true;
  }
  /// Checks that nothing follows a single value.
  [[nodiscard]] virtual bool finish() = 0;

  /// If the next value is a dict with a string under `__class__` (WIRE §6): that string. Consumes nothing, sets no error.
  std::optional<std::string_view> class_name();

  virtual std::size_t offset() const = 0;  ///< bytes of the payload consumed so far

  bool ok() const { return !failed_; }
  const decode_error& error() const { return error_; }  ///< meaningful when !ok()
  /// Records the first failure; always returns false, so `return fail(…)` reads well. Callers above the codec use it for
  /// values that do not fit their C++ type.
  [[gnu::cold]] bool fail(std::string_view type, std::string text);
  [[gnu::cold]] bool fail(decode_error error);
  /// Says of which argument a value was that does not fit its C++ type; other failures stay as they are. Always false.
  [[gnu::cold]] bool misfit_of(std::string_view argument);
  /// Says instead of "expected list, not int" what such a value must be: "`must`, not int". Always false.
  [[gnu::cold]] bool misfit_as(std::string_view must);

 protected:
  /// An entry has been consumed to its end.
  bool leave_entry() {
    in_entry_ = false;
    return true;
  }
  void clear_error() { failed_ = in_entry_ = false; }

  /// What begin_entry() does.
  virtual bool open_entry(std::string_view& method);
  /// ends_plainly() of a call, or of an entry.
  virtual bool plain_end(bool /*of_entry*/) { return false; }

 private:
  bool entry_goes_on();
  bool close_entry();

  bool failed_ = false;
  bool in_entry_ = false;
  decode_error error_{};
  decode_limits usual_limits_{};
};

/// "int", "str" …: Python's name of the kind, for messages.
std::string_view python_name(kind);

}  // namespace engine
