// Sends something else in place of a type, as Pyro's register_type_replacement() does: for types whose own form means nothing to
// the other side. Chosen when the program is compiled, so it costs nothing, and one line, in every file that sends the type:
//   template <> struct engine::codec_of<money> : engine::sent_as<money, [](const money& m) { return m.to_text(); }> {};
// For formats that are to get different things the function takes the format's name as well and returns an engine::value.
#pragma once

#include <concepts>
#include <string_view>

#include <codec/codec_of.hpp>

namespace engine {

/// Replace(const T&) or Replace(const T&, std::string_view format) gives any value that can be sent; it may throw, and what it throws
/// reaches whoever sends. Format is a name of serializers(), where dill and cloudpickle are "pickle". Replaced wherever a T stands,
/// in containers and members too. Such a type cannot be received: the other side's answer is what it was replaced by.
template <class T, auto Replace> struct sent_as {
  template <class Writer> static void encode(Writer& out, const T& value) {
    if constexpr (std::invocable<decltype(Replace), const T&, std::string_view>) engine::encode(out, Replace(value, out.format()));
    else engine::encode(out, Replace(value));
  }
};

}  // namespace engine
