// Proxies as values: arguments, results, members of structs. One travels as Pyro's class dictionary (WIRE §6.1): where its object is, what it
// offers, and how it is called. A URI is taken for one too, and None for a proxy of nothing.
#pragma once

#include <memory>
#include <optional>

#include <codec/codec_of.hpp>
#include <engine/object/autoproxy.hpp>
#include <engine/object/proxy.hpp>

namespace engine {

namespace detail {
/// nullptr for None. False: what is there is no proxy.
bool decode_proxy(reader& in, std::shared_ptr<remote>& out);
void encode_proxy(writer& out, const std::shared_ptr<remote>&);
/// Where the object of a proxy is, as it arrived; nullopt for what is no proxy.
std::optional<uri> uri_in(const value&);
}  // namespace detail

template <class T> struct codec_of<proxy<T>> {
  static bool decode(reader& in, proxy<T>& out) {
    std::shared_ptr<detail::remote> made;
    if (!detail::decode_proxy(in, made)) return false;
    out = detail::proxy_access::around<proxy<T>>(std::move(made));
    return true;
  }
  static void encode(writer& out, const proxy<T>& p) { detail::encode_proxy(out, detail::proxy_access::of_any(p)); }
};

}  // namespace engine
