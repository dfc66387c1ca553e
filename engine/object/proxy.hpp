// Calls objects wherever they are. proxy<T> has the methods of T (declared by ENGINE_EXPOSE), checked at compile time; proxy<> knows
// nothing in advance. A proxy has no methods of its own: everything on it is the remote object's. What you do with a proxy is a
// free function: async, oneway, within, attempt, release …
//
//   engine::proxy<GreetingMaker> greeter{"PYRO:greeting@localhost:9999"};
//   std::string fortune = greeter.get_fortune("Ann");
//   engine::proxy<> anything{"PYRO:greeting@localhost:9999"};
//   auto answer = anything["get_fortune"]("Ann").as<std::string>();
//
// Copies share one connection, opened by the first call. A proxy may be used by several threads at once: their calls are pipelined.
// On a core's own thread a synchronous call throws would_block.
// Every call may throw: raised (the method threw), unreachable (connection_closed, timed_out), unwelcome, malformed (error.hpp).
#pragma once

#include <chrono>
#include <concepts>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <engine/core/future.hpp>
#include <engine/object/expose.hpp>
#include <engine/object/method.hpp>
#include <engine/object/remote.hpp>
#include <engine/object/remote_reply.hpp>

namespace engine {

template <class T = void> class proxy;

namespace detail {

template <class T, class Caller> using stub_of = decltype(engine_stub(type<T>{}, type<Caller>{}));

template <class Parameter> inline constexpr bool takes_text =
    std::same_as<stored<Parameter>, std::string> || std::same_as<stored<Parameter>, std::string_view>;
template <class Parameter> inline constexpr bool takes_bytes =
    std::same_as<stored<Parameter>, bytes> || std::same_as<stored<Parameter>, std::span<const std::byte>>;

/// Encodes one argument as the parameter's type. `Stays`: it stays alive until the request has been sent.
template <class Parameter, bool Stays, class A> void encode_argument(writer& out, A&& a) {
  if constexpr (takes_text<Parameter> && std::is_convertible_v<A&&, std::string_view>) {
    out.string(std::string_view(a));
  } else if constexpr (takes_bytes<Parameter> && std::is_convertible_v<A&&, std::span<const std::byte>>) {
    out.bytes(std::span<const std::byte>(a), Stays);
  } else if constexpr (std::same_as<stored<A>, stored<Parameter>>) {
    encode(out, a);
  } else {
    static_assert(std::is_convertible_v<A&&, stored<Parameter>>, "this argument does not convert to the method's parameter");
    const stored<Parameter> converted = std::forward<A>(a);
    encode(out, converted);
  }
}

template <bool Stays, class... P, class... A> void encode_arguments(writer& out, type<parameter_list<P...>>, A&&... a) {
  static_assert(sizeof...(A) <= sizeof...(P), "too many arguments for this method");
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (encode_argument<std::tuple_element_t<I, std::tuple<P...>>, Stays>(out, std::forward<A>(a)), ...);
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

/// Writes the request of a typed call: a method, or reading or assigning an attribute.
template <class Class, auto Member, bool Stays, class... A>
std::uint16_t write_call(remote& to, std::uint16_t flags, bool& oneway, A&&... a) {
  using shape = call_shape<Class, Member>;
  constexpr std::string_view name = wire_name<Class, Member>;
  if constexpr (shape::attribute) {
    static_assert(sizeof...(A) <= 1, "an attribute is read without arguments and assigned with one");
    to.check(name, true);
    remote::request request(to, sizeof...(A) ? "__setattr__" : "__getattr__", 1 + sizeof...(A), flags);
    request.arguments().string(name);
    (encode_argument<std::remove_cvref_t<A>, Stays>(request.arguments(), std::forward<A>(a)), ...);
    request.no_keywords();
    oneway = false;
    return request.finish();
  } else {
    remote::request request(to, name, sizeof...(A), flags);
    encode_arguments<Stays>(request.arguments(), type<typename shape::pointer::parameters>{}, std::forward<A>(a)...);
    oneway = request.oneway();
    return request.finish();
  }
}

/// The result of reading, assigning or calling a member.
template <class Class, auto Member, std::size_t Arguments> using call_result =
    std::conditional_t<call_shape<Class, Member>::attribute && Arguments == 1, void, typename call_shape<Class, Member>::result>;

template <class Class, auto Member, class... A>
call_result<Class, Member, sizeof...(A)> call_now(remote& to, time_point deadline, std::uint16_t flags, A&&... a) {
  using R = call_result<Class, Member, sizeof...(A)>;
  auto held = to.acquire();
  bool oneway = false;
  const auto sequence = write_call<Class, Member, true>(to, flags, oneway, std::forward<A>(a)...);
  if (oneway) {
    to.dispatch(held, deadline);
    return R();
  }
  waiting_reply<R> answer(to);
  to.exchange(held, answer, sequence, deadline);
  return answer.take();
}

template <class Class, auto Member, class... A>
future<call_result<Class, Member, sizeof...(A)>> call_later(const std::shared_ptr<remote>& to, A&&... a) {
  using R = call_result<Class, Member, sizeof...(A)>;
  auto held = to->acquire();
  bool oneway = false;
  const auto sequence = write_call<Class, Member, false>(*to, 0, oneway, std::forward<A>(a)...);
  auto* state = new future_reply<R>(to, to->deadline());
  future<R> result(state);
  if (oneway) {
    to->dispatch(held, to->deadline());
    if constexpr (std::is_void_v<R>) state->succeed();
    else state->succeed(R{});
  } else {
    state->add_reference();
    to->post(held, *state, sequence, to->deadline());
  }
  return result;
}

/// A view of a proxy on which every method is called in another way.
template <class T, class How> class styled : public stub_of<T, styled<T, How>> {
 public:
  styled(std::shared_ptr<remote> to, How how) : to_(std::move(to)), how_(how) {}
  template <auto Member, class... A> decltype(auto) engine_call_(A&&... a) {
    return how_.template call<T, Member>(to_, std::forward<A>(a)...);
  }

 private:
  std::shared_ptr<remote> to_;
  How how_;
};

struct asynchronously {
  template <class T, auto Member, class... A> auto call(const std::shared_ptr<remote>& to, A&&... a) {
    return call_later<T, Member>(to, std::forward<A>(a)...);
  }
};
struct without_answer {
  template <class T, auto Member, class... A> void call(const std::shared_ptr<remote>& to, A&&... a) {
    call_now<T, Member>(*to, to->deadline(), flag::oneway, std::forward<A>(a)...);
  }
};
struct within_time {
  std::chrono::milliseconds limit;
  template <class T, auto Member, class... A> auto call(const std::shared_ptr<remote>& to, A&&... a) {
    return call_now<T, Member>(*to, remote::deadline_after(limit), 0, std::forward<A>(a)...);
  }
};
struct attempting {
  template <class T, auto Member, class... A>
  std::expected<call_result<T, Member, sizeof...(A)>, failure> call(const std::shared_ptr<remote>& to, A&&... a) {
    try {
      if constexpr (std::is_void_v<call_result<T, Member, sizeof...(A)>>) {
        call_now<T, Member>(*to, to->deadline(), 0, std::forward<A>(a)...);
        return {};
      } else {
        return call_now<T, Member>(*to, to->deadline(), 0, std::forward<A>(a)...);
      }
    } catch (const error&) {
      return std::unexpected(failure(std::current_exception()));
    }
  }
};

struct proxy_access {
  template <class T> static const std::shared_ptr<remote>& of(const proxy<T>& p) { return p.remote_; }
};

}  // namespace detail

/// A keyword argument of a dynamic call: anything["f"](1, kw("name", "Ann")).
template <class T> struct keyword {
  std::string_view name;
  const T& value;
};
template <class T> keyword<T> kw(std::string_view name, const T& value) { return {name, value}; }

namespace detail {
template <class A> inline constexpr bool is_keyword = false;
template <class T> inline constexpr bool is_keyword<keyword<T>> = true;
}  // namespace detail

/// The remote object `where` names, with the methods of T. T need only be declared; its methods need no bodies.
template <class T> class proxy : public detail::stub_of<T, proxy<T>> {
 public:
  using object_type = T;
  /// Connects at the first call. Throws engine::error "invalid uri …", serialize_error for an unknown serializer.
  explicit proxy(uri where, proxy_options options = {}) : remote_(std::make_shared<detail::remote>(std::move(where), std::move(options))) {}

  template <auto Member, class... A> decltype(auto) engine_call_(A&&... a) {
    return detail::call_now<T, Member>(*remote_, remote_->deadline(), 0, std::forward<A>(a)...);
  }

 private:
  friend struct detail::proxy_access;
  std::shared_ptr<detail::remote> remote_;
};

/// A member of an object nothing is known about in advance.
class dynamic_member {
 public:
  dynamic_member(std::shared_ptr<detail::remote> to, std::string name) : to_(std::move(to)), name_(std::move(name)) {}

