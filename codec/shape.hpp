// Plain structs on the wire by one line after the struct, in its namespace:
//   struct point { double x = 0, y = 0; };
//   ENGINE_SHAPE(point, x, y)                        travels as {'x': …, 'y': …}
//   ENGINE_SHAPE_AS(point, "geometry.Point", x, y)   travels as {'x': …, 'y': …, '__class__': 'geometry.Point'}
// The line declares a function that argument-dependent lookup finds; nothing is registered at run time.
// Reading: unknown keys are skipped, missing members keep the value they had (of a fresh object: its default). A class name that
// is present must be the right one; it may be absent, because Python 3.11 leaves it out in json, marshal and msgpack (WIRE §6.3).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <codec/codec_of.hpp>
#include <codec/each.hpp>
#include <codec/short_text.hpp>

namespace engine {

/// Carries the struct's type to engine_shape().
template <class T> struct shape_tag {};

template <auto Member> struct shape_field {
  std::string_view name;
};

/// Names and members of T in the order of writing.
template <class T, auto... Members> struct shape {
  using object = T;
  std::string_view class_name;  ///< empty: a plain dict
  std::array<std::string_view, sizeof...(Members)> names;

  static bool decode_member(reader& in, std::size_t index, T& out) {
    using decoder = bool (*)(reader&, T&);
    static constexpr std::array<decoder, sizeof...(Members)> table{+[](reader& r, T& o) { return engine::decode(r, o.*Members); }...};
    return table[index](in, out);
  }
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

namespace detail {

/// The index of `key` among `names`, names.size() if absent.
std::size_t find_name(std::span<const std::string_view> names, std::string_view key);
/// Consumes the value of `__class__` and compares it.
bool check_class(reader& in, std::string_view class_name);

}  // namespace detail

template <shaped T> struct codec_of<T> {
  static constexpr auto description = engine_shape(shape_tag<T>{});
  static constexpr std::size_t count = description.names.size();

  static bool decode(reader& in, T& out) {
    std::size_t hint = 0, next = 0;
    if (!in.enter_dict(hint)) return false;
    std::string_view key;
    while (in.next_member(key)) {
      const bool in_order = next < count && detail::same_text(description.names[next], key);
      const std::size_t index = in_order ? next : detail::find_name(description.names, key);
      if (index != count) {
        if (!description.decode_member(in, index, out)) return false;
        next = index + 1;
      } else if (!description.class_name.empty() && key == "__class__") {
        if (!detail::check_class(in, description.class_name)) return false;
      } else if (!in.skip()) {
        return false;
      }
    }
    return in.ok();
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
