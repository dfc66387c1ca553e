// A member pointer becomes decode → call → encode: the table a daemon looks methods up in. Arguments go from the frame straight into
// the parameter types; string_view and span parameters point into the frame and are yours until you return.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <codec/convert.hpp>
#include <codec/value.hpp>
#include <engine/core/recycled.hpp>
#include <engine/core/stream.hpp>
#include <engine/core/task.hpp>
#include <engine/object/arguments.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/reply.hpp>

namespace engine {

/// One call of a method that is a coroutine: its arguments while it runs, its result until it is written.
class activation : public detail::recycled {
 public:
  virtual ~activation() = default;
  /// Runs the method; once. Throws what it throws.
  virtual task<> run() = 0;
  virtual void write(reply&) = 0;
};

/// One callable member of an exposed class.
struct method_entry {
  std::string_view name;
  engine::traits traits{};
  /// Decodes arguments and keywords from `in`, calls, and encodes the result into `answer`. False: `in` has failed (its error is
  /// the caller's fault); what the method throws passes through. nullptr for coroutines.
  bool (*invoke)(void* object, reader& in, reply& answer, const call_signature&) = nullptr;
  call_signature signature{};
  /// For coroutines: decodes, and gives what is to be run. The object and what `in` reads must outlive it. nullptr: `in` has failed.
  std::unique_ptr<activation> (*activate)(void* object, reader& in, const call_signature&) = nullptr;
  /// The same as invoke, of a msgpack call behind its names. False: it is not in the forms that most calls have, and nothing has happened but
  /// reading; use invoke. nullptr where parameters have other types.
  bool (*invoke_plainly)(void* object, detail::plain_msgpack& arguments, reply& answer) = nullptr;
  bool takes_blob = false;  ///< its one parameter is a serialized_blob
  bool suspends() const { return activate != nullptr; }
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
  bool any_suspends() const { return any_suspends_; }  ///< some method is a coroutine
  bool any_blocks() const { return any_blocks_; }      ///< some method is marked blocking

 private:
  std::string_view class_name_;
  std::vector<method_entry> methods_;
  std::vector<attribute_entry> attributes_;
  bool any_suspends_ = false, any_blocks_ = false;
};

namespace detail {

template <class T> inline constexpr bool is_task = false;
template <class T> inline constexpr bool is_task<task<T>> = true;
template <class T> inline constexpr bool is_stream = false;
template <class T> inline constexpr bool is_stream<stream<T>> = true;
/// What a caller gets: the T of a task<T>.
template <class R> struct awaited_result { using type = R; };
template <class T> struct awaited_result<task<T>> { using type = T; };

/// Whether a parameter keeps its argument when the call is over: streams go on after it.
template <class P> inline constexpr bool outlives_call =
    !std::is_reference_v<P> && !std::is_same_v<P, std::string_view> && !std::is_same_v<P, std::span<const std::byte>>;

template <class Member> struct member_pointer;
template <class C, class R, class... P> struct member_pointer<R (C::*)(P...)> {
  using class_type = C;
  using result = R;
  using parameters = parameter_list<P...>;
  static constexpr bool is_method = true;
  static constexpr bool keeps_arguments = (... && outlives_call<P>);
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

/// Encodes a result, or has it answered as a stream.
template <class R> void answer_with(reply& answer, R&& result) {
  if constexpr (is_stream<std::remove_cvref_t<R>>) {
    using item = typename std::remove_cvref_t<R>::value_type;
    answer.stream(std::make_unique<open_stream_of<item>>(std::forward<R>(result)));
  } else if constexpr (std::is_same_v<std::remove_cvref_t<R>, serialized_result>) {
    answer.give(result);
  } else {
    writer& to = answer.begin();
    if constexpr (plain_value<std::remove_cvref_t<R>>) {
      if (msgpack_writer* const direct = to.as_msgpack()) return encode(*direct, result);
    }
    encode_result(to, std::forward<R>(result));
  }
}

template <class Class, auto Member> class member_activation final : public activation {
 public:
  using pointer = member_pointer<decltype(Member)>;
  using result = typename awaited_result<typename pointer::result>::type;

  explicit member_activation(void* object) : self_(*static_cast<Class*>(object)) {}
  bool read(reader& in, const call_signature& signature) { return arguments_.read(in, signature); }

  task<> run() override {
    auto running = arguments_.apply([this](auto&&... a) { return (self_.*Member)(std::forward<decltype(a)>(a)...); });
    if constexpr (std::is_void_v<result>) {
      co_await running;
    } else {
      result made = co_await running;
      result_.emplace(std::move(made));
    }
  }
  void write(reply& answer) override {
    if constexpr (std::is_void_v<result>) answer.nothing();
    else answer_with(answer, std::move(*result_));
  }

 private:
  struct nothing {};
  Class& self_;
  typename pointer::parameters::storage arguments_{};
  std::optional<std::conditional_t<std::is_void_v<result>, nothing, result>> result_{};
};

template <class Class, auto Member> std::unique_ptr<activation> activate_member(void* object, reader& in, const call_signature& signature) {
  auto made = std::make_unique<member_activation<Class, Member>>(object);
  if (!made->read(in, signature)) return nullptr;
  return made;
}

/// Calls with what has been read.
template <class Class, auto Member, class Arguments> void call_member(void* object, Arguments& arguments, reply& answer) {
  using pointer = member_pointer<decltype(Member)>;
  static_assert(!is_stream<typename pointer::result> || pointer::keeps_arguments,
                "a stream goes on after its call: its parameters must be values that own what they hold");
  auto& self = *static_cast<Class*>(object);
  if constexpr (std::is_void_v<typename pointer::result>) {
    arguments.apply([&](auto&&... a) { (self.*Member)(std::forward<decltype(a)>(a)...); });
    answer.nothing();
  } else {
    decltype(auto) result =
        arguments.apply([&](auto&&... a) -> decltype(auto) { return (self.*Member)(std::forward<decltype(a)>(a)...); });
    answer_with(answer, std::forward<decltype(result)>(result));
  }
}

template <class Class, auto Member> bool invoke_member(void* object, reader& in, reply& answer, const call_signature& signature) {
  typename member_pointer<decltype(Member)>::parameters::storage arguments;
  if (!arguments.read(in, signature)) return false;
  call_member<Class, Member>(object, arguments, answer);
  return true;
}

template <class Class, auto Member> bool invoke_member_plainly(void* object, plain_msgpack& in, reply& answer) {
  typename member_pointer<decltype(Member)>::parameters::storage arguments;
  if (!arguments.read_plainly(in)) return false;
  call_member<Class, Member>(object, arguments, answer);
  return true;
}

template <class Class, auto Member> void get_member(void* object, reply& answer) {
  auto& self = *static_cast<Class*>(object);
  if constexpr (member_pointer<decltype(Member)>::is_method) {
    decltype(auto) result = (self.*Member)();
    answer_with(answer, std::forward<decltype(result)>(result));
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
    method_entry entry{.name = name, .traits = common, .signature = call_signature::of(name, pointer::parameters::shape, common.parameters)};
    entry.takes_blob = pointer::parameters::storage::blob;
    if constexpr (is_task<typename pointer::result>) entry.activate = &activate_member<Class, Exposed::pointer>;
    else entry.invoke = &invoke_member<Class, Exposed::pointer>;
    if constexpr (pointer::parameters::storage::plain && !is_task<typename pointer::result>) entry.invoke_plainly = &invoke_member_plainly<Class, Exposed::pointer>;
    methods.push_back(std::move(entry));
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
