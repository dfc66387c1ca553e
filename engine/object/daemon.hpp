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
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <codec/value.hpp>
#include <engine/core/core.hpp>
#include <engine/core/foreign.hpp>
#include <engine/object/call_context.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/enrollment.hpp>
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
  /// More addresses to listen on, as in URIs: "host:port", "[ipv6]:port", "./u:path". Port 0 picks a free one for each.
  std::vector<std::string> also_listen_on{};
  /// Sockets that listen already (activation.hpp): listens on these, and instead of `host`, `port` and `unix_socket`; `host`, if given, still stands
  /// in URIs. They stay the caller's; the daemon works on duplicates. It accepts there in run(), or once descriptor() was asked for: those who
  /// wait already would else find nothing exposed. Throws std::system_error for one that does not listen.
  std::vector<int> listening_sockets{};
  /// Serves exactly this connected socket, without handshakes (WIRE §13), and listens on nothing. The socket stays the caller's; the
  /// daemon works on a duplicate. It is served in run(), which ends when the peer has closed.
  int connected_socket = -1;
  /// Listens on nothing: the daemon dials the one of ours at this location ("host:port", "./u:path"), and that program, and no other, can
  /// call the objects here, over connections made from here (callbacks of clients behind a router, or in a container). It dials
  /// again when they are lost. The other side gets to see `reachable_handshake`, as it would see a proxy's.
  std::string reachable_through{};
  value reachable_handshake = "hello";
  /// What stands in URIs instead of the address listened on, for callers beyond a router. Empty: settings.nat_host; a port of 0 is
  /// that of the TCP listener, unset is settings.nat_port.
  std::string nat_host{};
  std::optional<std::uint16_t> nat_port{};
  /// Threads serving connections, each with its own loop.
  unsigned cores = 1;
  /// False: no thread of its own. One core, of the thread that makes the daemon, which serves in run(), or in a loop of its own by
  /// descriptor(), next_deadline() and run_ready(). Every other word that waits for the core must then be said on that thread.
  bool threads = true;
  /// Shares the loops of this daemon, which may be destroyed first: one run(), or one descriptor(), serves both. `cores` and `threads` are
  /// then those of the other.
  class daemon* combine_with = nullptr;
  /// Every core accepts on the TCP address by itself (SO_REUSEPORT), for storms of connections; otherwise core 0 does for all.
  bool listener_per_core = false;
  /// What answers as Pyro.Daemon, if it is to offer more than Pyro's (engine/object/daemon_object.hpp).
  std::optional<own_daemon_object> own_object{};
  /// Everything else; default: Pyro's defaults as changed by the PYRO_* environment variables.
  std::optional<engine::settings> settings{};
  /// Shared secret of the HMAC annotation, empty = none.
  std::string hmac_key{};
  /// Judges the handshake value of a new client (its `_pyroHandshake`); returns the answer value, or throws to refuse it with the
  /// exception's text. Called on the core that accepts. Default: answers "hello".
  std::function<value(const std::string& peer, const value& handshake)> validate_handshake{};
  /// Told of each client whose connection has ended, after its resources were closed. On the connection's core; must not throw.
  std::function<void(const std::string& peer)> client_disconnect{};
  /// Attached to every answer: pairs of a key of four ASCII characters, none of the engine's own (CORR, HMAC, ENG…), and bytes. Called on cores and
  /// side threads. Another key, or an exception, is logged and ends the connection that was to be answered.
  std::function<std::vector<std::pair<std::string, bytes>>()> annotations{};
  /// Called about every settings.poll_timeout seconds, on core 0; must not throw or block.
  std::function<void()> housekeeping{};
  /// Told of each exception a method throws, before it is sent; the context knows the arguments(). On the thread that served the call. Without
  /// one the log is told, at level DEBUG. (Pyro5's methodcall_error_handler.)
  std::function<void(const call_context&, std::string_view method, const std::exception_ptr&)> method_error{};
};

/// How an exposed class gets its instances (engine/object/registry.hpp: instance_mode).
inline constexpr instance_mode single = instance_mode::single;
inline constexpr instance_mode per_connection = instance_mode::per_connection;
inline constexpr instance_mode per_call = instance_mode::per_call;
inline constexpr instance_mode per_core = instance_mode::per_core;

template <class T> class proxy;

struct expose_options {
  /// The object is thread-safe and may be called on every core at once.
  bool shared = false;
  /// Replaces what is registered under the same id.
  bool force = false;
};

