// Typed conversion of the values that hold others. Any of Python's sequences is taken for any of ours: json and msgpack
// have only arrays, and Python callers pass tuples where lists are meant.
#pragma once

#include <array>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <codec/codec_of.hpp>

namespace engine {

namespace detail {

constexpr fit fit_sequence(kind k, kind own) {
  return k == own ? fit::exact : is_sequence(k) ? fit::convertible : fit::no;
}

template <class Writer, class Sequence> void encode_list(Writer& out, const Sequence& value) {
  using element = typename Sequence::value_type;
  constexpr bool dense = std::ranges::contiguous_range<const Sequence>;
  if constexpr (dense && std::same_as<element, std::int64_t>) {
    out.integers(value);
  } else if constexpr (dense && std::same_as<element, double>) {
    out.reals(value);
  } else if constexpr (dense && std::same_as<element, std::string>) {
    out.strings(value);
  } else {
    out.begin(kind::list, value.size());
    for (const element& one : value) engine::encode(out, one);
    out.end();
  }
}

template <class Sequence> struct list_codec {
  static bool decode(reader& in, Sequence& out) {
    if constexpr (std::same_as<Sequence, std::vector<std::int64_t>>) return in.read_integers(out);
    else if constexpr (std::same_as<Sequence, std::vector<double>>) return in.read_reals(out);
    else if constexpr (std::same_as<Sequence, std::vector<std::string>>) return in.read_strings(out);
    else return decode_elements(in, out);
  }
  static bool decode_elements(reader& in, Sequence& out) {
    std::size_t hint = 0;
    if (!in.enter_sequence(hint)) return false;
    out.clear();
    if constexpr (requires { out.reserve(hint); }) out.reserve(bounded_reserve(hint, sizeof(typename Sequence::value_type)));
    while (in.more()) {
      if constexpr (std::same_as<typename Sequence::value_type, bool>) {
        bool element = false;
        if (!in.read_boolean(element)) return false;
        out.push_back(element);
      } else {
        if (!engine::decode(in, out.emplace_back())) return false;
      }
    }
    return in.ok();
  }
  template <class Writer> static void encode(Writer& out, const Sequence& value) { encode_list(out, value); }
  static constexpr fit fits(kind k) { return fit_sequence(k, kind::list); }
};

template <class Set> struct set_codec {
  static bool decode(reader& in, Set& out) {
    std::size_t hint = 0;
    if (!in.enter_sequence(hint)) return false;
    out.clear();
    while (in.more()) {
      typename Set::value_type element{};
      if (!engine::decode(in, element)) return false;
      out.insert(std::move(element));
    }
    return in.ok();
  }
  template <class Writer> static void encode(Writer& out, const Set& value) {
    out.begin(kind::set, value.size());
    for (const auto& element : value) engine::encode(out, element);
    out.end();
  }
  static constexpr fit fits(kind k) { return fit_sequence(k, kind::set); }
};

template <class Map> struct map_codec {
  static bool decode(reader& in, Map& out) {
    std::size_t hint = 0;
    if (!in.enter_dict(hint)) return false;
    out.clear();
    while (in.more()) {
      typename Map::key_type key{};
      if (!engine::decode(in, key)) return false;
      typename Map::mapped_type item{};
      if (!engine::decode(in, item)) return false;
      out.insert_or_assign(std::move(key), std::move(item));
    }
    return in.ok();
  }
  template <class Writer> static void encode(Writer& out, const Map& value) {
    out.begin(kind::dict, value.size());
    for (const auto& [key, item] : value) {
      engine::encode(out, key);
      engine::encode(out, item);
    }
    out.end();
  }
  static constexpr fit fits(kind k) { return exact_if(k == kind::dict); }
};

/// Elements left over after the expected ones, read to the end so that the message can name the number.
bool close_fixed(reader& in, std::size_t expected);

template <class Tuple> struct tuple_codec {
  static constexpr std::size_t size = std::tuple_size_v<Tuple>;
  static bool decode(reader& in, Tuple& out) {
    std::size_t hint = 0, at = 0;
    if (!in.enter_sequence(hint)) return false;
    [[maybe_unused]] const auto one = [&](auto& element) {
      if (!in.more()) return in.ok() && fail_length(in, size, at, false);
      ++at;
      return engine::decode(in, element);
    };
    const bool all = std::apply([&](auto&... elements) { return (one(elements) && ...); }, out);
    return all && close_fixed(in, size);
  }
  template <class Writer> static void encode(Writer& out, const Tuple& value) {
    out.begin(kind::tuple, size);
    std::apply([&](const auto&... elements) { (engine::encode(out, elements), ...); }, value);
    out.end();
  }
  static constexpr fit fits(kind k) { return fit_sequence(k, kind::tuple); }
};

}  // namespace detail

template <class T, class A> struct codec_of<std::vector<T, A>> : detail::list_codec<std::vector<T, A>> {};
template <class T, class A> struct codec_of<std::deque<T, A>> : detail::list_codec<std::deque<T, A>> {};
template <class T, class A> struct codec_of<std::list<T, A>> : detail::list_codec<std::list<T, A>> {};

template <class T, class C, class A> struct codec_of<std::set<T, C, A>> : detail::set_codec<std::set<T, C, A>> {};
/// The standard's hashes are not secret: for data of untrusted peers prefer the ordered set and map.
template <class T, class H, class E, class A> struct codec_of<std::unordered_set<T, H, E, A>>
    : detail::set_codec<std::unordered_set<T, H, E, A>> {};

template <class K, class T, class C, class A> struct codec_of<std::map<K, T, C, A>> : detail::map_codec<std::map<K, T, C, A>> {};
template <class K, class T, class H, class E, class A> struct codec_of<std::unordered_map<K, T, H, E, A>>
    : detail::map_codec<std::unordered_map<K, T, H, E, A>> {};

template <class... T> struct codec_of<std::tuple<T...>> : detail::tuple_codec<std::tuple<T...>> {};
template <class A, class B> struct codec_of<std::pair<A, B>> : detail::tuple_codec<std::pair<A, B>> {};

/// Exactly N elements; sent as a list.
template <class T, std::size_t N> struct codec_of<std::array<T, N>> {
  static bool decode(reader& in, std::array<T, N>& out) {
    std::size_t hint = 0, at = 0;
    if (!in.enter_sequence(hint)) return false;
    for (T& element : out) {
      if (!in.more()) return in.ok() && detail::fail_length(in, N, at, false);
      if (!engine::decode(in, element)) return false;
      ++at;
    }
    return detail::close_fixed(in, N);
  }
  template <class Writer> static void encode(Writer& out, const std::array<T, N>& value) { detail::encode_list(out, value); }
  static constexpr fit fits(kind k) { return detail::fit_sequence(k, kind::list); }
};

template <class T> struct codec_of<std::optional<T>> {
  static bool decode(reader& in, std::optional<T>& out) {
    if (in.peek() != kind::none) return engine::decode(in, out.emplace());
    out.reset();
    return in.read_none();
  }
  template <class Writer> static void encode(Writer& out, const std::optional<T>& value) {
    if (value) engine::encode(out, *value);
    else out.none();
  }
  static constexpr fit fits(kind k) { return k == kind::none ? fit::exact : fit_of<T>(k); }
};

template <> struct codec_of<std::monostate> {
  static bool decode(reader& in, std::monostate&) { return in.read_none(); }
  template <class Writer> static void encode(Writer& out, std::monostate) { out.none(); }
  static constexpr fit fits(kind k) { return detail::exact_if(k == kind::none); }
};

/// The first alternative that fits the value exactly, else the first it can be converted to. Among class dictionaries the
/// class name decides.
template <class... T> struct codec_of<std::variant<T...>> {
  static bool decode(reader& in, std::variant<T...>& out) {
    const kind k = in.peek();
    if ((named<T> || ...) && k == kind::dict) {
      if (const auto name = in.class_name(); name && (decode_named<T>(in, *name, out) || ...)) return in.ok();
    }
    if (!in.ok()) return false;
    bool good = false;
    if ((try_one<T>(in, k, fit::exact, out, good) || ...)) return good;
    if ((try_one<T>(in, k, fit::convertible, out, good) || ...)) return good;
    return detail::fail_fit(in, "one of the alternatives of a variant", k);
  }
  template <class Writer> static void encode(Writer& out, const std::variant<T...>& value) {
    if (value.valueless_by_exception()) return out.none();
    std::visit([&](const auto& held) { engine::encode(out, held); }, value);
  }
  static constexpr fit fits(kind k) {
    fit best = fit::no;
    ((best = fit_of<T>(k) > best ? fit_of<T>(k) : best), ...);
    return best;
  }

 private:
  template <class U> static constexpr bool named = requires { codec_of<U>::class_name(); };

  template <class U> static bool try_one(reader& in, kind k, fit wanted, std::variant<T...>& out, bool& good) {
    if (fit_of<U>(k) != wanted) return false;
    good = engine::decode(in, out.template emplace<U>());
    return true;
  }
  template <class U> static bool decode_named(reader& in, std::string_view name, std::variant<T...>& out) {
    if constexpr (named<U>) {
      if (codec_of<U>::class_name() != name) return false;
      static_cast<void>(engine::decode(in, out.template emplace<U>()));  // the reader keeps the failure
      return true;
    } else {
      return false;
    }
  }
};

}  // namespace engine
