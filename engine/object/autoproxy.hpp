// Which objects of this process are on the network, and where: an exposed object that is an argument or a result travels as a proxy
// of itself (WIRE §6.2). Filled by daemons, asked by encoders.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <codec/codec_of.hpp>
#include <codec/shape.hpp>
#include <engine/object/method.hpp>

namespace engine {

namespace detail {

struct exposed_at {
  std::string uri{};
  const interface_table* table = nullptr;
  const void* daemon = nullptr;
};

/// All of these: any thread. An object exposed by two daemons is known at the last one.
void remember_exposed(const void* object, exposed_at);
void forget_exposed(const void* object, const void* daemon);
void forget_exposed_by(const void* daemon);
std::optional<exposed_at> find_exposed(const void* object);

/// Writes the proxy of an object, with its metadata. `name`: of its class, for the error when it is not exposed.
void encode_exposed(writer& out, const void* object, std::string_view name);

/// Classes that travel by reference.
template <class T> concept by_reference = has_interface<T> && !shaped<T>;

}  // namespace detail

/// Exposed objects: written as proxies (read them as engine::proxy<T>). An object that no daemon of this process has exposed, or whose daemon
/// has AUTOPROXY off, is a TypeError.
template <detail::by_reference T> struct codec_of<T> {
  static void encode(writer& out, const T& object) { detail::encode_exposed(out, &object, interface_of<T>().class_name()); }
};
template <detail::by_reference T> struct codec_of<T*> {
  static void encode(writer& out, T* const& object) {
    if (object) codec_of<T>::encode(out, *object);
    else out.none();
  }
};
template <detail::by_reference T> struct codec_of<std::shared_ptr<T>> {
  static void encode(writer& out, const std::shared_ptr<T>& object) {
    if (object) codec_of<T>::encode(out, *object);
    else out.none();
  }
};

}  // namespace engine