class daemon {
 public:
  /// Listens from now on; calls are answered as soon as objects are exposed. Throws std::system_error when an address cannot
  /// be listened on or a backend cannot be had, engine::error for bad options; with reachable_through what a proxy's connecting throws.
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
  /// The same for as long as somebody else keeps the object alive; then its id is unknown. (Pyro5's weak registration.)
  template <class T> uri expose(const std::weak_ptr<T>& object, std::string id = {}, expose_options how = {}) {
    const auto held = object.lock();
    if (!held) throw daemon_error("the object is gone already");
    return add_weak(std::move(id), held.get(), interface_of<T>(), object, how);
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
  /// The same as above, and registered in a name server under a name, which is taken out again when the daemon ends by close(), run()'s end or
  /// its destructor. Throws as above, and naming_error when no name server is found or the name is taken: then nothing is exposed. Blocks: not
  /// from inside a call of a core.
  template <class T> uri expose(T& object, enrolled_as names, expose_options how = {}) {
    std::string id = names.id;
    return enrolled(expose(object, std::move(id), how), std::move(names));
  }
  template <class T> uri expose(std::shared_ptr<T> object, enrolled_as names, expose_options how = {}) {
    std::string id = names.id;
    return enrolled(expose(std::move(object), std::move(id), how), std::move(names));
  }
  template <class T> uri expose(instance_mode mode, enrolled_as names, std::function<std::shared_ptr<T>()> create = {}, expose_options how = {}) {
    std::string id = names.id;
    return enrolled(expose<T>(mode, std::move(id), std::move(create), how), std::move(names));
  }
  /// Takes an object off the network. Unknown ones are silent.
  void unregister(std::string_view id);
  template <class T> void unregister(const T& object) requires(!std::is_convertible_v<const T&, std::string_view>) { remove(&object); }

  /// The URI of an exposed object. `nat` false: the address listened on, though another stands in URIs. Throws daemon_error "object
  /// isn't registered in this daemon".
  template <class T> uri uri_for(const T& object, bool nat = true) const requires(!std::is_convertible_v<const T&, std::string_view>) {
    return uri_of(&object, nat);
  }
  /// The URI an id has or would have.
  uri uri_for(std::string_view id, bool nat = true) const;
  /// Proxies of the same, for callers in this program: `daemon.proxy_for(greeter)` is a proxy<Greeter> with the default options.
  template <class T> proxy<T> proxy_for(const T& object, bool nat = true) const requires(!std::is_convertible_v<const T&, std::string_view>) {
    return proxy<T>(uri_of(&object, nat));
  }
  proxy<void> proxy_for(std::string_view id, bool nat = true) const;

  /// "localhost:9999" or "./u:/tmp/socket": where it listens first. Without NAT this is what stands in URIs.
  std::string location() const;
  std::string nat_location() const;           ///< what stands in URIs instead, empty: nothing
  std::uint16_t port() const;                 ///< of the TCP listener, 0 if there is none
  std::vector<std::string> locations() const; ///< of every listener

  /// The sockets it listens on, of core 0 in the order of locations(), then of further cores (listener_per_core); those given to it only once it runs,
  /// and none after stop(). For asking about them and for options of those that are accepted from now on (SO_RCVBUF, SO_MARK, TCP_USER_TIMEOUT …);
  /// nothing must be accepted from them or closed. Blocks for the cores; throws would_block inside a call. Without threads on the daemon's own.
  std::vector<int> listening_descriptors() const;

  /// Blocks until stop(). SIGINT and SIGTERM end it too, while it runs and unless the program has handlers of its own: running
  /// calls are finished, answers sent; a second signal does not wait for slow clients.
  void run();
  /// The same while `condition` holds; it is asked at least every settings.poll_timeout seconds, on the calling thread.
  void run(const std::function<bool()>& condition);
  /// Ends run(). Any thread, also from inside a call. New connections are refused from now on. When run() has returned the daemon may be
  /// destroyed, although whoever called this may not have come back yet.
  void stop();
  /// Stops and waits until every connection is closed and every core has ended. Not from inside a call (throws would_block). Methods that wait for
  /// answers from elsewhere on a core are given three seconds; then their calls fail (connection_closed), and the connections they wait on end. Those
  /// stay as they are where the cores are shared with other daemons, unless after three more something waits for the items of a stream.
  void close();

  /// Stops, but lets running calls end: names are taken out (enrolled_as), nothing new is accepted, connections are closed as they become idle, and after `limit` those that
  /// are left are closed too. Whether all ended by themselves. Not from inside a call (throws would_block).
  bool drain(std::chrono::milliseconds limit);

  // In somebody else's loop (options.threads = false), on the thread that made the daemon.
  /// Readable when run_ready() has something to do; the same for the daemon's life. Throws engine::error for a daemon with threads.
  int descriptor() const;
  /// When run_ready() has something to do anyway; time_point::max(): never.
  time_point next_deadline() const;
  /// Serves what is there, without waiting.
  void run_ready();
  /// Somebody else's descriptor in our loop: `readable` is called on core 0 each time it can be read (engine/core/foreign.hpp).
  [[nodiscard]] watch_handle watch(int foreign, std::function<void()> readable);

  /// Another shared secret for the messages from now on, empty = none. Clients that are connected must change theirs as well
  /// (set_hmac_key); a message with the wrong one ends its connection. Any thread, also from inside a call, whose answer still has the old one.
  void set_hmac_key(std::string key);

  std::size_t connections() const;            ///< open ones, all cores
  std::string backend() const;                ///< which backend is used and why, one line
  std::string description() const;            ///< "<daemon, localhost:9999 - IPv4; 2 objects>", as Pyro describes one

 private:
  class state;
  uri add(std::string id, void* object, const interface_table&, std::shared_ptr<void> owner, const expose_options&);
  uri add_weak(std::string id, void* object, const interface_table&, std::weak_ptr<void> owner, const expose_options&);
  uri add_class(std::string id, const interface_table&, instance_mode, std::function<std::shared_ptr<void>()> create, const expose_options&);
  uri enrolled(uri where, enrolled_as);
  void remove(const void* object);
  uri uri_of(const void* object, bool nat) const;
  std::unique_ptr<state> state_;
};

inline std::string describe(const daemon& d) { return d.description(); }
std::ostream& operator<<(std::ostream&, const daemon&);

/// The daemon that serves the present call: for methods that expose further objects. Throws engine::error outside of a call.
daemon& this_daemon();

}  // namespace engine
