// Arguments of one call: positional and by keyword, defaults, and the rest as `args` and `kwargs`, decoded straight into the
// parameter types of a C++ method. Faults get Python's own TypeError texts, so a Python caller reads what it is used to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/plain_msgpack.hpp>
#include <codec/value.hpp>
#include <engine/object/serialized_blob.hpp>

namespace engine {

/// As a method's last parameter (or the last before kwargs): takes the positional arguments that are left.
struct args : std::vector<value> {
  using std::vector<value>::vector;
};
/// As a method's last parameter: takes the keyword arguments that name no other parameter.
struct kwargs {
  value::dict items{};
};

/// What a parameter list looks like to a caller.
struct parameter_shape {
  std::size_t named = 0;      ///< parameters before args and kwargs
  std::uint64_t optional = 0; ///< bit i: parameter i may be left out by its type
  bool rest = false, keywords = false;
};

/// A method's name and parameters, for decoding and for error texts.
struct call_signature {
  std::string name{};                            ///< GreetingMaker.get_fortune
  parameter_shape shape{};
  std::vector<std::string> parameters{};         ///< names; empty when the class does not say
  std::vector<std::optional<std::string>> defaults{};  ///< Python literals

  /// `parameters`: traits::parameters. Throws std::invalid_argument if it names another number of parameters.
  static call_signature of(std::string_view name, const parameter_shape&, const char* parameters);
  void qualify(std::string_view class_name) { name = std::string(class_name) + "." + name; }

