// Which objects of this process are on the network, and where: an exposed object that is an argument or a result travels as a proxy
// of itself (WIRE §6.2). Daemons make themselves known here; encoders ask them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <codec/codec_of.hpp>
#include <codec/shape.hpp>
#include <engine/object/method.hpp>

namespace engine {

class core;
class open_stream;

namespace detail {

struct given_stream;

/// Who puts objects on the network: a daemon that has AUTOPROXY on.
class exposer {
 public:
  /// The URI of an object that it has exposed as that class and that is still there. Any thread.
  virtual std::optional<std::string> uri_of(const void* object, const interface_table&) const = 0;
  /// Whether that core is one of its own.
  virtual bool works_on(const core&) const = 0;
  /// Keeps a stream for whoever asks for it by its id; its items are made where this is called: on a core of its own, or on a plain thread.
  virtual given_stream give(std::unique_ptr<open_stream>) const = 0;

 protected:
  ~exposer() = default;
};
/// Any thread. It may be asked until remove_exposer() has returned; unknown ones are silent.
void add_exposer(const exposer&);
void remove_exposer(const exposer&);

/// Writes the proxy of an object, with its metadata: at the daemon made last of those that have exposed it.
void encode_exposed(writer& out, const void* object, const interface_table&);

/// The same for streams: at the daemon made last, on a core at the one of that core. nullopt: there is none.
std::optional<given_stream> give_stream(std::unique_ptr<open_stream>);

/// Classes that travel by reference.
template <class T> concept by_reference = has_interface<T> && !shaped<T>;

}  // namespace detail

/// Exposed objects: written as proxies (read them as engine::proxy<T>). An object that no daemon of this process has exposed, or whose daemon
/// has AUTOPROXY off, is a TypeError.
template <detail::by_reference T> struct codec_of<T> {
  static void encode(writer& out, const T& object) { detail::encode_exposed(out, &object, interface_of<T>()); }
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
