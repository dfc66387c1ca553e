// A Python value of any kind, owned: what tools, gateways and dynamic callers hold when they do not know the type beforehand.
// Typed code does not need it (docs/decisions/0001-value-owns.md).
//   value v = value::dict{{"name", "bike"}, {"sizes", value::list{52, 54.5}}};
//   v["sizes"][0].as<int>();   v["name"] == "bike";   v["sizes"].as<std::vector<double>>();
// Equality is Python's: 1 == 1.0 == True, a list is no tuple, sets and dicts compare unordered.
// Not thread-safe while it is changed; copies are deep.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <codec/convert.hpp>

namespace engine {

class value;
struct value_entry;

/// Thrown by value's accessors when it does not hold what was asked for.
class bad_value : public std::runtime_error {
 public:
  bad_value(std::string_view type, const std::string& text) : std::runtime_error(text), type_(type) {}
  std::string_view type() const { return type_; }  ///< the exception's name on the wire: one of wire_class, or builtins.KeyError…

 private:
  std::string_view type_;  ///< static storage
};

namespace detail {

/// Where keys are, by a hash with a secret seed; a container's table is made only when looking through it costs more.
class key_index {
 public:
  key_index();
  ~key_index();
  key_index(const key_index&);
  key_index(key_index&&) noexcept;
  key_index& operator=(key_index) noexcept;

 private:
  friend class key_lookup;
  struct table;
  std::unique_ptr<table> table_;
};

}  // namespace detail

/// Python's list or tuple: a vector that knows which of the two it is. (Value is always value, which is not complete yet.)
template <kind Kind, class Value = value> class value_sequence {
 public:
  value_sequence() = default;
  value_sequence(std::initializer_list<Value> items) : items_(items) {}
  explicit value_sequence(std::vector<Value> items) : items_(std::move(items)) {}

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  const Value& operator[](std::size_t i) const { return items_[i]; }
  Value& operator[](std::size_t i) { return items_[i]; }
  void reserve(std::size_t n) { items_.reserve(n); }
  void push_back(Value item) { items_.push_back(std::move(item)); }
  const std::vector<Value>& items() const { return items_; }
  std::vector<Value>& items() { return items_; }

 private:
  std::vector<Value> items_;
};

/// Python's set or frozenset: equal items once, in the order they came. Items are not changed in place.
template <kind Kind, class Value = value> class value_set {
 public:
  value_set() = default;
  /// Throws bad_value as insert().
  value_set(std::initializer_list<Value> items) {
    for (const Value& item : items) insert(item);
  }

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  auto begin() const { return items_.cbegin(); }
  auto end() const { return items_.cend(); }
  const std::vector<Value>& items() const { return items_; }

  bool contains(const Value& item) const;
  /// False if an equal item was there, which then stays. Throws bad_value (TypeError "unhashable type: 'list'") for an item that
  /// Python would not take.
  bool insert(Value item);

 private:
  std::vector<Value> items_;
  detail::key_index index_;
};

/// Python's dict: in order of insertion, any hashable keys. Of equal keys the first stays, and the last item wins.
class value_dict {
 public:
  value_dict();
  ~value_dict();
  value_dict(const value_dict&);
  value_dict(value_dict&&) noexcept;
  value_dict& operator=(const value_dict&);
  value_dict& operator=(value_dict&&) noexcept;
  /// Throws bad_value as set().
  value_dict(std::initializer_list<value_entry> entries);

  std::size_t size() const;
  bool empty() const { return size() == 0; }
  const value_entry* begin() const;
  const value_entry* end() const;
  std::span<const value_entry> entries() const;

  /// The item under that key, nullptr if there is none. Valid until the dict changes.
  const value* find(const value& key) const;
  template <std::convertible_to<std::string_view> Text> const value* find(const Text& key) const { return find_text(key); }
  value* find(const value& key) { return const_cast<value*>(std::as_const(*this).find(key)); }
  template <std::convertible_to<std::string_view> Text> value* find(const Text& key) {
    return const_cast<value*>(find_text(key));
  }
  template <class Key> bool contains(const Key& key) const { return find(key) != nullptr; }
  /// Throws bad_value (TypeError "unhashable type: 'list'") for a key that Python would not take.
  void set(value key, value item);
  /// False if there was no such key. Costs the length of the dict.
  bool erase(const value& key);

 private:
  const value* find_text(std::string_view key) const;
  std::vector<value_entry> entries_;
  detail::key_index index_;
};

class value {
 public:
  using list = value_sequence<engine::kind::list>;
  using tuple = value_sequence<engine::kind::tuple>;
  using set = value_set<engine::kind::set>;
  using frozenset = value_set<engine::kind::frozenset>;
  using dict = value_dict;
  using entry = value_entry;

