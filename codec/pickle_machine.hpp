// Runs a pickle: a stack machine whose values are cells of a tree. It executes nothing: naming a class gives a cell that says
// so, calling one builds plain data (pickle_objects.cpp), and anything else is refused.
// Follows CPython's own machine (Modules/_pickle.c) to the word of its errors. Memory grows with bytes read, never with a number
// that was merely declared.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <codec/pickle.hpp>
#include <codec/pickle_classes.hpp>
#include <codec/pickle_tree.hpp>

namespace engine::detail::pickle {

/// Among the attributes of an exception that Pyro sent.
inline constexpr std::string_view traceback_key = "_pyroTraceback";

inline class_id id_of(const cell& c) { return static_cast<class_id>(c.note); }

class machine {
 public:
  /// The whole pickle; its value is then the last of tree().items. False: see error().
  bool run(std::span<const std::byte> payload, const decode_limits& limits);

  const pickle::tree& tree() const { return tree_; }
  const decode_error& error() const { return error_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

  /// Python's name of the type, for messages.
  std::string_view type_name(const cell&) const;
  integer to_integer(const cell&) const;  ///< of an integer, boolean or big_integer

 private:
  /// At most nine arguments of a call; what takes more takes them as the tuple they are.
  struct arguments {
    std::array<cell, 9> at{};
    std::size_t size = 0;
    const cell& operator[](std::size_t i) const { return at[i]; }
  };

  // pickle_machine.cpp: bytes, stack, scalars and memo
  bool execute();
  bool execute_rare(unsigned char key);
  void push_plain();
  bool finish();
  bool fail(std::string_view type, std::string text);
  [[gnu::cold]] bool truncated() { return fail(wire_class::unpickling_error, "pickle data was truncated"); }
  [[gnu::cold]] bool beyond_machine(const char* name);
  bool underflow();
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  template <class Word> bool read_word(Word& out);
  bool read_line(std::string_view& out);  ///< with its newline
  /// `size` bytes; `name` is the opcode's, for sizes beyond the machine's.
  bool read_view(std::uint64_t size, std::string_view& out, const char* name);

  [[gnu::always_inline]] bool push(cell c) { return stack_.push(c) || too_many(); }
  bool pop(cell& out);
  bool top_is_there() { return stack_.size() > fence_ || underflow(); }
  void load_mark();
  bool take_mark(std::size_t& at);
  void forget_mark();
  std::span<const cell> above(std::size_t from) const { return stack_.from(from); }
  [[gnu::cold]] bool too_many() { return fail(wire_class::value_error, "too many values in one message"); }
  /// Before n more members of a container that has `held` and may have to move with them: all containers together have a bound.
  bool room_for(std::size_t n, std::size_t held = 0) {
    return (tree_.items.size() + n + 2 * held <= member_limit() && tree_.containers.size() < 2 * most_) || too_many();
  }
  std::size_t member_limit() const { return 8 * most_; }
  /// Before n bytes or values are made that the payload does not hold: they are bounded by its size.
  bool expand(std::size_t n);

  bool load_proto();
  bool load_frame();
  bool load_integer(std::int64_t n) { return push(number(n)); }
  template <class Word, class Number = Word> bool load_fixed();
  template <class Word> bool load_text(const char* name);
  template <class Word> bool load_bytes(const char* name, origin from = origin::plain);
  template <class Word> bool load_old_string();
  template <class Size> bool load_long();
  bool is_too_long(const cell& big) const;
  bool load_float();
  bool push_text(std::string_view utf8);
  bool check_ascii(std::string_view raw);
  bool push_ascii(std::string_view raw) { return check_ascii(raw) && push(text(raw)); }  ///< Python 2's str

  bool load_extension(std::size_t size);
  bool load_buffer();
  bool load_pop();
  bool load_dup() { return top_is_there() && push(stack_.back()); }
  bool load_put(std::uint64_t index);
  bool load_get(std::uint64_t index);
  template <class Word> bool load_binput();
  template <class Word> bool load_binget();
  // pickle_containers.cpp
  bool load_empty(what type);
  bool load_tuple(std::size_t from);
  bool load_short_tuple(std::size_t size);
  bool load_list();
  bool load_dict();
  bool load_frozenset();
  bool append_from(std::size_t from);
  bool set_items_from(std::size_t from);
  bool refuse_index(const cell& list, const cell& index);
  bool add_items();
  bool check_keys(std::span<const cell> members, std::size_t each);
  origin unhashable_part(const cell&) const;
  origin first_unhashable(std::span<const cell> members) const;

  // pickle_text.cpp: the forms of protocols 0 and 1
  bool load_int_text();
  bool load_long_text();
  bool load_float_text();
  bool load_string_text();
  bool load_unicode_text();
  bool read_index(std::string_view& line);
  bool index_of(std::string_view line, std::int64_t& out);
  bool load_put_text();
  bool load_get_text();
  bool check_digits(std::size_t digits);
  bool invalid_literal(std::string_view line, int base = 10);

  // pickle_calls.cpp: classes and what they make
  bool load_global();
  bool load_stack_global();
  bool read_name(std::string_view& out);
  bool read_name_line(std::string_view& out);
  bool push_class(std::string_view module, std::string_view name);
  bool name_class(std::string_view module, std::string_view name, cell& out);
  bool load_reduce();
  bool load_newobj(bool keywords);
  bool make_new(const cell& of, const cell& args, cell& out);
  bool load_inst();
  bool load_obj();
  bool not_allowed(std::string_view name);
  bool refuse_call(std::string_view name, const char* why);
  bool call(const cell& callee, const cell& args, cell& out);
  bool call_builtin(class_id id, const arguments& a, const cell& callee, cell& out);
  bool reconstruct(const arguments& a, cell& out);
  bool has_traceback();

  // pickle_objects.cpp
  bool load_build();
  bool make_instance(const cell& of, cell& out);
  bool make_exception(const cell& of, const cell& args, cell& out);
  bool make_wrapper(const cell& callee, const cell& exception, cell& out);
  bool build_exception(const cell& instance, const cell& state);
  bool build_data(const cell& instance, const cell& state);
  bool build_object(const cell& instance, const cell& state);
  bool build_uuid(const cell& instance, const cell& state);
  bool build_proxy(const cell& state, cell& out);
  bool uri_text(const cell& uri, cell& out);
  const cell* find_item(const cell& dict, std::string_view key) const;

  // pickle_data.cpp
  bool make_sequence(what type, const arguments& a, cell& out);
  bool make_dict(const arguments& a, cell& out);
  bool make_dict_of_pairs(const cell& pairs, cell& out);
  bool make_complex(const arguments& a, cell& out);
  bool make_bytes(class_id id, const arguments& a, cell& out);
  bool encode_latin1(std::string_view utf8, cell& out);
  bool refuse_latin1(std::string_view utf8, std::size_t position);
  bool make_range(const arguments& a, cell& out);
  bool make_fraction(const arguments& a, cell& out);

  // pickle_dill.cpp
  bool load_type(const arguments& a, cell& out);
  bool eval_repr(const arguments& a, const cell& callee, cell& out);

  // pickle_moments.cpp, pickle_arrays.cpp
  bool call_moment(class_id id, const arguments& a, cell& out);
  bool make_date(const arguments& a, cell& out);
  bool make_datetime(const arguments& a, cell& out);
  bool make_time(const arguments& a, cell& out);
  bool make_timedelta(const arguments& a, cell& out);
  bool make_timezone(const arguments& a, cell& out);
  bool state_bytes(const cell&, std::size_t size, std::string& out) const;
  bool integers(const arguments& a, std::size_t from, std::size_t least, std::span<std::int64_t> out);
  bool check_day(const std::int64_t (&ymd)[3], engine::date& out);
  bool check_time(std::span<const std::int64_t, 4> hmsu, const cell& zone, time_of_day& out);
  bool make_array(const arguments& a, cell& out);
  bool make_array_of_bytes(const arguments& a, cell& out);
  bool make_array_text(int machine_format, std::string_view raw, cell& out);
  bool check_numbers(std::span<const cell> members);
  bool join(const cell& texts, cell& out);

  const unsigned char* begin_ = nullptr;
  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  std::size_t most_ = 0;        ///< values on the stack
  std::size_t digits_ = 0;      ///< of one integer
  std::size_t expanded_ = 0;    ///< made so far, see expand()
  std::int8_t traceback_ = -1;  ///< whether the payload speaks of one, once that is known
  cell_row stack_{};
  std::vector<std::size_t> marks_{};
  std::size_t fence_ = 0;       ///< what lies below the last mark cannot be popped
  std::vector<cell> memo_{};    ///< note of an unset entry: unset
  std::size_t memo_count_ = 0;
  pickle::tree tree_{};
  decode_error error_{};

  static constexpr std::uint8_t unset = 0xff;
  static constexpr std::size_t memo_slack = 1024;
  static constexpr std::size_t room_beside = 32;  ///< members, for the value at the end and the parts of objects
};

[[gnu::always_inline]] inline bool machine::read_view(std::uint64_t size, std::string_view& out, const char* name) {
  if (left() < size) return size > INT64_MAX ? beyond_machine(name) : truncated();
  out = {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(size)};
  at_ += size;
  return true;
}

}  // namespace engine::detail::pickle
