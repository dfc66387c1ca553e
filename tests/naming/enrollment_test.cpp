// Exposed under a name in one step, and taken out again when the daemon ends.
#include <engine/object/enrollment.hpp>

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include <engine/object/type_meta.hpp>
#include <naming/host.hpp>
#include <naming/locate.hpp>

#include "naming_support.hpp"

namespace shop {
struct store {};
struct warehouse : store {};
}  // namespace shop

namespace engine::test {
namespace {

struct greeter {
  std::string greet() { return "hello"; }
};
ENGINE_EXPOSE(greeter, greet)

class sleeper {
 public:
  std::string sleep() {
    entered = true;
    wake.get_future().wait();
    return "slept";
  }
  std::atomic<bool> entered{false};
  std::promise<void> wake;
};
ENGINE_EXPOSE(sleeper, sleep)

class enrolling : public ::testing::Test {
 protected:
  static name_server_options quiet_names() {
    name_server_options o;
    o.settings = quiet_settings();
    o.host = "127.0.0.1";
    o.port = 0;
    return o;
  }
  enrolled_as named(std::string name) {
    return {.name = std::move(name), .names = {.host = "127.0.0.1", .port = running->daemon().port(), .settings = quiet_settings()}};
  }
  std::int64_t registered() { return running->names().count() - 1; }

  std::unique_ptr<name_server_host> running = std::make_unique<name_server_host>(quiet_names());
};

TEST_F(enrolling, an_object_is_found_by_its_name_until_the_daemon_ends) {
  greeter one;
  auto shared = std::make_shared<greeter>();
  {
    daemon host(on_loopback());
    auto how = named("one");
    how.id = "the-one";
    how.tags = {"greeter"};
    EXPECT_EQ(host.expose(one, how).object(), "the-one");
    host.expose(shared, named("shared"));
    host.expose<greeter>(per_connection, named("class"));
    EXPECT_EQ(registered(), 3);
    const std::string at = "@" + running->daemon().location();
    for (const std::string name : {"PYRONAME:one", "PYRONAME:shared", "PYRONAME:class", "PYROMETA:greeter"})
      EXPECT_EQ(proxy<greeter>(name + at, quiet_proxy()).greet(), "hello") << name;
  }
  EXPECT_EQ(registered(), 0);
}

TEST_F(enrolling, a_draining_daemon_takes_its_names_out_before_it_waits_for_its_calls) {
  auto options = on_loopback();
  options.settings->server_type = "thread";  // the method holds no core
  daemon host(options);
  sleeper object;
  proxy<sleeper> caller(host.expose(object, named("sleeper")), quiet_proxy());
  auto sleeping = async(caller).sleep();
  ASSERT_TRUE(eventually([&] { return object.entered.load(); }));
  auto drained = std::async(std::launch::async, [&] { return host.drain(20s); });
  EXPECT_TRUE(eventually([&] { return registered() == 0; }));
  EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
  object.wake.set_value();
  EXPECT_EQ(sleeping.get(), "slept");
  EXPECT_TRUE(drained.get());
}

TEST(type_meta, names_a_class_and_its_bases_as_python_would) {
  EXPECT_EQ((type_meta<shop::warehouse, shop::store>()), (std::vector<std::string>{"class:shop.warehouse", "class:shop.store"}));
  EXPECT_EQ(type_meta<shop::warehouse>("is:"), std::vector<std::string>{"is:shop.warehouse"});
  EXPECT_EQ(type_meta<greeter>(), std::vector<std::string>{"class:engine.test.greeter"});
}

TEST_F(enrolling, an_object_is_found_by_its_class) {
  daemon host(on_loopback());
  auto how = named("a.greeter");
  how.tags = type_meta<greeter>();
  host.expose(std::make_shared<greeter>(), how);
  EXPECT_EQ(proxy<greeter>("PYROMETA:class:engine.test.greeter@" + running->daemon().location(), quiet_proxy()).greet(), "hello");
}

TEST_F(enrolling, nothing_is_exposed_where_the_name_is_taken) {
  greeter one, two;
  daemon host(on_loopback());
  host.expose(one, named("name"));
  auto how = named("name");
  how.safe = true;
  EXPECT_EQ(failure_text([&] { host.expose(two, how); }), "Pyro4.errors.NamingError: name already registered: name");
  EXPECT_EQ(failure_text([&] { host.uri_for(two); }), "Pyro4.errors.DaemonError: object isn't registered in this daemon");
}

TEST_F(enrolling, a_name_that_stands_for_somebody_else_meanwhile_stays) {
  greeter one;
  {
    daemon host(on_loopback());
    host.expose(one, named("name"));
    running->names().keep("name", {.uri = "PYRO:other@host:1"});
  }
  EXPECT_EQ(registered(), 1);
}

TEST_F(enrolling, a_name_server_that_has_gone_does_not_keep_a_daemon_from_ending) {
  greeter one;
  daemon host(on_loopback());
  host.expose(one, named("name"));
  running.reset();
  host.close();
}

TEST_F(enrolling, without_a_name_server_is_an_error) {
  greeter one;
  daemon host(on_loopback());
  auto how = named("name");
  how.names.port = 1;
  EXPECT_EQ(failure_text([&] { host.expose(one, how); }), "Pyro4.errors.NamingError: Failed to locate the nameserver");
  EXPECT_EQ(failure_text([&] { host.uri_for(one); }), "Pyro4.errors.DaemonError: object isn't registered in this daemon");
}

}  // namespace
}  // namespace engine::test