  std::optional<std::size_t> find(std::string_view parameter) const;
  bool may_miss(std::size_t i) const {
    return ((shape.optional >> i) & 1) != 0 || (i < defaults.size() && defaults[i].has_value());
  }
  // Each records Python's TypeError at `in` and returns false.
  bool too_many(reader& in, std::size_t given) const;
  bool missing(reader& in, std::uint64_t given) const;
  bool twice(reader& in, std::string_view parameter) const;
  bool unexpected(reader& in, std::string_view parameter) const;
  /// The argument for that parameter could not be read.
  [[gnu::cold]] bool misfit(reader& in, std::size_t parameter) const;
};

namespace detail {

template <class P> using stored = std::remove_cvref_t<P>;
template <class P> inline constexpr bool is_rest = std::is_same_v<stored<P>, args>;
template <class P> inline constexpr bool is_keywords = std::is_same_v<stored<P>, kwargs>;
template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};

/// Reads the text of a default with the serpent reader.
bool read_default(const std::string& literal, bool (*decode_into)(reader&, void*), void* target, reader& failing);

template <class... P> class argument_values {
 public:
  static constexpr std::size_t count = sizeof...(P);
  static constexpr std::size_t rest_at = [] {
    std::size_t i = 0, at = count;
    ((is_rest<P> ? void(at = i++) : void(++i)), ...);
    return at;
  }();
  static constexpr std::size_t keywords_at = [] {
    std::size_t i = 0, at = count;
    ((is_keywords<P> ? void(at = i++) : void(++i)), ...);
    return at;
  }();
  static constexpr std::size_t named = std::min(rest_at, keywords_at);
  static_assert(named <= 64, "a method may have at most 64 parameters");
  static constexpr bool blob = (... || is_blob<P>);
  static_assert(!blob || count == 1, "if serialized_blob is used, it must be the only parameter");
  /// Whether read_plainly() may do.
  static constexpr bool plain = (... && plain_value<stored<P>>) && count < 16;

  /// Decodes positional arguments, keywords and the end of the call.
  bool read(reader& in, const call_signature& signature) {
    if constexpr (blob) return serialized_blob::take(in, std::get<0>(values_));
    else return read_all(in, signature);
  }

  /// The same of msgpack as it most often is: all arguments by position and in short forms, nothing behind. False: it is not so, or nothing that
  /// fits; ask read().
  bool read_plainly(plain_msgpack& in)
    requires plain
  {
    return in.array(count) && std::apply([&](auto&... each) { return (... && in.take(each)); }, values_) && in.end_of_call();
  }

 private:
  bool read_all(reader& in, const call_signature& signature) {
    std::size_t hint = 0, read = 0;
    if (!in.enter_sequence(hint)) return in.misfit_as(signature.name + "() argument after * must be an iterable");
    bool open = true;
    if (!read_positional(in, open, read, std::make_index_sequence<named>{})) return signature.misfit(in, read);
    if (read == named && in.ends_plainly()) return true;
    given_ = read == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << read) - 1;
    if (open && !read_rest(in, signature, read)) return false;
    if (!in.ok() || !read_keywords(in, signature)) return false;
    constexpr std::uint64_t all = named == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << named) - 1;
    if (given_ != all && !fill_missing(in, signature)) return false;
    return in.close_call();
  }

 public:
  /// Decodes the single argument of an attribute's setter.
  bool read_one(reader& in) { return decode(in, std::get<0>(values_)); }

  template <class F> decltype(auto) apply(F&& f) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
      return std::forward<F>(f)(pass<P>(std::get<I>(values_))...);
    }(std::index_sequence_for<P...>{});
  }

 private:
  // By value and && parameters get the decoded object itself; references borrow it.
  template <class Parameter> static decltype(auto) pass(stored<Parameter>& v) {
    if constexpr (std::is_lvalue_reference_v<Parameter>) {
      return static_cast<stored<Parameter>&>(v);
    } else {
      return std::move(v);
    }
  }

  template <std::size_t... I> bool read_positional(reader& in, bool& open, std::size_t& read, std::index_sequence<I...>) {
    (void)(... && (open = in.more(), open && decode(in, std::get<I>(values_)) && (++read, true)));
    return in.ok();
  }

  bool read_rest(reader& in, const call_signature& signature, std::size_t read) {
    std::size_t extra = 0;
    while (in.more()) {
      if constexpr (rest_at < count) {
        value v;
        if (!decode(in, v)) return false;
        std::get<rest_at>(values_).push_back(std::move(v));
      } else {
        if (!in.skip()) return false;
        ++extra;
      }
    }
    return in.ok() && (extra == 0 || signature.too_many(in, read + extra));
  }

  bool read_keywords(reader& in, const call_signature& signature) {
    if (!in.open_keywords()) return false;
    std::size_t hint = 0;
    if (!in.enter_dict(hint)) return in.misfit_as(signature.name + "() argument after ** must be a mapping");
    while (in.more()) {
      std::string_view key;
      if (!in.read_string(key) || !read_keyword(in, signature, key)) return false;
    }
    return in.ok();
  }

  bool read_keyword(reader& in, const call_signature& signature, std::string_view key) {
    if (const auto at = signature.find(key)) {
      if ((given_ >> *at) & 1) return signature.twice(in, key);
      given_ |= std::uint64_t{1} << *at;
      return read_at(in, *at, std::make_index_sequence<named>{}) || signature.misfit(in, *at);
    }
    if constexpr (keywords_at < count) {
      value name = std::string(key), v;
      if (!decode(in, v)) return false;
      std::get<keywords_at>(values_).items.set(std::move(name), std::move(v));
      return true;
    } else {
      return signature.unexpected(in, key);
    }
  }

  template <std::size_t... I> bool read_at(reader& in, std::size_t at, std::index_sequence<I...>) {
    bool good = false;
    (void)(... || (at == I && ((good = decode(in, std::get<I>(values_))), true)));
    return good;
  }

  bool fill_missing(reader& in, const call_signature& signature) {
    for (std::size_t i = 0; i < named; ++i)
      if (!((given_ >> i) & 1) && !signature.may_miss(i)) return signature.missing(in, given_);
    return fill_defaults(in, signature, std::make_index_sequence<named>{});
  }

  template <std::size_t... I> bool fill_defaults(reader& in, const call_signature& signature, std::index_sequence<I...>) {
    return (... && (((given_ >> I) & 1) != 0 || fill_default<I>(in, signature)));
  }

  template <std::size_t I> bool fill_default(reader& in, const call_signature& signature) {
    if (I >= signature.defaults.size() || !signature.defaults[I]) return true;  // an optional: empty
    using target = std::tuple_element_t<I, decltype(values_)>;
    return read_default(
        *signature.defaults[I], [](reader& r, void* to) { return decode(r, *static_cast<target*>(to)); }, &std::get<I>(values_), in);
  }

  std::tuple<stored<P>...> values_{};
  std::uint64_t given_ = 0;
};

template <class... P> struct parameter_list {
  using storage = argument_values<P...>;
  static constexpr parameter_shape shape = [] {
    parameter_shape s;
    s.named = storage::named;
    s.rest = storage::rest_at < sizeof...(P);
    s.keywords = storage::keywords_at < sizeof...(P);
    std::size_t i = 0;
    ((s.optional |= (is_optional<stored<P>>::value && i < 64 ? std::uint64_t{1} << i : 0), ++i), ...);
    return s;
  }();
};

}  // namespace detail
}  // namespace engine
