// Plain structs on the wire by one line after the struct, in its namespace:
//   struct point { double x = 0, y = 0; };
//   ENGINE_SHAPE(point, x, y)                        travels as {'x': …, 'y': …}
//   ENGINE_SHAPE_AS(point, "geometry.Point", x, y)   travels as {'x': …, 'y': …, '__class__': 'geometry.Point'}
// The line declares a function that argument-dependent lookup finds; nothing is registered at run time.
// Reading: unknown keys are skipped, missing members keep the value they had (of a fresh object: its default). A class name that
// is present must be the right one; it may be absent, because Python 3.11 leaves it out in json, marshal and msgpack (WIRE §6.3).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <codec/codec_of.hpp>
#include <codec/each.hpp>

namespace engine {

/// Carries the struct's type to engine_shape().
template <class T> struct shape_tag {};

template <auto Member> struct shape_field {
  std::string_view name;
};

namespace detail {

template <class Member> constexpr plain_member plain_member_of() {
  if constexpr (std::same_as<Member, bool>) return plain_member::boolean;
  else if constexpr (std::same_as<Member, std::int64_t>) return plain_member::integer;
  else if constexpr (std::same_as<Member, double>) return plain_member::real;
  else if constexpr (std::same_as<Member, std::string>) return plain_member::string;
  else if constexpr (std::same_as<Member, std::vector<std::int64_t>>) return plain_member::integers;
  else if constexpr (std::same_as<Member, std::vector<double>>) return plain_member::reals;
  else if constexpr (std::same_as<Member, std::vector<std::string>>) return plain_member::strings;
  else return plain_member::no;
}

template <class Member> constexpr member_entry entry_of(std::string_view name) {
  return {name, plain_member_of<Member>(), [](reader& in, void* member) { return engine::decode(in, *static_cast<Member*>(member)); }};
}

}  // namespace detail

/// Names and members of T in the order of writing.
template <class T, auto... Members> struct shape {
  using object = T;
  std::string_view class_name;  ///< empty: a plain dict
  std::array<std::string_view, sizeof...(Members)> names;

  /// As reader::read_members wants them.
  constexpr auto entries() const {
    [[maybe_unused]] std::size_t index = 0;
    return std::array<detail::member_entry, sizeof...(Members)>{
        detail::entry_of<std::remove_reference_t<decltype(std::declval<T&>().*Members)>>(names[index++])...};
  }
  static std::array<void*, sizeof...(Members)> addresses([[maybe_unused]] T& object) { return {&(object.*Members)...}; }

  template <class Writer> void encode_members(Writer& out, const T& value) const {
    std::size_t index = 0;
    ((out.member(names[index++]), engine::encode(out, value.*Members)), ...);
    static_cast<void>(index);
    static_cast<void>(value);
  }
};

template <class T, auto... Members> constexpr auto make_shape(std::string_view class_name, shape_field<Members>... fields) {
  return shape<T, Members...>{class_name, {fields.name...}};
}

template <class T> concept shaped = requires { engine_shape(shape_tag<T>{}); };

template <shaped T> struct codec_of<T> {
  static constexpr auto description = engine_shape(shape_tag<T>{});
  static constexpr std::size_t count = description.names.size();

  static bool decode(reader& in, T& out) {
    static constexpr auto entries = description.entries();
    static constexpr detail::member_table table{entries, description.class_name};
    return in.read_members(table, description.addresses(out).data());
  }

  template <class Writer> static void encode(Writer& out, const T& value) {
    const bool named = !description.class_name.empty();
    out.begin(kind::dict, count + (named ? 1 : 0));
    description.encode_members(out, value);
    if (named) {
      out.member("__class__");
      out.string(description.class_name);
    }
    out.end();
  }

  static constexpr fit fits(kind k) { return detail::exact_if(k == kind::dict); }
  static constexpr std::string_view class_name() requires(!description.class_name.empty()) { return description.class_name; }
};

}  // namespace engine

#define ENGINE_SHAPE_FIELD(Class, name) ::engine::shape_field<&Class::name>{#name}
#define ENGINE_SHAPE(Class, ...) ENGINE_SHAPE_AS(Class, "" __VA_OPT__(,) __VA_ARGS__)
#define ENGINE_SHAPE_AS(Class, class_name, ...)                                     \
  [[maybe_unused]] inline constexpr auto engine_shape(::engine::shape_tag<Class>) { \
    return ::engine::make_shape<Class>(                                             \
        class_name __VA_OPT__(,) ENGINE_EACH_COMMA(ENGINE_SHAPE_FIELD, Class, __VA_ARGS__)); \
  }
