// A member pointer on the caller's side: what its name on the wire is, and how its arguments are written. Mirror of method.hpp.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <engine/object/conversation.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/method.hpp>
#include <engine/object/replies.hpp>

namespace engine::detail {

template <class T, class Caller> using stub_of = decltype(engine_stub(type<T>{}, type<Caller>{}));

template <class Parameter> inline constexpr bool takes_text =
    std::same_as<stored<Parameter>, std::string> || std::same_as<stored<Parameter>, std::string_view>;
template <class Parameter> inline constexpr bool takes_bytes =
    std::same_as<stored<Parameter>, bytes> || std::same_as<stored<Parameter>, std::span<const std::byte>>;

/// What a proxy parameter takes besides proxies: the object itself, if it is exposed, and where it is.
template <class A> concept names_object = by_reference<stored<A>> || std::same_as<stored<A>, uri>;

/// Encodes one argument as the parameter's type. `stays`: it stays alive until the request has been sent.
template <class Parameter, class Writer, class A> void encode_argument(Writer& out, bool stays, A&& a) {
  if constexpr (takes_text<Parameter> && std::is_convertible_v<A&&, std::string_view>) {
    out.string(std::string_view(a));
  } else if constexpr (takes_bytes<Parameter> && std::is_convertible_v<A&&, std::span<const std::byte>>) {
    out.bytes(std::span<const std::byte>(a), stays);
  } else if constexpr (std::same_as<stored<A>, stored<Parameter>> || (is_proxy<stored<Parameter>> && names_object<A>)) {
    encode(out, a);
  } else {
    static_assert(std::is_convertible_v<A&&, stored<Parameter>>, "this argument does not convert to the method's parameter");
    const stored<Parameter> converted = std::forward<A>(a);
    encode(out, converted);
  }
}

template <class Writer, class... P, class... A> void encode_arguments(Writer& out, bool stays, type<parameter_list<P...>>, A&&... a) {
  static_assert(sizeof...(A) <= sizeof...(P), "too many arguments for this method");
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (encode_argument<std::tuple_element_t<I, std::tuple<P...>>>(out, stays, std::forward<A>(a)), ...);
  }(std::index_sequence_for<A...>{});
}

/// What a typed call of a member needs to know at compile time.
template <class Class, auto Member> struct call_shape {
  using pointer = member_pointer<decltype(Member)>;
  static constexpr traits said = traits_of<Class, Member>();
  static constexpr bool attribute = !pointer::is_method || said.attribute;
  using result = result_type<typename awaited_result<typename pointer::result>::type>;
};
template <class Class, auto Member, class Interface> struct name_in;
template <class Class, auto Member, fixed_string Name, class... Exposed> struct name_in<Class, Member, interface<Class, Name, Exposed...>> {
  // As types: g++ 12 with sanitizers does not compare pointers to members that are declared only.
  template <class E> static constexpr bool is() { return std::same_as<member<E::pointer>, member<Member>>; }
  static constexpr std::string_view value = [] {
    std::string_view found;
    ((is<Exposed>() ? void(found = Exposed::name) : void()), ...);
    constexpr traits said = traits_of<Class, Member>();
    return said.name_or(found);
  }();
};
template <class Class, auto Member> inline constexpr std::string_view wire_name =
    name_in<Class, Member, decltype(engine_interface(type<Class>{}))>::value;

/// Writes the request of a typed call: a method, or reading or assigning an attribute. Arguments are left as they are, so that it
/// may be written again.
template <class Class, auto Member, class... A> written write_call(const line& on, A&... a) {
  using shape = call_shape<Class, Member>;
  constexpr std::string_view name = wire_name<Class, Member>;
  if constexpr (shape::attribute) {
    static_assert(sizeof...(A) <= 1, "an attribute is read without arguments and assigned with one");
    on.check_attribute(name);
    request made(on, sizeof...(A) ? "__setattr__" : "__getattr__", 1 + sizeof...(A));
    made.arguments().string(name);
    (encode_argument<std::remove_cvref_t<A>>(made.arguments(), on.stays, a), ...);
    made.no_keywords();
    return made.finish();
  } else if constexpr (shape::pointer::parameters::storage::blob) {
    static_assert(sizeof...(A) == 1 && (... && is_blob<A>), "if serialized_blob is used, it must be the only argument");
    return write_blob_call(on, name, a...);
  } else {
    using parameters = type<typename shape::pointer::parameters>;
    if constexpr ((written_once<std::remove_cv_t<A>> || ...)) on.talk.wait_for_welcome();
    if (repeated_request again(on, name, sizeof...(A)); again) {
      encode_arguments(again.arguments(), on.stays, parameters{}, a...);
      return again.finish();
    }
    request made(on, name, sizeof...(A));
    encode_arguments(made.arguments(), on.stays, parameters{}, a...);
    return made.finish();
  }
}

/// The result of reading, assigning or calling a member.
template <class Class, auto Member, std::size_t Arguments> using call_result =
    std::conditional_t<call_shape<Class, Member>::attribute && Arguments == 1, void, typename call_shape<Class, Member>::result>;

}  // namespace engine::detail