  /// Calls it: any arguments convert.hpp knows, and kw(name, value) after them.
  template <class... A> value operator()(const A&... a) const {
    auto held = to_->acquire();
    const auto [sequence, oneway] = write(a...);
    return finish(held, sequence, oneway);
  }
  /// The same with everything in values.
  value call(const value::list& arguments, const value::dict& keywords) const;
  /// The same for a method that answers with a stream.
  template <class... A> engine::stream<value> stream(const A&... a) const {
    auto held = to_->acquire();
    const auto sequence = write(a...).first;
    detail::waiting_reply<engine::stream<value>> answer(*to_);
    to_->exchange(held, answer, sequence, to_->deadline());
    return answer.take();
  }
  value get() const;                ///< reads it as an attribute
  void set(const value& v) const;   ///< assigns it as an attribute

 private:
  template <class A> static void write_positional(writer& out, const A& a) {
    if constexpr (!detail::is_keyword<A>) encode_borrowed(out, a);
  }
  template <class A> static void write_keyword(writer& out, const A& a) {
    if constexpr (detail::is_keyword<A>) {
      out.string(a.name);
      encode_borrowed(out, a.value);
    }
  }
  /// Writes the request: its sequence number, and whether it is oneway.
  template <class... A> std::pair<std::uint16_t, bool> write(const A&... a) const {
    constexpr std::size_t keywords = (std::size_t{0} + ... + (detail::is_keyword<A> ? 1 : 0));
    detail::remote::request request(*to_, name_, sizeof...(A) - keywords, 0);
    (write_positional(request.arguments(), a), ...);
    request.keywords(keywords);
    (write_keyword(request.arguments(), a), ...);
    const bool oneway = request.oneway();
    return {request.finish(), oneway};
  }
  value finish(detail::remote::lock&, std::uint16_t sequence, bool oneway) const;

