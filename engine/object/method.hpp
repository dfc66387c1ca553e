// A member pointer becomes decode → call → encode: the table a daemon looks methods up in. Arguments go from the frame straight into
// the parameter types; string_view and span parameters point into the frame and are yours until you return.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/value.hpp>
#include <engine/object/arguments.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/reply.hpp>

namespace engine {

/// One callable member of an exposed class.
struct method_entry {
  std::string_view name;
  engine::traits traits{};
  /// Decodes arguments and keywords from `in`, calls, and encodes the result into `answer`. False: `in` has failed (its error is
  /// the caller's fault); what the method throws passes through.
  bool (*invoke)(void* object, reader& in, reply& answer, const call_signature&) = nullptr;
  call_signature signature{};
};

/// One readable, perhaps assignable, attribute.
struct attribute_entry {
  std::string_view name;
  void (*get)(void* object, reply& answer) = nullptr;
  bool (*set)(void* object, reader& in) = nullptr;  ///< nullptr: read-only
};

/// Everything a class exposes, looked up by wire name.
class interface_table {
 public:
  interface_table(std::string_view class_name, std::vector<method_entry> methods, std::vector<attribute_entry> attributes);

  std::string_view class_name() const { return class_name_; }
  const method_entry* find_method(std::string_view name) const;
  const attribute_entry* find_attribute(std::string_view name) const;
  std::span<const method_entry> methods() const { return methods_; }
  std::span<const attribute_entry> attributes() const { return attributes_; }

 private:
  std::string_view class_name_;
  std::vector<method_entry> methods_;
  std::vector<attribute_entry> attributes_;
};

namespace detail {

template <class Member> struct member_pointer;
template <class C, class R, class... P> struct member_pointer<R (C::*)(P...)> {
  using class_type = C;
  using result = R;
  using parameters = parameter_list<P...>;
  static constexpr bool is_method = true;
};
template <class C, class R, class... P> struct member_pointer<R (C::*)(P...) const> : member_pointer<R (C::*)(P...)> {};
template <class C, class R, class... P> struct member_pointer<R (C::*)(P...) noexcept> : member_pointer<R (C::*)(P...)> {};
template <class C, class R, class... P> struct member_pointer<R (C::*)(P...) const noexcept> : member_pointer<R (C::*)(P...)> {};
template <class C, class T>
  requires(!std::is_function_v<T>)
struct member_pointer<T C::*> {
  using class_type = C;
  using result = T;
  static constexpr bool is_method = false;
};

template <class Class, auto Member> bool invoke_member(void* object, reader& in, reply& answer, const call_signature& signature) {
  using pointer = member_pointer<decltype(Member)>;
  typename pointer::parameters::storage arguments;
  if (!arguments.read(in, signature)) return false;
  auto& self = *static_cast<Class*>(object);
  if constexpr (std::is_void_v<typename pointer::result>) {
    arguments.apply([&](auto&&... a) { (self.*Member)(std::forward<decltype(a)>(a)...); });
    answer.begin().none();
  } else {
    decltype(auto) result =
        arguments.apply([&](auto&&... a) -> decltype(auto) { return (self.*Member)(std::forward<decltype(a)>(a)...); });
    encode_result(answer.begin(), std::forward<decltype(result)>(result));
  }
  return true;
}

template <class Class, auto Member> void get_member(void* object, reply& answer) {
  auto& self = *static_cast<Class*>(object);
  if constexpr (member_pointer<decltype(Member)>::is_method) {
    decltype(auto) result = (self.*Member)();
    encode_result(answer.begin(), std::forward<decltype(result)>(result));
  } else {
    encode(answer.begin(), self.*Member);
  }
}

template <class Class, auto Member> bool set_member(void* object, reader& in) {
  auto& self = *static_cast<Class*>(object);
  if constexpr (member_pointer<decltype(Member)>::is_method) {
    typename member_pointer<decltype(Member)>::parameters::storage arguments;
    if (!arguments.read_one(in)) return false;
    arguments.apply([&](auto&&... a) { (self.*Member)(std::forward<decltype(a)>(a)...); });
    return true;
  } else {
    typename member_pointer<decltype(Member)>::result fresh{};
    if (!decode(in, fresh)) return false;
    self.*Member = std::move(fresh);
    return true;
  }
}

template <class Class, class Exposed>
void describe_member(std::vector<method_entry>& methods, std::vector<attribute_entry>& attributes) {
  constexpr auto said = traits_of<Class, Exposed::pointer>();
  constexpr engine::traits common = said;
  using pointer = member_pointer<std::remove_const_t<decltype(Exposed::pointer)>>;
  constexpr std::string_view name = common.name_or(Exposed::name);
  if constexpr (!pointer::is_method) {
    constexpr bool assignable = !common.read_only && !std::is_const_v<typename pointer::result>;
    attribute_entry entry{name, &get_member<Class, Exposed::pointer>, nullptr};
    if constexpr (assignable) entry.set = &set_member<Class, Exposed::pointer>;
    attributes.push_back(entry);
  } else if constexpr (common.attribute) {
    attribute_entry entry{name, &get_member<Class, Exposed::pointer>, nullptr};
    if constexpr (requires { said.setter; }) entry.set = &set_member<Class, said.setter>;
    attributes.push_back(entry);
  } else {
    methods.push_back({name, common, &invoke_member<Class, Exposed::pointer>,
                       call_signature::of(name, pointer::parameters::shape, common.parameters)});
  }
}

template <class Class, fixed_string Name, class... Exposed>
interface_table make_table(type<interface<Class, Name, Exposed...>>) {
  std::vector<method_entry> methods;
  std::vector<attribute_entry> attributes;
  (describe_member<Class, Exposed>(methods, attributes), ...);
  for (method_entry& m : methods) m.signature.qualify(Name.view());
  return interface_table(Name.view(), std::move(methods), std::move(attributes));
}

}  // namespace detail

/// The table of an exposed class, made at first use. Thread-safe.
template <class Class> const interface_table& interface_of() {
  static_assert(detail::has_interface<Class>, "say what may be called: ENGINE_EXPOSE(Class, member, …) after the class");
  static const interface_table table = detail::make_table(type<decltype(engine_interface(type<Class>{}))>{});
  return table;
}

}  // namespace engine
