// What concerns a proxy's connection and identity: connecting and releasing, limits and keys, copies, equality. Free functions, so
// that no remote name can collide with them. All are safe while other threads use the proxy.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include <engine/object/proxy.hpp>

namespace engine {

/// What an object offers, by its metadata; names in order.
struct offered_members {
  std::vector<std::string> methods, oneway, attributes;
};

struct invocation;

namespace detail {
written write_invocation(const line&, const invocation&);
std::string description_of(remote&);
std::ostream& print(std::ostream&, remote&);
offered_members members_of(remote&, bool again);
}  // namespace detail

/// Connects now instead of at the first call. True if it was not connected. Throws as a call does.
template <class T> bool connect(const proxy<T>& p) {
  detail::remote& r = *detail::proxy_access::of(p);
  if (r.connected()) return false;
  static_cast<void>(r.acquire());
  return true;
}
/// Closes the connection of a proxy and its copies; the next call opens another. Calls under way fail with connection_closed.
template <class T> void release(const proxy<T>& p) { detail::proxy_access::of(p)->release(); }
/// Releases, then tries to connect up to `tries` times, `pause` (Pyro's two seconds) apart. Throws connection_closed "failed to
/// reconnect", and at once what is not a matter of reaching the daemon.
template <class T> void reconnect(const proxy<T>& p, int tries = 100'000'000, std::chrono::milliseconds pause = std::chrono::seconds(2)) {
  detail::proxy_access::of(p)->reconnect(tries, pause);
}

/// Longest time for connecting and for each call begun from now on, 0 = for ever; for the proxy and those made from it by `=`.
template <class T> void set_timeout(const proxy<T>& p, std::chrono::milliseconds t) { detail::proxy_access::of(p)->set_timeout(t); }
template <class T> std::chrono::milliseconds timeout_of(const proxy<T>& p) { return detail::proxy_access::of(p)->timeout(); }
/// How often a call that failed with connection_closed or timed_out is repeated. The object may then be called more than once.
template <class T> void set_max_retries(const proxy<T>& p, int n) { detail::proxy_access::of(p)->set_retries(n); }
template <class T> int max_retries_of(const proxy<T>& p) { return detail::proxy_access::of(p)->retries(); }
/// The shared secret of messages from now on, also of a connection that is open; empty = none.
template <class T> void set_hmac_key(const proxy<T>& p, std::string key) { detail::proxy_access::of(p)->set_hmac_key(std::move(key)); }

/// The URI it was made with.
template <class T> const uri& uri_of(const proxy<T>& p) { return detail::proxy_access::of(p)->where(); }
/// The present connection of plain threads, nullopt while there is none.
template <class T> std::optional<connection_info> connection_of(const proxy<T>& p) { return detail::proxy_access::of(p)->connection(); }

/// A call with everything said by hand (Pyro's _pyroInvoke): what the class or the metadata know is not asked.
struct invocation {
  std::string method{};
  value::list arguments{};
  value::dict keywords{};
  std::uint16_t flags = 0;  ///< of the request; with flag::oneway there is no answer, and None is returned
  std::string object{};     ///< another one of the same daemon; empty: the proxy's
};
/// Waits for the answer. Throws as a call does.
template <class T> value invoke(const proxy<T>& p, const invocation& what) {
  return detail::call_now<value>(*detail::proxy_access::of(p), {}, what.flags, [&](const detail::line& on) { return detail::write_invocation(on, what); });
}
/// Another proxy of the same object, with the same options and a connection of its own, not yet opened. (One assigned by `=` shares.)
template <class T> proxy<T> copy(const proxy<T>& p) {
  detail::remote& r = *detail::proxy_access::of(p);
  return proxy<T>(r.where(), r.options());
}

/// Proxies are equal when their URIs are.
template <class T, class U> bool operator==(const proxy<T>& a, const proxy<U>& b) { return uri_of(a) == uri_of(b); }
/// "<proxy, connected IPv4; for PYRO:…>", as Pyro describes one.
template <class T> std::string describe(const proxy<T>& p) { return detail::description_of(*detail::proxy_access::of(p)); }
template <class T> std::ostream& operator<<(std::ostream& out, const proxy<T>& p) { return detail::print(out, *detail::proxy_access::of(p)); }

/// What the object offers, by its metadata (connects if need be).
template <class T> offered_members members_of(const proxy<T>& p) { return detail::members_of(*detail::proxy_access::of(p), false); }
/// The same, asked for anew; names are checked against it from now on.
template <class T> offered_members refresh_members(const proxy<T>& p) { return detail::members_of(*detail::proxy_access::of(p), true); }

}  // namespace engine

template <class T> struct std::hash<engine::proxy<T>> {
  std::size_t operator()(const engine::proxy<T>& p) const noexcept { return std::hash<engine::uri>{}(engine::uri_of(p)); }
};