  value() = default;  ///< None
  value(std::nullptr_t) {}
  template <std::same_as<bool> Bool> value(Bool b) : data_(b) {}
  template <detail::plain_integer Int> value(Int n) {
    if (std::in_range<std::int64_t>(n)) data_ = static_cast<std::int64_t>(n);
    else data_ = integer::from_unsigned(static_cast<std::uint64_t>(n));
  }
  template <std::floating_point Real> value(Real x) : data_(static_cast<double>(x)) {}
  value(std::complex<double> z) : data_(z) {}
  value(integer n);  ///< kept as a machine integer if it fits one
  value(const char* utf8) : data_(std::string(utf8)) {}
  value(std::string_view utf8) : data_(std::string(utf8)) {}
  value(std::string utf8) : data_(std::move(utf8)) {}
  explicit value(engine::bytes data) : data_(std::move(data)) {}
  value(list items) : data_(std::move(items)) {}
  value(tuple items) : data_(std::move(items)) {}
  value(set items) : data_(std::move(items)) {}
  value(frozenset items) : data_(std::move(items)) {}
  value(dict entries) : data_(std::move(entries)) {}
  value(const engine::datetime& when) : data_(when) {}
  value(const engine::date& day) : data_(day) {}

  engine::kind kind() const { return static_cast<engine::kind>(data_.index() + 1); }
  bool is_none() const { return data_.index() == 0; }

  /// Converted as an argument of that type would be (codec/convert.hpp); views point into this value.
  /// Throws bad_value with the reader's words (TypeError, OverflowError …).
  template <class T> T as() const {
    T converted{};
    read_as([](reader& in, void* to) { return engine::decode(in, *static_cast<T*>(to)); }, &converted);
    return converted;
  }
  /// What is held, if it is exactly that: bool, std::int64_t, integer, double, std::complex<double>, std::string, bytes, list,
  /// tuple, set, frozenset, dict, datetime or date.
  template <class T> const T* get_if() const { return std::get_if<T>(&data_); }
  template <class T> T* get_if() { return std::get_if<T>(&data_); }
  /// The same, but throws bad_value (TypeError) if it is something else.
  template <class T> const T& get() const;
  template <class T> T& get() { return const_cast<T&>(std::as_const(*this).get<T>()); }

  /// Characters are not counted: size of text and bytes in bytes, of containers in elements. Throws bad_value for the rest.
  std::size_t size() const;
  /// An item of a dict. Throws bad_value: KeyError, or TypeError if this is no dict.
  const value& operator[](std::string_view key) const;
  /// An element of a list or tuple. Throws bad_value: IndexError, or TypeError for anything else.
  const value& operator[](std::size_t index) const;
  /// The elements of a list, tuple, set or frozenset. Throws bad_value (TypeError) for anything else.
  const value* begin() const { return elements().data(); }
  const value* end() const { return elements().data() + elements().size(); }
  std::span<const value> elements() const;
  /// The pairs of a dict, each with .key and .item. Throws bad_value (TypeError) for anything else.
  std::span<const value_entry> entries() const;

  friend bool operator==(const value& a, const value& b) { return equal(a, b); }

 private:
  static bool equal(const value& a, const value& b);
  void read_as(bool (*decode)(reader&, void*), void* to) const;
  [[noreturn]] void refuse(engine::kind wanted) const;

  // In the order of engine::kind, so that kind() is the index.
  using data = std::variant<std::monostate, bool, std::int64_t, integer, double, std::complex<double>, std::string, engine::bytes,
                            list, tuple, set, frozenset, dict, engine::datetime, engine::date>;
  data data_;

  template <class T, std::size_t I = 0> static constexpr engine::kind kind_of() {
    if constexpr (std::same_as<T, std::variant_alternative_t<I, data>>) return static_cast<engine::kind>(I + 1);
    else return kind_of<T, I + 1>();
  }
};

/// One pair of a dict.
struct value_entry {
  value key;
  value item;
};

static_assert(sizeof(value) <= 40);

inline std::size_t value_dict::size() const { return entries_.size(); }
inline const value_entry* value_dict::begin() const { return entries_.data(); }
inline const value_entry* value_dict::end() const { return entries_.data() + entries_.size(); }
inline std::span<const value_entry> value_dict::entries() const { return entries_; }

template <class T> const T& value::get() const {
  if (const T* held = get_if<T>()) return *held;
  refuse(kind_of<T>());
}

/// The same to the last detail: kinds, signs of zero, order of dicts; nan is the same as nan. What a round trip must keep.
bool same(const value& a, const value& b);

/// As Python's repr() prints it.
std::string to_repr(const value&);

/// The hash behind sets and dicts: equal values have equal hashes, within this process only. The value must be hashable.
std::uint64_t hash_of(const value&);
/// The kind that keeps Python from hashing it (list, set or dict, also inside a tuple), kind::none if it is hashable.
kind unhashable_part(const value&);

template <> struct codec_of<value> {
  static bool decode(reader& in, value& out);
  static void encode(writer& out, const value& v);
  static constexpr fit fits(kind k) { return k == kind::error ? fit::no : fit::convertible; }
};

}  // namespace engine
