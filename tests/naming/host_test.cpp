// A running name server, found in every way there is: by address, on this machine, by broadcast; and proxies of names.
#include <naming/host.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include <engine/core/task.hpp>
#include <naming/locate.hpp>

#include "naming_support.hpp"

namespace engine::test {
namespace {

name_server_options quiet_names() {
  name_server_options o;
  o.settings = quiet_settings();
  o.host = "127.0.0.1";
  o.port = 0;
  return o;
}

class greeter {
 public:
  explicit greeter(std::string name) : name_(std::move(name)) {}
  std::string greet() { return "hello from " + name_; }

 private:
  std::string name_;
};
ENGINE_EXPOSE(greeter, greet)

/// The daemon keeps it alive.
std::shared_ptr<greeter> greeter_named(const char* name) { return std::make_shared<greeter>(name); }

/// A coroutine on a core, and what came of it.
class asker {
 public:
  task<std::string> ask(std::string name) {
    auto found = resolve_later(name, how);
    const uri direct = co_await found;
    proxy<greeter> named(direct, how);
    auto said = async(named).greet();
    co_return co_await said;
  }
  task<std::string> ask_unresolved(std::string name) {
    proxy<greeter> named(uri(name), how);
    auto said = async(named).greet();
    co_return co_await said;
  }
  proxy_options how;
};
ENGINE_EXPOSE(asker, ask, ask_unresolved)

bool has_ipv6() {
  const int socket = ::socket(AF_INET6, SOCK_DGRAM, 0);
  const auto here = address::numeric("::1", 0).value();
  const bool has = socket >= 0 && ::bind(socket, here.data(), here.size()) == 0;
  if (socket >= 0) ::close(socket);
  return has;
}

/// What is answered to a question for a name server that is sent there.
std::string answers_to(const std::string& host, std::uint16_t port) {
  const auto where = address::numeric(host, port).value();
  const int asker = ::socket(where.family(), SOCK_DGRAM, 0);
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(asker, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::sendto(asker, "GET_NSURI", 9, 0, where.data(), where.size());
  char said[200];
  const ssize_t n = ::recv(asker, said, sizeof said, 0);
  ::close(asker);
  return n < 0 ? "nothing" : std::string(said, static_cast<std::size_t>(n));
}

class running_name_server : public ::testing::Test {
 protected:
  running_name_server() {
    how = quiet_proxy();
    how.settings->ns_host = "127.0.0.1";
    how.settings->ns_port = running.daemon().port();
    at.settings = how.settings;
  }
  std::string named(const std::string& name) const { return "PYRONAME:" + name; }

  name_server_host running{quiet_names()};
  daemon host{on_loopback()};
  proxy_options how;
  locate_options at;
};

TEST_F(running_name_server, knows_itself) {
  auto names = locate_name_server(at);
  EXPECT_EQ(names.lookup(name_server_id), running.where());
  EXPECT_EQ(names.list(std::nullopt, std::nullopt, name_server::tags{"class:Pyro4.naming.NameServer"}).size(), 1u);
  EXPECT_EQ(running.why_silent(), "Not starting broadcast server for localhost.");
  EXPECT_EQ(running.bound_to(), "127.0.0.1");
}

TEST_F(running_name_server, gives_tags_along_with_uris) {
  auto names = locate_name_server(at);
  names.enroll("a", "PYRO:x@h:1", std::nullopt, name_server::tags{"t2", "t1"});
  names.enroll("b", "PYRO:y@./u:/s", std::nullopt, std::nullopt);
  EXPECT_EQ(lookup_with_tags(names, "a"), (tagged_uri{"PYRO:x@h:1", {"t1", "t2"}}));
  EXPECT_EQ(lookup_with_tags(names, "b"), (tagged_uri{"PYRO:y@./u:/s", {}}));
  EXPECT_EQ(failure_text([&] { lookup_with_tags(names, "c"); }), "Pyro4.errors.NamingError: unknown name: c");
  EXPECT_EQ(list_with_tags(names).size(), 3u);
  EXPECT_EQ(list_with_tags(names, std::nullopt, std::nullopt, name_server::tags{"t1"}), (std::map<std::string, tagged_uri>{{"a", {"PYRO:x@h:1", {"t1", "t2"}}}}));
}

TEST_F(running_name_server, takes_names_of_its_own_program_without_a_call) {
  running.enroll("own", uri("PYRO:x@h:1"), {"t2", "t1", "t2"});
  auto names = locate_name_server(at);
  EXPECT_EQ(lookup_with_tags(names, "own"), (tagged_uri{"PYRO:x@h:1", {"t1", "t2"}}));
  EXPECT_EQ(names.list(std::nullopt, std::nullopt, name_server::tags{"t1", "t2"}).size(), 1u);
  running.remove("own");
  running.remove("own");
  running.remove(name_server_id);
  EXPECT_EQ(names.count(), 1);
}

TEST_F(running_name_server, is_found_by_its_address) {
  EXPECT_EQ(uri_of(locate_name_server({.host = "127.0.0.1", .port = running.daemon().port(), .settings = quiet_settings()})), running.where());
  EXPECT_EQ(failure_text([&] { locate_name_server({.host = "127.0.0.1", .port = 1, .settings = quiet_settings()}); }),
            "Pyro4.errors.NamingError: Failed to locate the nameserver");
  EXPECT_EQ(failure_text([&] { locate_name_server({.host = "127.0.0.1", .port = 65536, .settings = quiet_settings()}); }),
            "Pyro4.errors.NamingError: Failed to locate the nameserver")
      << "nobody can be there";
  EXPECT_THROW(locate_name_server({.port = 65536, .settings = how.settings}), std::invalid_argument) << "nor be asked there";
}

TEST_F(running_name_server, stands_for_names_wherever_a_uri_goes) {
  auto names = locate_name_server(at);
  names.enroll("test.greeter", host.expose(greeter_named("one")));
  proxy<greeter> p(named("test.greeter"), how);
  EXPECT_EQ(p.greet(), "hello from one");
  EXPECT_EQ(uri_of(p).to_string(), "PYRONAME:test.greeter");
  EXPECT_EQ(proxy<>(named("test.greeter@" + running.daemon().location()), quiet_proxy())["greet"](), value("hello from one"));
  names.enroll("test.greeter", host.expose(greeter_named("two")));
  EXPECT_EQ(p.greet(), "hello from one") << "as long as it is connected";
  release(p);
  EXPECT_EQ(p.greet(), "hello from two") << "a name is looked up whenever it connects";
  EXPECT_EQ(failure_text([&] { proxy<greeter>(named("nobody"), how).greet(); }), "Pyro4.errors.NamingError: unknown name: nobody");
}

TEST_F(running_name_server, picks_among_those_with_the_tags) {
  auto names = locate_name_server(at);
  names.enroll("g1", host.expose(greeter_named("one")), std::nullopt, name_server::tags{"greeter", "good"});
  names.enroll("g2", host.expose(greeter_named("two")), std::nullopt, name_server::tags{"greeter", "good"});
  names.enroll("g3", host.expose(greeter_named("other")), std::nullopt, name_server::tags{"greeter"});
  std::set<std::string> said;
  for (int i = 0; i < 60; ++i) said.insert(proxy<greeter>("PYROMETA:good,greeter", how).greet());
  EXPECT_EQ(said, (std::set<std::string>{"hello from one", "hello from two"}));
  EXPECT_EQ(failure_text([&] { resolve("PYROMETA:purple", how); }),
            "Pyro4.errors.NamingError: no registrations available with desired metadata properties {'purple'}");
  EXPECT_EQ(resolve("PYRO:x@h:1", how), uri("PYRO:x@h:1"));
}

TEST_F(running_name_server, is_waited_for_when_a_name_comes_later) {
  const uri where = host.expose(greeter_named("one"));
  auto later = resolve_later(named("later"), how, 20s);
  EXPECT_FALSE(later.wait_for(100ms));
  locate_name_server(at).enroll("later", where);
  EXPECT_EQ(later.get(), where);
  EXPECT_THROW(resolve(named("never"), how, 10ms), naming_error);
}

TEST_F(running_name_server, is_asked_by_cores_without_holding_them_up) {
  locate_name_server(at).enroll("test.greeter", host.expose(greeter_named("one")));
  proxy<asker> p(host.expose(std::make_shared<asker>(asker{.how = how})), quiet_proxy());
  EXPECT_EQ(p.ask("PYRONAME:test.greeter"), "hello from one");
  EXPECT_EQ(failure_text([&] { p.ask("PYRONAME:nobody"); }), "Pyro4.errors.NamingError: unknown name: nobody");
  EXPECT_NE(failure_text([&] { p.ask_unresolved("PYRONAME:test.greeter"); }).find("has not been looked up yet"), std::string::npos);
}

TEST(name_server_hosts, listen_on_a_port_and_a_unix_socket_at_once) {
  const temporary_folder here;
  auto o = quiet_names();
  o.unix_socket = here.file("ns");
  const name_server_host running(o);
  auto by_socket = locate_name_server({.host = "./u:" + o.unix_socket, .settings = quiet_settings()});
  by_socket.enroll("x", "PYRO:x@h:1");
  auto by_port = locate_name_server({.host = "127.0.0.1", .port = const_cast<name_server_host&>(running).daemon().port(), .settings = quiet_settings()});
  EXPECT_EQ(by_port.lookup("x"), uri("PYRO:x@h:1"));
  EXPECT_EQ(resolve("PYRONAME:x@./u:" + o.unix_socket, quiet_proxy()), uri("PYRO:x@h:1"));
}

TEST(name_server_hosts, share_no_database) {
  const temporary_folder here;
  auto o = quiet_names();
  o.storage = "sql:" + here.file("names.db");
  auto first = std::make_unique<name_server_host>(o);
  const std::string file = std::filesystem::canonical(here.file("names.db"));
  EXPECT_EQ(failure_text([&] { name_server_host second(o); }), "Pyro4.errors.NamingError: " + file + " is used by another name server");
  first->enroll("x", uri("PYRO:x@h:1"));
  first.reset();
  EXPECT_EQ(name_server_host(o).found_in_storage(), 2u) << "with its own entry";
}

TEST(name_server_hosts, need_the_key_they_were_given) {
  auto o = quiet_names();
  o.hmac_key = "secret";
  name_server_host running(o);
  const std::string location = running.daemon().location();
  auto keyed = quiet_proxy();
  keyed.hmac_key = "secret";
  EXPECT_EQ(resolve("PYRONAME:Pyro.NameServer@" + location, keyed), running.where());
  EXPECT_THROW(resolve("PYRONAME:Pyro.NameServer@" + location, quiet_proxy()), naming_error);
}

TEST(name_server_hosts, are_found_by_broadcast) {
  auto o = quiet_names();
  o.host = "0.0.0.0";
  o.bc_port = 0;
  name_server_host running(o);
  ASSERT_NE(running.responder(), nullptr);
  const std::string location = running.responder()->location();
  auto around = quiet_settings();
  around.ns_host = "127.0.0.1";
  around.ns_port = 1;
  around.broadcast_addrs = "127.0.0.1";
  around.ns_bcport = std::stoi(location.substr(location.rfind(':') + 1));
  auto names = locate_name_server({.settings = around});
  EXPECT_EQ(uri_of(names).host(), "127.0.0.1") << "the address that faces the asker";
  EXPECT_EQ(names.count(), 1);
}

TEST_F(running_name_server, is_found_among_answers_that_are_no_uris) {
  const int joker = ::socket(AF_INET, SOCK_DGRAM, 0);
  const auto anywhere = address::numeric("127.0.0.1", 0).value();
  ASSERT_EQ(::bind(joker, anywhere.data(), anywhere.size()), 0);
  sockaddr_storage mine{}, asker{};
  socklen_t size = sizeof mine, asker_size = sizeof asker;
  ::getsockname(joker, reinterpret_cast<sockaddr*>(&mine), &size);
  std::thread answers([&] {
    char said[100];
    if (::recvfrom(joker, said, sizeof said, 0, reinterpret_cast<sockaddr*>(&asker), &asker_size) != 9) return;
    for (const std::string& each : {std::string(), std::string("rubbish"), std::string("PYRONAME:other"), std::string(2000, 'x'), running.where().to_string()})
      ::sendto(joker, each.data(), each.size(), 0, reinterpret_cast<const sockaddr*>(&asker), asker_size);
  });
  auto around = quiet_settings();
  around.ns_host = "127.0.0.1";
  around.ns_port = 1;
  around.broadcast_addrs = "127.0.0.1";
  around.ns_bcport = address::from(mine, size).port();
  EXPECT_EQ(uri_of(locate_name_server({.settings = around})), running.where());
  answers.join();
  ::close(joker);
}

TEST(name_server_hosts, are_found_by_ipv6_on_this_machine) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  auto o = quiet_names();
  o.host = "::1";
  o.bc_port = 0;
  name_server_host running(o);
  EXPECT_EQ(running.bound_to(), "::1");
  ASSERT_NE(running.responder(), nullptr);
  const std::string location = running.responder()->location();
  EXPECT_TRUE(location.starts_with("[::1]:")) << location << ": who listens for this machine only answers nobody else";
  auto around = quiet_settings();
  around.ns_host = "127.0.0.1";
  around.ns_port = 1;
  around.ns_bcport = std::stoi(location.substr(location.rfind(':') + 1));
  for (const int version : {0, 4, 6}) {
    around.prefer_ip_version = version;
    EXPECT_EQ(uri_of(locate_name_server({.settings = around})), running.where());
  }
  EXPECT_EQ(failure_text([&] { locate_name_server({.broadcast = false, .settings = around}); }),
            "Pyro4.errors.NamingError: Failed to locate the nameserver");
}

TEST(name_server_hosts, answer_by_ipv6_with_the_address_that_faces_the_asker) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  auto o = quiet_names();
  o.host = "::";
  o.bc_port = 0;
  name_server_host running(o);
  const auto port = static_cast<std::uint16_t>(running.daemon().port());
  const std::string location = running.responder()->location();
  const auto bc_port = static_cast<std::uint16_t>(std::stoi(location.substr(location.rfind(':') + 1)));
  EXPECT_EQ(answers_to("::1", bc_port), "PYRO:Pyro.NameServer@[::1]:" + std::to_string(port));
  for (const ipv6_network& each : ipv6_networks())
    EXPECT_EQ(answers_to("ff12::d059:524f%" + std::to_string(each.interface), bc_port),
              "PYRO:Pyro.NameServer@[" + each.addresses.front() + "]:" + std::to_string(port));
}

TEST(name_server_hosts, stay_silent_by_ipv6_where_broadcasts_were_confined_to_ipv4) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  auto o = quiet_names();
  o.host = "::1";
  o.bc_host = "127.0.0.1";
  EXPECT_EQ(name_server_host(o).why_silent(), "Not starting broadcast server for IPv6.");
}

