// Describing a class: ENGINE_EXPOSE lists the members that callers may reach, ENGINE_MARK says about one of them what a C++
// signature cannot. Both only declare functions that anyone could write by hand; nothing is registered, nothing runs at
// start-up. daemon.expose(object) is what puts an object on the network.
//
//   ENGINE_EXPOSE(GreetingMaker, get_fortune, record_visit)
//   ENGINE_ONEWAY(GreetingMaker, record_visit)
//
// One line after the class, in the class's own namespace. Members are public methods (not overloaded, not templates) or public data
// members, which travel as attributes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <codec/each.hpp>

namespace engine {

/// Names a class without an object of it.
template <class T> struct type {};
/// Names a member without an object of it.
template <auto Member> struct member {};

/// A string that can be a template argument.
template <std::size_t Size> struct fixed_string {
  char text[Size]{};
  constexpr fixed_string(const char (&from)[Size]) { std::copy_n(from, Size, text); }
  constexpr std::string_view view() const { return {text, Size - 1}; }
};

/// What ENGINE_MARK may say about a member.
struct traits {
  /// The name on the wire, when it is not the C++ one (`register`, `__len__`).
  const char* wire_name = nullptr;
  /// Names of the parameters in order, with defaults as Python literals: "name, uri, safe=False". Without it callers cannot
  /// use keywords. A parameter with a default, or a trailing std::optional, may be left out.
  const char* parameters = nullptr;
  /// Callers do not wait and get no answer.
  bool oneway = false;
  /// A data member that callers may not assign; a method without parameters that is read as an attribute.
  bool read_only = false;
  bool attribute = false;
  /// It may block: it runs on a side thread, never on a core, so it may wait and make synchronous calls. It is then the
  /// object's business to be safe for several threads; calls of one connection still run one after the other.
  bool blocking = false;
  /// What it throws also ends the caller's connection and is logged here (Pyro's @callback).
  bool callback = false;

  constexpr std::string_view name_or(std::string_view cpp_name) const {
    return wire_name == nullptr ? cpp_name : std::string_view(wire_name, std::char_traits<char>::length(wire_name));
  }
};

/// One exposed member with its C++ name.
template <auto Member, fixed_string Name> struct exposed {
  static constexpr auto pointer = Member;
  static constexpr std::string_view name = Name.view();
};

/// The list of what a class exposes. `Name` is the class's own.
template <class Class, fixed_string Name, class... Exposed> struct interface {
  using class_type = Class;
  static constexpr std::string_view name = Name.view();
};

namespace detail {

/// A property: the traits of its getter, and the method that assigns it.
template <auto Setter> struct property_traits : traits {
  static constexpr auto setter = Setter;
};

template <class Class, auto Member> constexpr auto traits_of() {
  if constexpr (requires { engine_traits(type<Class>{}, member<Member>{}); }) {
    return engine_traits(type<Class>{}, member<Member>{});
  } else {
    return traits{};
  }
}

template <class Class> concept has_interface = requires { engine_interface(type<Class>{}); };

}  // namespace detail
}  // namespace engine

#define ENGINE_EXPOSED_MEMBER_(Class, name) ::engine::exposed<&Class::name, #name>
#define ENGINE_STUB_METHOD_(Class, name)                                                      \
  template <class... Args> decltype(auto) name(Args&&... args) {                              \
    return static_cast<Caller*>(this)->template engine_call_<&Class::name>(std::forward<Args>(args)...); \
  }

/// Exposes the listed members of Class to daemons, and gives proxy<Class> a method for each. See the head of this file.
#define ENGINE_EXPOSE(Class, ...)                                                                                  \
  [[maybe_unused]] inline auto engine_interface(::engine::type<Class>)                                             \
      -> ::engine::interface<Class, #Class, ENGINE_EACH_COMMA(ENGINE_EXPOSED_MEMBER_, Class, __VA_ARGS__)> { return {}; } \
  template <class Caller> struct Class##_stub {                                                                    \
    ENGINE_EACH(ENGINE_STUB_METHOD_, Class, __VA_ARGS__)                                                           \
  };                                                                                                               \
  template <class Caller> auto engine_stub(::engine::type<Class>, ::engine::type<Caller>) -> Class##_stub<Caller>;

/// Says more about one member: ENGINE_MARK(name_server, enroll, .wire_name = "register", .parameters = "name, uri, safe=False").
#define ENGINE_MARK(Class, name, ...)                                                                         \
  [[maybe_unused]] constexpr ::engine::traits engine_traits(::engine::type<Class>, ::engine::member<&Class::name>) { \
    return {__VA_ARGS__};                                                                                     \
  }
#define ENGINE_ONEWAY(Class, name) ENGINE_MARK(Class, name, .oneway = true)

/// A property: callers read attribute `attribute_name` (a string literal) by the exposed method `getter`, and assign it by `setter`.
#define ENGINE_PROPERTY(Class, getter, attribute_name, setter_name)                                                        \
  [[maybe_unused]] constexpr auto engine_traits(::engine::type<Class>, ::engine::member<&Class::getter>) {                 \
    return ::engine::detail::property_traits<&Class::setter_name>{{.wire_name = attribute_name, .attribute = true}};       \
  }
