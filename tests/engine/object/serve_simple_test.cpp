// The shortest server, and what answers as Pyro.Daemon in it.
#include <engine/object/serve_simple.hpp>

#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include <engine/object/proxy.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

class greeter {
 public:
  std::string hello(std::string name) { return "hello " + name; }
};
ENGINE_EXPOSE(greeter, hello)

class other {
 public:
  std::string goodbye() { return "goodbye"; }
};
ENGINE_EXPOSE(other, goodbye)

class talkative_daemon : public daemon_object {
 public:
  using daemon_object::daemon_object;
  std::size_t registered_count() const { return registered().size(); }
};
ENGINE_EXPOSE(talkative_daemon, ENGINE_DAEMON_METHODS, registered_count)

serve_options quietly(std::ostringstream& said) {
  serve_options how{.daemon = on_loopback(), .use_name_server = false, .verbose = &said};
  return how;
}

TEST(serve_simple, says_where_the_objects_are_and_serves_them_until_it_is_stopped) {
  greeter first;
  std::ostringstream said;
  serve_options how = quietly(said);
  std::string answer, other;
  std::jthread caller;
  how.ready = [&](daemon& d) {
    caller = std::jthread([&] {
      answer = proxy<greeter>(d.uri_for("first"), quiet_proxy()).hello("Ann");
      other = proxy<greeter>(d.uri_for("second"), quiet_proxy()).hello("Bob");
      d.stop();
    });
  };
  serve_simple({{first, "first"}, served::instances_of<greeter>(single, "second")}, std::move(how));
  caller.join();
  EXPECT_EQ(answer, "hello Ann");
  EXPECT_EQ(other, "hello Bob");
  EXPECT_NE(said.str().find("Object <greeter object at 0x"), std::string::npos) << said.str();
  EXPECT_NE(said.str().find(">:\n    uri = PYRO:first@127.0.0.1:"), std::string::npos) << said.str();
  EXPECT_NE(said.str().find("Object <class 'greeter'>:\n    uri = PYRO:second@"), std::string::npos) << said.str();
  EXPECT_TRUE(said.str().ends_with("Pyro daemon running.\n")) << said.str();
}

TEST(serve_simple, needs_a_name_server_for_names) {
  greeter first;
  std::ostringstream said;
  serve_options how = quietly(said);
  how.use_name_server = true;
  how.daemon.settings->ns_host = "127.0.0.1";
  how.daemon.settings->ns_port = 1;
  how.daemon.settings->ns_bcport = 1;
  EXPECT_THROW(serve_simple({{first, "example.first"}}, std::move(how)), error);
}

TEST(a_daemons_own_object, may_be_of_a_class_that_offers_more) {
  daemon_options o = on_loopback();
  o.own_object = own_daemon_object::of<talkative_daemon>();
  daemon host(std::move(o));
  greeter one;
  host.expose(one, "one");
  proxy<> own(host.uri_for("Pyro.Daemon"), quiet_proxy());
  EXPECT_EQ(own["registered_count"]().as<int>(), 2);
  EXPECT_EQ(own["registered"]().as<std::vector<std::string>>(), (std::vector<std::string>{"Pyro.Daemon", "one"}));
  EXPECT_EQ(own["get_metadata"](kw("objectId", "one"))["methods"].as<std::set<std::string>>(), std::set<std::string>{"hello"});
  EXPECT_EQ(proxy<greeter>(host.uri_for("one"), quiet_proxy()).hello("you"), "hello you");
}

TEST(a_daemon, that_exposes_another_class_under_an_id_tells_so_at_once) {
  daemon host(on_loopback());
  greeter one;
  host.expose(one, "it");
  proxy<> own(host.uri_for("Pyro.Daemon"), quiet_proxy());
  EXPECT_EQ(own["get_metadata"]("it")["methods"].as<std::set<std::string>>(), std::set<std::string>{"hello"});
  other two;
  host.expose(two, "it", {.force = true});
  EXPECT_EQ(own["get_metadata"]("it")["methods"].as<std::set<std::string>>(), std::set<std::string>{"goodbye"});
}

}  // namespace
}  // namespace engine::test