class beacons : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(by, beacons, ::testing::Values("127.0.0.1", "::1"), [](const auto& by) { return by.index == 0 ? "ipv4" : "ipv6"; });

TEST_P(beacons, answer_the_question_and_nothing_else) {
  const bool by_ipv6 = std::string_view(GetParam()) == "::1";
  if (by_ipv6 && !has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  beacon one("PYRO:Pyro.NameServer@names:9090", GetParam(), 0, by_ipv6 ? 6 : 4);
  const std::string location = one.location();
  const auto where = address::numeric(GetParam(), static_cast<std::uint16_t>(std::stoi(location.substr(location.rfind(':') + 1)))).value();
  const int asker = ::socket(where.family(), SOCK_DGRAM, 0);
  const auto ask = [&](std::string_view text) { ::sendto(asker, text.data(), text.size(), 0, where.data(), where.size()); };
  for (const char* wrong : {"", "GET_NSUR", "GET_NSURI ", "get_nsuri"}) ask(wrong);
  ask(std::string(2000, 'x'));
  ask("GET_NSURI");
  for (int i = 0; i < 1000; ++i) ask("flood");
  std::string heard;
  EXPECT_TRUE(eventually([&] {
    one.answer_waiting();
    char said[200];
    const ssize_t n = ::recv(asker, said, sizeof said, MSG_DONTWAIT);
    if (n > 0) heard.assign(said, static_cast<std::size_t>(n));
    return n > 0;
  }));
  EXPECT_EQ(heard, "PYRO:Pyro.NameServer@names:9090");
  ::close(asker);
}

TEST(sweepers, forget_names_that_nobody_answers_for_also_on_unix_sockets) {
  const temporary_folder here;
  NameServer names;
  auto options = on_loopback();
  options.unix_socket = here.file("s");
  daemon alive(options);
  names.keep("alive", {.uri = "PYRO:x@" + alive.location()});
  names.keep("alive.unix", {.uri = "PYRO:x@./u:" + options.unix_socket});
  names.keep("dead", {.uri = "PYRO:x@127.0.0.1:1"});
  names.keep("dead.unix", {.uri = "PYRO:x@./u:" + here.file("nobody")});
  names.keep("a.name", {.uri = "PYRONAME:other"});
  names.keep(name_server_id, {.uri = "PYRO:Pyro.NameServer@127.0.0.1:1"});
  sweeper looks(names, {.every = 5ms, .unreachable = 50ms, .timeout = 1000ms});
  EXPECT_TRUE(eventually([&] { return names.count() == 4; }));
  std::vector<std::string> left;
  for (const auto& each : names.everything()) left.push_back(each.name);
  EXPECT_EQ(left, (std::vector<std::string>{name_server_id, "a.name", "alive", "alive.unix"}));
}

}  // namespace
}  // namespace engine::test