  std::shared_ptr<detail::remote> to_;
  std::string name_;
};

/// The dynamic proxy: anything["method"](arguments…), anything["attribute"].get().
template <> class proxy<void> {
 public:
  explicit proxy(uri where, proxy_options options = {}) : remote_(std::make_shared<detail::remote>(std::move(where), std::move(options))) {}
  dynamic_member operator[](std::string name) const { return {remote_, std::move(name)}; }

 private:
  friend struct detail::proxy_access;
  std::shared_ptr<detail::remote> remote_;
};

/// Each call returns a future at once; several are in flight on the proxy's one connection. A request leaves at the latest
/// when a future of the proxy is waited for; small ones behind an unanswered one wait to leave together.
template <class T> auto async(proxy<T>& p) {
  return detail::styled<T, detail::asynchronously>(detail::proxy_access::of(p), {});
}
/// Each call is sent without asking for an answer, whatever the class says.
template <class T> auto oneway(proxy<T>& p) {
  return detail::styled<T, detail::without_answer>(detail::proxy_access::of(p), {});
}
/// Each call throws timed_out after `limit` (the connection is then closed).
template <class T, class Rep, class Period> auto within(std::chrono::duration<Rep, Period> limit, proxy<T>& p) {
  return detail::styled<T, detail::within_time>(detail::proxy_access::of(p),
                                                {std::chrono::ceil<std::chrono::milliseconds>(limit)});
}
/// Each call returns std::expected<result, failure> instead of throwing.
template <class T> auto attempt(proxy<T>& p) {
  return detail::styled<T, detail::attempting>(detail::proxy_access::of(p), {});
}

/// Connects now instead of at the first call. True if it was not connected.
template <class T> bool connect(const proxy<T>& p) {
  if (detail::proxy_access::of(p)->connected()) return false;
  detail::proxy_access::of(p)->acquire();
  return true;
}
/// Closes the connection of a proxy and its copies; the next call opens another. Calls under way fail with connection_closed.
template <class T> void release(const proxy<T>& p) { detail::proxy_access::of(p)->release(); }
/// The URI it was made with.
template <class T> const uri& uri_of(const proxy<T>& p) { return detail::proxy_access::of(p)->where(); }

/// What the object offers, by its metadata (connects if need be).
struct offered_members {
  std::vector<std::string> methods, oneway, attributes;
};
offered_members members_of(detail::remote&);
template <class T> offered_members members_of(const proxy<T>& p) { return members_of(*detail::proxy_access::of(p)); }

}  // namespace engine
