// Daemons: where they listen, what they host, which core calls what, and how they end.
#include <engine/object/daemon.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <sstream>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include <engine/core/core.hpp>
#include <engine/io/log.hpp>
#include <engine/object/proxy_words.hpp>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

// ---- where it listens

TEST(daemons, listen_on_a_free_port_and_say_so) {
  daemon d(on_loopback());
  EXPECT_NE(d.port(), 0);
  EXPECT_EQ(d.location(), "127.0.0.1:" + std::to_string(d.port()));
  EXPECT_EQ(d.locations(), std::vector<std::string>{d.location()});
  EXPECT_NE(d.backend(), "");
  thing object;
  EXPECT_EQ(d.expose(object, "thing").to_string(), "PYRO:thing@" + d.location());
}

TEST(daemons, listen_on_tcp_and_a_unix_socket_at_once) {
  const std::string path = std::filesystem::temp_directory_path() / ("engine-test-" + std::to_string(::getpid()) + ".sock");
  auto options = on_loopback();
  options.unix_socket = path;
  {
    daemon d(options);
    thing object;
    d.expose(object, "thing");
    ASSERT_EQ(d.locations(), (std::vector<std::string>{d.location(), "./u:" + path}));
    for (const std::string& at : d.locations()) {
      proxy<thing> p("PYRO:thing@" + at, quiet_proxy());
      EXPECT_EQ(p.add(1, 2), 3) << at;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(daemons, listen_on_nothing_but_an_abstract_unix_socket) {
  auto options = on_loopback();
  options.unix_socket = abstract_name("only");
  options.unix_only = true;
  daemon d(options);
  EXPECT_EQ(d.port(), 0);
  EXPECT_EQ(d.location(), "./u:" + options.unix_socket);
  thing object;
  proxy<thing> p(d.expose(object, "thing"), quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
}

TEST(daemons, let_every_core_accept_by_itself) {
  thing object;
  daemon host({.cores = 2, .listener_per_core = true, .settings = quiet_settings()});
  const uri where = host.expose(object, "thing");
  // The kernel spreads connections over the sockets by their ports; some of so many come to each.
  for (int i = 0; i < 40; ++i) {
    proxy<thing> client{where, {.settings = quiet_settings()}};
    EXPECT_EQ(client.add(i, 1), i + 1);
  }
}

TEST(daemons, listen_on_ipv6) {
  auto options = on_loopback();
  options.host = "::1";
  std::optional<daemon> d;
  try {
    d.emplace(options);
  } catch (const std::system_error& e) {
    GTEST_SKIP() << e.what();
  }
  EXPECT_EQ(d->location(), "[::1]:" + std::to_string(d->port()));
  thing object;
  proxy<thing> p(d->expose(object, "thing"), quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
}

TEST(daemons, cannot_have_a_port_that_is_taken) {
  daemon first(on_loopback());
  auto options = on_loopback();
  options.port = first.port();
  const auto before = open_descriptors();
  try {
    daemon second(options);
    FAIL();
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code().value(), EADDRINUSE);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(daemons, refuse_options_that_make_no_sense) {
  auto options = on_loopback(0);
  EXPECT_EQ(failure_text([&] { daemon d(options); }), "Pyro4.errors.PyroError: a daemon needs at least one core");
  options = on_loopback();
  options.unix_only = true;
  EXPECT_EQ(failure_text([&] { daemon d(options); }), "Pyro4.errors.PyroError: a daemon needs an address to listen on");
  options = on_loopback();
  options.host = "no such host.invalid";
  EXPECT_THROW(daemon d(options), std::system_error);
}

TEST(daemons, use_the_backend_that_is_asked_for) {
  auto options = on_loopback();
  options.settings->backend = backend_choice::epoll;
  daemon d(options);
  EXPECT_NE(d.backend().find("epoll"), std::string::npos);
  thing object;
  proxy<thing> p(d.expose(object), quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_EQ(p.measure(bytes(1'000'000)), 1'000'000u);
}

// ---- what it hosts

TEST(daemons, make_up_an_id_where_none_is_given) {
  daemon d(on_loopback());
  thing a, b;
  const uri first = d.expose(a), second = d.expose(b);
  EXPECT_TRUE(first.object().starts_with("obj_"));
  EXPECT_EQ(first.object().size(), 36u);
  EXPECT_NE(first, second);
  EXPECT_EQ(d.uri_for(a), first);
  EXPECT_EQ(d.uri_for("anything").to_string(), "PYRO:anything@" + d.location());
}

TEST(daemons, take_an_id_once_and_an_object_once_unless_forced) {
  daemon d(on_loopback());
  thing a, b;
  d.expose(a, "x");
  EXPECT_EQ(failure_text([&] { d.expose(b, "x"); }), "Pyro4.errors.DaemonError: an object or class is already registered with that id");
  EXPECT_EQ(failure_text([&] { d.expose(a, "y"); }), "Pyro4.errors.DaemonError: object or class already has a Pyro id");
  EXPECT_EQ(failure_text([&] { static_cast<void>(d.uri_for(b)); }), "Pyro4.errors.DaemonError: object isn't registered in this daemon");
  b.label = "forced";
  d.expose(b, "x", {.force = true});
  proxy<thing> p(d.uri_for(b), quiet_proxy());
  EXPECT_EQ(p.label(), "forced");
}

TEST(daemons, withdraw_objects_by_id_and_by_themselves) {
  daemon d(on_loopback());
  thing a, b;
  proxy<thing> p(d.expose(a, "a"), quiet_proxy()), q(d.expose(b, "b"), quiet_proxy());
  EXPECT_EQ(p.add(1, 2) + q.add(1, 2), 6);
  d.unregister("a");
  d.unregister(b);
  d.unregister("nobody");
  d.unregister("Pyro.Daemon");
  EXPECT_EQ(failure_text([&] { p.add(1, 2); }), "Pyro4.errors.DaemonError: unknown object");
  EXPECT_EQ(failure_text([&] { q.add(1, 2); }), "Pyro4.errors.DaemonError: unknown object");
  proxy<> own(d.uri_for("Pyro.Daemon"), quiet_proxy());
  EXPECT_EQ(own["registered"](), value(value::list{"Pyro.Daemon"}));
}

TEST(daemons, keep_shared_objects_alive_until_they_are_withdrawn) {
  daemon d(on_loopback());
  auto object = std::make_shared<thing>();
  const std::weak_ptr<thing> watch = object;
  proxy<thing> p(d.expose(object, "owned"), quiet_proxy());
  object.reset();
  EXPECT_EQ(p.add(1, 2), 3);
  d.unregister("owned");
  release(p);  // a connection may still hold the object of its last call
  EXPECT_TRUE(eventually([&] { return watch.expired(); }));
}

TEST(daemons, log_every_message_where_logwire_asks_for_it) {
  auto options = on_loopback();
  options.settings->log_wire = true;
  daemon d(options);
  thing object;
  const uri where = d.expose(object, "thing");
  const log_capture log;
  proxy<thing> p(where, quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_TRUE(log.has("daemon wiredata received: msgtype=1 "));
  EXPECT_TRUE(log.has("daemon wiredata sending: msgtype=2 "));
  EXPECT_TRUE(log.has("daemon wiredata received: msgtype=4 "));
  EXPECT_TRUE(eventually([&] { return log.has("daemon wiredata sending: msgtype=5 "); }));
}

TEST(proxies, log_every_message_where_logwire_asks_for_it) {
  daemon d(on_loopback());
  thing object;
  auto options = quiet_proxy();
  options.settings->log_wire = true;
  const log_capture log;
  proxy<thing> p(d.expose(object, "thing"), options);
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_TRUE(log.has("proxy connect sending: msgtype=1 "));
  EXPECT_TRUE(log.has("proxy connect response received: msgtype=2 "));
  EXPECT_TRUE(log.has("proxy wiredata sending: msgtype=4 "));
  EXPECT_TRUE(log.has("proxy wiredata received: msgtype=5 "));
  EXPECT_FALSE(log.has("daemon wiredata"));
}

TEST(daemons, give_proxies_of_what_they_expose) {
  daemon d(on_loopback());
  thing object;
  const uri where = d.expose(object, "thing");
  proxy<thing> typed = d.proxy_for(object);
  EXPECT_EQ(uri_of(typed), where);
  EXPECT_EQ(typed.add(1, 2), 3);
  proxy<> dynamic = d.proxy_for("thing");
  EXPECT_EQ(dynamic["add"](3, 4), value(7));
  thing stranger;
  EXPECT_EQ(failure_text([&] { d.proxy_for(stranger); }), "Pyro4.errors.DaemonError: object isn't registered in this daemon");
}

TEST(daemons, change_their_key_while_they_serve) {
  auto options = on_loopback(2);
  options.hmac_key = "first";
  daemon d(options);
  thing object;
  auto keyed = quiet_proxy();
  keyed.hmac_key = "first";
  proxy<thing> connected(d.expose(object, "thing", {.shared = true}), keyed), other(uri_of(connected), keyed);
  EXPECT_EQ(connected.add(1, 2), 3);
  EXPECT_EQ(other.add(1, 2), 3);
  d.set_hmac_key("second");
  set_hmac_key(connected, "second");
  EXPECT_EQ(connected.add(3, 4), 7) << "the connection that was open goes on with the new key";
  EXPECT_THROW(other.add(1, 2), unreachable) << "it still has the old one";
  EXPECT_THROW(other.add(1, 2), error);
  set_hmac_key(other, "second");
  EXPECT_EQ(other.add(1, 2), 3);
  d.set_hmac_key("");
  EXPECT_THROW(connected.add(1, 2), error);
  EXPECT_EQ(proxy<thing>(uri_of(connected), quiet_proxy()).add(1, 2), 3);
}

TEST(daemons, change_their_key_while_many_call) {
  auto options = on_loopback(2);
  options.hmac_key = "0";
  daemon d(options);
  thing object;
  const uri where = d.expose(object, "thing", {.shared = true});
  std::atomic<bool> done = false;
  std::atomic<int> answered = 0;
  const auto caller = [&] {
    while (!done) {
      auto keyed = quiet_proxy();
      keyed.hmac_key = "0";
      proxy<thing> p(where, keyed);
      try {
        while (!done) answered += p.add(1, 2) == 3;
      } catch (const error&) {  // the other key is on just now
      }
    }
  };
  std::thread a(caller), b(caller);
  for (int i = 0; i < 40; ++i) {
    const int before = answered;
    d.set_hmac_key(i % 2 ? "0" : "1");
    if (i % 2) {
      EXPECT_TRUE(eventually([&] { return answered > before; }));
    }
  }
  done = true;
  a.join();
  b.join();
}

TEST(daemons, describe_themselves_and_name_their_server_type_as_pyros) {
  for (const auto& [type, named] : std::map<std::string, std::string>{{"core", "<SocketServer_Core on @; 2 cores, 1 connections>"},
                                                                      {"multiplex", "<SocketServer_Multiplex on @; 1 connections>"},
                                                                      {"thread", "<SocketServer_Threadpool on @; 0 workers>"}}) {
    daemon_options options = on_loopback(2);
    options.settings->server_type = type;
    daemon d(options);
    const std::string where = d.location(), wanted = std::string(named).replace(named.find('@'), 1, where);
    const proxy<> own(d.uri_for("Pyro.Daemon"), quiet_proxy());
    EXPECT_EQ(own["info"]().as<std::string>(), "Pyro.Daemon bound on " + where + ", NAT None, 1 objects registered. Servertype: " + wanted);
  }
}

TEST(daemons, are_printed_with_where_they_listen_by_which_family_and_how_many_objects_they_have) {
  daemon four(on_loopback());
  thing object;
  four.expose(object);
  EXPECT_EQ(describe(four), "<daemon, " + four.location() + " - IPv4; 2 objects>");
  daemon_options options = on_loopback();
  const std::string name = abstract_name("described");
  options.unix_socket = name;
  options.unix_only = true;
  daemon local(options);
  std::ostringstream out;
  out << local;
  EXPECT_EQ(out.str(), "<daemon, " + local.location() + " - Unix; 1 objects>");
}

TEST(daemons, warn_of_a_host_name_that_stands_for_this_machine_alone) {
  const auto warned = [](const std::string& host) {
    const log_capture log;
    daemon_options options = on_loopback();
    options.host = host;
    const daemon d(options);
    return log.has("weird DNS setup: " + host + " resolves to localhost (127.x.x.x)");
  };
  EXPECT_TRUE(warned("0x7f000001"));  // as a name in /etc/hosts would
  for (const char* plain : {"localhost", "LocalHost", "127.0.0.1"}) EXPECT_FALSE(warned(plain)) << plain;
}

/// Uses its daemon from inside calls.
class insider {
 public:
  explicit insider(daemon& d) : daemon_(d) {}
  std::string expose_another() { return daemon_.expose(another_, "another").to_string(); }
  void withdraw_another() { daemon_.unregister("another"); }
  void withdraw_itself() { daemon_.unregister(*this); }
  void stop() { daemon_.stop(); }
  void close() { daemon_.close(); }

 private:
  daemon& daemon_;
  thing another_;
};
ENGINE_EXPOSE(insider, expose_another, withdraw_another, withdraw_itself, stop, close)

TEST(daemons, are_used_from_inside_calls) {
  daemon d(on_loopback());
  insider object(d);
  proxy<insider> p(d.expose(object), quiet_proxy());
  proxy<thing> another(p.expose_another(), quiet_proxy());
  EXPECT_EQ(another.add(1, 2), 3);
  p.withdraw_another();
  EXPECT_THROW(another.add(1, 2), daemon_error);
  EXPECT_EQ(failure_text([&] { p.close(); }), "Pyro4.errors.PyroError: a daemon cannot be closed from one of its own calls: use stop()");
  p.withdraw_itself();
  EXPECT_THROW(p.stop(), daemon_error);
}

// ---- how it ends

TEST(daemons, run_until_stopped_from_inside_a_call_which_is_answered) {
  daemon d(on_loopback());
  insider object(d);
  proxy<insider> p(d.expose(object), quiet_proxy());
  std::jthread runner([&] { d.run(); });
  EXPECT_NO_THROW(p.stop());
  runner.join();
  EXPECT_EQ(d.connections(), 0u);
  EXPECT_THROW(p.stop(), unreachable);
}

TEST(daemons, finish_the_running_call_and_leave_nothing_open) {
  const auto before = open_descriptors();
  {
    thing object;
    auto d = std::make_unique<daemon>(on_loopback(2));
    proxy<thing> p(d->expose(object, "thing"), quiet_proxy());
    auto running = async(p).wait_for_gate();
    running.wait_for(0ms);
    ASSERT_TRUE(eventually([&] { return object.entered == 1; }));
    std::jthread closing([&] { d->close(); });
    object.gate.set_value();
    EXPECT_EQ(running.get(), 42);
    closing.join();
    EXPECT_EQ(d->connections(), 0u);
    d->close();
    d->stop();
    d.reset();
    EXPECT_THROW(p.add(1, 2), unreachable);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(daemons, end_with_clients_connected_and_with_none) {
  const auto before = open_descriptors();
  { daemon never_used(on_loopback(3)); }
  {
    thing object;
    std::vector<proxy<thing>> clients;
    daemon d(on_loopback(2));
    const uri u = d.expose(object, "thing");
    for (int i = 0; i < 20; ++i) EXPECT_EQ(clients.emplace_back(u, quiet_proxy()).add(i, 1), i + 1);
    EXPECT_EQ(d.connections(), 20u);
  }
  EXPECT_EQ(open_descriptors(), before);
}

// ---- several cores

TEST(several_cores, share_objects_out_and_call_each_on_its_own_thread_only) {
  daemon d(on_loopback(3));
  std::vector<std::unique_ptr<thing>> objects;
  std::vector<uri> uris;
  for (int i = 0; i < 6; ++i) uris.push_back(d.expose(*objects.emplace_back(std::make_unique<thing>())));
  std::set<std::size_t> all;
  for (const uri& u : uris) {
    std::set<std::size_t> threads;
    for (int i = 0; i < 10; ++i) {
      proxy<thing> p(u, quiet_proxy());
      threads.insert(p.thread());
      threads.insert(p.thread());
    }
    EXPECT_EQ(threads.size(), 1u);
    all.merge(threads);
  }
  EXPECT_EQ(all.size(), 3u);
}

TEST(several_cores, a_call_for_another_cores_object_hops) {
  daemon d(on_loopback(3));
  thing objects[3];
  std::map<std::string, std::size_t> home;
  for (int i = 0; i < 3; ++i) {
    const std::string id = "thing" + std::to_string(i);
    proxy<thing> p(d.expose(objects[i], id), quiet_proxy());
    home[id] = p.thread();
  }
  // One connection, made for the first object, talks to all of them; then one made for none.
  for (const std::uint16_t flags : {flag::metadata, std::uint16_t{0}}) {
    raw_peer raw(d);
    raw.say(connect_frame("thing0", {.type = message::connect, .flags = flags}));
    ASSERT_EQ(raw.hear()->type, message::connect_ok);
    for (int round = 0; round < 20; ++round) {
      for (const auto& [id, thread] : home) {
        raw.say(call_frame(id, "thread"));
        EXPECT_EQ(raw.hear()->body().as<std::size_t>(), thread) << id;
      }
    }
    raw.say(call_frame("thing1", "text", "('" + std::string(200'000, 'x') + "',)"));
    EXPECT_EQ(raw.hear()->body().size(), 200'000u);
    raw.say(call_frame("thing2", "crash", "('far',)"));
    EXPECT_EQ(raw.hear()->exception().text(), "far");
    raw.say(call_frame("thing2", "fire", "(3,)", 1, "{}", flag::oneway));
    EXPECT_TRUE(eventually([&] { return objects[2].fired == 3; }));
    objects[2].fired = 0;
    raw.say(call_frame("thing2", "forbid"));
    EXPECT_EQ(raw.hear()->exception().type, "Pyro4.errors.SecurityError");
    EXPECT_TRUE(raw.closed_by_peer());
  }
  EXPECT_TRUE(eventually([&] { return d.connections() == 0; }));
}

// A connection that moved is closed on another core than the one that accepted it: its number comes back as a new connection.
TEST(several_cores, clients_come_and_go_on_every_backend) {
  for (const auto backend : {backend_choice::automatic, backend_choice::epoll}) {
    auto options = on_loopback(2);
    options.settings->backend = backend;
    daemon d(options);
    thing first, second;
    const uri uris[] = {d.expose(first), d.expose(second)};
    proxy_options impatient = quiet_proxy();
    impatient.timeout = 5s;
    for (int i = 0; i < 100; ++i) {
      proxy<thing> p(uris[i % 2], impatient);
      ASSERT_EQ(p.add(i, 1), i + 1) << d.backend();
    }
  }
}

TEST(several_cores, pipelined_calls_to_many_objects_are_answered_in_order) {
  daemon d(on_loopback(3));
  thing objects[3];
  for (int i = 0; i < 3; ++i) d.expose(objects[i], "thing" + std::to_string(i));
  raw_peer raw(d);
  raw.greet("thing0");
  std::string all;
  for (int i = 0; i < 300; ++i)
    all += call_frame("thing" + std::to_string(i % 3), "add", "(" + std::to_string(i) + ",1)", static_cast<std::uint16_t>(i));
  raw.say(all);
  for (int i = 0; i < 300; ++i) {
    const auto a = raw.hear();
    ASSERT_TRUE(a);
    ASSERT_EQ(a->sequence, i);
    ASSERT_EQ(a->body(), value(i + 1));
  }
}

TEST(several_cores, a_shared_object_is_called_wherever_its_callers_are) {
  daemon d(on_loopback(3));
  thing object;
  const uri u = d.expose(object, "shared", {.shared = true});
  std::vector<proxy<thing>> clients;
  std::set<std::size_t> threads;
  for (int i = 0; i < 6; ++i) threads.insert(clients.emplace_back(u, quiet_proxy()).thread());
  EXPECT_EQ(threads.size(), 3u);
}

/// Not thread-safe on purpose.
class counter {
 public:
  int next() { return ++count_; }

 private:
  int count_ = 0;
};
ENGINE_EXPOSE(counter, next)

TEST(several_cores, an_object_needs_no_locks) {
  daemon d(on_loopback(2));
  counter object;
  thing elsewhere;
  d.expose(elsewhere);
  const uri u = d.expose(object, "counter");
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
      threads.emplace_back([&] {
        proxy<counter> p(u, quiet_proxy());
        for (int i = 0; i < 200; ++i) p.next();
      });
  }
  proxy<counter> p(u, quiet_proxy());
  EXPECT_EQ(p.next(), 1201);
}

}  // namespace
}  // namespace engine::test
