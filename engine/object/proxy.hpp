// Calls objects wherever they are. proxy<T> has the methods of T (declared by ENGINE_EXPOSE), checked at compile time; proxy<> knows
// nothing in advance. A proxy has no methods of its own: everything on it is the remote object's. What you do with a proxy is a
// free function: here how to call (async, oneway, attempt, within), in proxy_words.hpp what concerns its connection.
//
//   engine::proxy<GreetingMaker> greeter{"PYRO:greeting@localhost:9999"};
//   std::string fortune = greeter.get_fortune("Ann");
//   engine::proxy<> anything{"PYRO:greeting@localhost:9999"};
//   auto answer = anything["get_fortune"]("Ann").as<std::string>();
//   auto later = engine::async(engine::within(500ms, greeter)).get_fortune("Ann");
//
// Copies share one connection, opened by the first call. A proxy may be used by several threads at once: their calls are pipelined.
// On a core's own thread a synchronous call throws would_block.
// Every call may throw: raised (the method threw), unreachable (connection_closed, timed_out), unwelcome, malformed (error.hpp).
// With settings.max_retries (PYRO_MAX_RETRIES, or set_max_retries) a call that failed with connection_closed or timed_out is repeated
// so many times; the object may then have been called more than once.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <engine/object/call_styles.hpp>
#include <engine/object/dynamic_call.hpp>
#include <engine/object/typed_call.hpp>

namespace engine {

template <class T = void> class proxy;

namespace detail {

/// A view of a proxy on which every method is called in one style.
template <class T, class Style> class styled : public stub_of<T, styled<T, Style>> {
 public:
  styled(std::shared_ptr<remote> to, Style style) : to_(std::move(to)), style_(style) {}
  template <auto Member, class... A> decltype(auto) engine_call_(A&&... a) {
    using R = call_result<T, Member, sizeof...(A)>;
    return style_.template call<R>(to_, [&](const line& on) { return write_call<T, Member>(on, a...); });
  }

 private:
  friend struct proxy_access;
  std::shared_ptr<remote> to_;
  Style style_;
};
/// The same of a dynamic proxy: view["method"](arguments…).
template <class Style> class styled<void, Style> {
 public:
  styled(std::shared_ptr<remote> to, Style style) : to_(std::move(to)), style_(style) {}
  dynamic_member<Style> operator[](std::string name) const { return {to_, std::move(name), style_}; }

 private:
  friend struct proxy_access;
  std::shared_ptr<remote> to_;
  Style style_;
};

/// Throws for the proxy of nothing.
inline remote& existing(const std::shared_ptr<remote>& r) {
  if (!r) throw error("this proxy refers to no object");
  return *r;
}

struct proxy_access {
  template <class T> static const std::shared_ptr<remote>& of(const proxy<T>& p) {
    existing(p.remote_);
    return p.remote_;
  }
  /// The same, nullptr for the proxy of nothing.
  template <class T> static const std::shared_ptr<remote>& of_any(const proxy<T>& p) { return p.remote_; }
  template <class T, class Style> static const std::shared_ptr<remote>& of(const styled<T, Style>& s) { return s.to_; }
  template <class T, class Style> static time_limit limit_of(const styled<T, Style>& s) { return s.style_.limit; }
  template <class Proxy> static Proxy around(std::shared_ptr<remote> r) { return Proxy(std::move(r)); }
};

}  // namespace detail

/// The remote object `where` names, with the methods of T. T need only be declared; its methods need no bodies.
template <class T> class proxy : public detail::stub_of<T, proxy<T>> {
 public:
  using object_type = T;
  /// Refers to no object until one is assigned: calls throw engine::error.
  proxy() = default;
  /// Connects at the first call. Throws engine::error "invalid uri …", serialize_error for an unknown serializer.
  explicit proxy(uri where, proxy_options options = {}) : remote_(std::make_shared<detail::remote>(std::move(where), std::move(options))) {}

  template <auto Member, class... A> decltype(auto) engine_call_(A&&... a) {
    using R = detail::call_result<T, Member, sizeof...(A)>;
    return detail::call_now<R>(detail::existing(remote_), {}, 0, [&](const detail::line& on) { return detail::write_call<T, Member>(on, a...); });
  }

 private:
  friend struct detail::proxy_access;
  explicit proxy(std::shared_ptr<detail::remote> r) : remote_(std::move(r)) {}
  std::shared_ptr<detail::remote> remote_;
};

/// The dynamic proxy: anything["method"](arguments…), anything["attribute"].get().
template <> class proxy<void> {
 public:
  proxy() = default;
  explicit proxy(uri where, proxy_options options = {}) : remote_(std::make_shared<detail::remote>(std::move(where), std::move(options))) {}
  detail::dynamic_member<detail::waiting> operator[](std::string name) const {
    detail::existing(remote_);
    return {remote_, std::move(name), {}};
  }

 private:
  friend struct detail::proxy_access;
  explicit proxy(std::shared_ptr<detail::remote> r) : remote_(std::move(r)) {}
  std::shared_ptr<detail::remote> remote_;
};

// ---- how to call. Each takes a proxy, typed or dynamic, or within(limit, proxy).

/// Each call throws timed_out after `limit` in all, connecting and retries included (the connection is then closed). Also inside of
/// the others: async(within(500ms, greeter)), attempt(within(…)), oneway(within(…)).
template <class T, class Rep, class Period> auto within(std::chrono::duration<Rep, Period> limit, const proxy<T>& p) {
  return detail::styled<T, detail::waiting>(detail::proxy_access::of(p), {std::chrono::ceil<std::chrono::milliseconds>(limit)});
}

/// Each call returns a future at once; several are in flight on the proxy's one connection. A request leaves at the latest
/// when a future of the proxy is waited for; small ones behind an unanswered one wait to leave together, and where such bursts have followed each
/// other so does the first of the next one, for less than a millisecond if nobody waits. The first call connects, before it returns. What makes the object unreachable is thrown by the future, what is wrong with the call at once. A limit of within()
/// begins with the call.
template <class T> auto async(const proxy<T>& p) { return detail::styled<T, detail::asynchronously>(detail::proxy_access::of(p), {}); }
template <class T> auto async(const detail::styled<T, detail::waiting>& p) {
  return detail::styled<T, detail::asynchronously>(detail::proxy_access::of(p), {detail::proxy_access::limit_of(p)});
}

/// Each call is sent without asking for an answer, whatever the class says.
template <class T> auto oneway(const proxy<T>& p) { return detail::styled<T, detail::without_answer>(detail::proxy_access::of(p), {}); }
template <class T> auto oneway(const detail::styled<T, detail::waiting>& p) {
  return detail::styled<T, detail::without_answer>(detail::proxy_access::of(p), {detail::proxy_access::limit_of(p)});
}

/// Each call returns std::expected<result, failure> instead of throwing.
template <class T> auto attempt(const proxy<T>& p) { return detail::styled<T, detail::attempting>(detail::proxy_access::of(p), {}); }
template <class T> auto attempt(const detail::styled<T, detail::waiting>& p) {
  return detail::styled<T, detail::attempting>(detail::proxy_access::of(p), {detail::proxy_access::limit_of(p)});
}

}  // namespace engine

#include <engine/object/proxy_words.hpp>
#include <engine/object/proxy_codec.hpp>
#include <engine/object/stream_argument.hpp>
