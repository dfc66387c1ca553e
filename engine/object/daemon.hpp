// Hosts objects: listens, welcomes, serves. Construct it, expose objects, run().
//
//   GreetingMaker greeter;
//   engine::daemon daemon{{.host = "localhost", .port = 9999}};
//   std::cout << daemon.expose(greeter, "greeting") << '\n';   // PYRO:greeting@localhost:9999
//   daemon.run();
//
// An object exposed by reference lives on one core: its methods are never called by two threads at once and need no locks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <codec/value.hpp>
#include <engine/core/core.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/error.hpp>
#include <engine/object/method.hpp>
#include <engine/object/registry.hpp>
#include <engine/object/settings.hpp>
#include <engine/object/uri.hpp>

namespace engine {

struct daemon_options {
  /// Host name or numeric address to listen on, as it will stand in URIs. Empty: settings.host (PYRO_HOST, else localhost).
  std::string host{};
  /// TCP port, 0 = any free one.
  std::uint16_t port = 0;
  /// Also listens on this Unix socket: a path, or an abstract name beginning with NUL. With `unix_only`, on nothing else.
  std::string unix_socket{};
  bool unix_only = false;
  /// Threads serving connections, each with its own loop.
  unsigned cores = 1;
  /// Every core accepts on the TCP address by itself (SO_REUSEPORT), for storms of connections; otherwise core 0 does for all.
  bool listener_per_core = false;
  /// Everything else; default: Pyro's defaults as changed by the PYRO_* environment variables.
  std::optional<engine::settings> settings{};
  /// Shared secret of the HMAC annotation, empty = none.
  std::string hmac_key{};
  /// Judges the handshake value of a new client (its `_pyroHandshake`); returns the answer value, or throws to refuse it with the
  /// exception's text. Called on the core that accepts. Default: answers "hello".
  std::function<value(const std::string& peer, const value& handshake)> validate_handshake{};
  /// Told of each client whose connection has ended, after its resources were closed. On the connection's core; must not throw.
  std::function<void(const std::string& peer)> client_disconnect{};
  /// Attached to every answer: pairs of a key of four ASCII characters and bytes. Called on cores and side threads.
  std::function<std::vector<std::pair<std::string, bytes>>()> annotations{};
  /// Told of each exception a method throws, before it is sent. On the thread that served the call.
  std::function<void(const call_context&, std::string_view method, const std::exception_ptr&)> method_error{};
};

/// How an exposed class gets its instances (engine/object/registry.hpp: instance_mode).
inline constexpr instance_mode single = instance_mode::single;
inline constexpr instance_mode per_connection = instance_mode::per_connection;
inline constexpr instance_mode per_call = instance_mode::per_call;
inline constexpr instance_mode per_core = instance_mode::per_core;

struct expose_options {
  /// The object is thread-safe and may be called on every core at once.
  bool shared = false;
  /// Replaces what is registered under the same id.
  bool force = false;
};

class daemon {
 public:
  /// Listens from now on; calls are answered as soon as objects are exposed. Throws std::system_error when an address cannot
  /// be listened on or a backend cannot be had, engine::error for bad options.
  explicit daemon(daemon_options = {});
  /// Ends as by stop() and waits until every connection is closed.
  ~daemon();
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;

  /// Puts `object` on the network; it must outlive the daemon or be withdrawn first. `id` empty: one is made (obj_ and 32 hex
  /// digits). Any thread, also from inside a call. Throws daemon_error if the id is taken or the object already has one.
  template <class T> uri expose(T& object, std::string id = {}, expose_options how = {}) {
    return add(std::move(id), &object, interface_of<T>(), nullptr, how);
  }
  /// The same, and the daemon keeps the object alive until it is withdrawn.
  template <class T> uri expose(std::shared_ptr<T> object, std::string id = {}, expose_options how = {}) {
    T* raw = object.get();
    return add(std::move(id), raw, interface_of<T>(), std::move(object), how);
  }
  /// Puts a class on the network: the daemon makes its instances, by `create` or by default construction, and keeps them as long as the
  /// mode says. An instance of `single` or `per_core` is called by one thread at a time, as are those of the other modes unless a
  /// method is marked blocking. What `create` throws goes to the caller; an empty pointer is TypeError "instance creator
  /// returned object of different type". Errors as above, for the class.
  template <class T> uri expose(instance_mode mode, std::string id = {}, std::function<std::shared_ptr<T>()> create = {}, expose_options how = {}) {
    if (!create) {
      if constexpr (std::is_default_constructible_v<T>) create = [] { return std::make_shared<T>(); };
      else throw error("this class has no default constructor: say how to create an instance");
    }
    return add_class(std::move(id), interface_of<T>(), mode, [create = std::move(create)]() -> std::shared_ptr<void> { return create(); }, how);
  }
  /// Takes an object off the network. Unknown ones are silent.
  void unregister(std::string_view id);
  template <class T> void unregister(const T& object) requires(!std::is_convertible_v<const T&, std::string_view>) { remove(&object); }

  /// The URI of an exposed object. Throws daemon_error "object isn't registered in this daemon".
  template <class T> uri uri_for(const T& object) const requires(!std::is_convertible_v<const T&, std::string_view>) { return uri_of(&object); }
  /// The URI an id has or would have.
  uri uri_for(std::string_view id) const;

  /// "localhost:9999" or "./u:/tmp/socket": what stands in URIs.
  std::string location() const;
  std::uint16_t port() const;                 ///< of the TCP listener, 0 if there is none
  std::vector<std::string> locations() const; ///< of every listener

  /// Blocks until stop(). SIGINT and SIGTERM end it too, while it runs and unless the program has handlers of its own: running
  /// calls are finished, answers sent; a second signal does not wait for slow clients.
  void run();
  /// Ends run(). Any thread, also from inside a call. New connections are refused from now on.
  void stop();
  /// Stops and waits until every connection is closed and every core has ended. Not from inside a call (throws would_block).
  void close();

  std::size_t connections() const;            ///< open ones, all cores
  std::string backend() const;                ///< which backend is used and why, one line

 private:
  class state;
  uri add(std::string id, void* object, const interface_table&, std::shared_ptr<void> owner, const expose_options&);
  uri add_class(std::string id, const interface_table&, instance_mode, std::function<std::shared_ptr<void>()> create, const expose_options&);
  void remove(const void* object);
  uri uri_of(const void* object) const;
  std::unique_ptr<state> state_;
};

}  // namespace engine
