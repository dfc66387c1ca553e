// The shortest server (Pyro's serveSimple): put these objects on the network under these names, say where they are, and serve until told to
// stop.
//
//   GreetingMaker greeter;
//   engine::serve_simple({{greeter, "example.greeting"}});
//
// prints, as Pyro does:
//   Object <GreetingMaker object at 0x7ffd5c3e0a40>:
//       uri = PYRO:obj_…@localhost:40123
//       name = example.greeting
//   Pyro daemon running.
#pragma once

#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include <engine/object/daemon.hpp>

namespace engine {

/// An object (which outlives the serving), or a class whose instances the daemon makes, and its name; none: nobody needs to find it.
class served {
 public:
  template <class T> requires(!std::is_convertible_v<T&, instance_mode>)
  served(T& object, std::string name = {})
      : what_(std::string(interface_of<T>().class_name())), at_(&object), name_(std::move(name)),
        by_id_([&object](daemon& d, std::string id) { return d.expose(object, std::move(id)); }),
        by_name_([&object](daemon& d, enrolled_as as) { return d.expose(object, std::move(as)); }) {}
  template <class T> static served instances_of(instance_mode mode, std::string name = {}) {
    served made;
    made.what_ = interface_of<T>().class_name();
    made.name_ = std::move(name);
    made.by_id_ = [mode](daemon& d, std::string id) { return d.expose<T>(mode, std::move(id)); };
    made.by_name_ = [mode](daemon& d, enrolled_as as) { return d.expose<T>(mode, std::move(as)); };
    return made;
  }

 private:
  friend void serve_simple(std::initializer_list<served>, struct serve_options);
  served() = default;
  std::string description() const;
  std::string what_{};
  const void* at_ = nullptr;
  std::string name_{};
  std::function<uri(daemon&, std::string)> by_id_{};
  std::function<uri(daemon&, enrolled_as)> by_name_{};
};

struct serve_options {
  daemon_options daemon{};
  /// Names are registered in the name server, and taken out again in the end; false: they are the objects' ids.
  bool use_name_server = true;
  /// Says where the objects are; nullptr: nowhere.
  std::ostream* verbose = default_stream();
  /// Called with the daemon before it serves, for more objects and for stop().
  std::function<void(class daemon&)> ready{};
  static std::ostream* default_stream();
};

/// Returns after SIGINT, SIGTERM or daemon::stop(). Throws what the daemon's constructor and expose() throw, and naming_error when there is no
/// name server.
void serve_simple(std::initializer_list<served> objects, serve_options how = {});

}  // namespace engine
