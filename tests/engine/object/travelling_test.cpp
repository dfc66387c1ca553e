// Objects that travel: proxies as arguments and results, exposed objects that become proxies of themselves, and calls back.
#include <engine/object/proxy_codec.hpp>

#include <atomic>
#include <cstddef>
#include <memory>

#include <gtest/gtest.h>

#include <codec/shape.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

class listener {
 public:
  void on_message(std::string from, std::string text) {
    last = from + ": " + text;
    ++heard;
  }
  int add(int a, int b) { return a + b; }
  std::string last;
  std::atomic<int> heard{0};
};
ENGINE_EXPOSE(listener, on_message, add)
ENGINE_ONEWAY(listener, on_message)

struct booking {
  std::string who;
  proxy<listener> tell;
};
ENGINE_SHAPE(booking, who, tell)

class room {
 public:
  void join(std::string who, proxy<listener> tell) { members_.push_back({std::move(who), std::move(tell)}); }
  void book(booking b) { members_.push_back(std::move(b)); }
  int say(std::string text) {
    int sum = 0;
    for (auto& m : members_) {
      m.tell.on_message(m.who, text);
      sum += m.tell.add(20, 22);
    }
    return sum;
  }
  std::vector<proxy<listener>> everybody() {
    std::vector<proxy<listener>> all;
    for (auto& m : members_) all.push_back(m.tell);
    return all;
  }
  proxy<listener> nobody() { return {}; }
  bool is_nobody(proxy<listener> p) {
    try {
      p.add(1, 2);
      return false;
    } catch (const error& e) {
      return std::string(e.what()) == "this proxy refers to no object";
    }
  }
  /// A new object for every caller, exposed by the daemon that serves the call.
  std::shared_ptr<listener> make() {
    auto made = std::make_shared<listener>();
    this_daemon().expose(made);
    return made;
  }
  listener& steady() { return steady_; }
  listener* none() { return nullptr; }
  std::shared_ptr<listener> unexposed() { return std::make_shared<listener>(); }
  std::string uri_seen(proxy<> p) { return uri_of(p).to_string(); }

 private:
  std::vector<booking> members_;

 public:
  listener steady_;  // not first: an object is known by its address
};
ENGINE_EXPOSE(room, join, book, say, everybody, nobody, is_nobody, make, steady, none, unexposed, uri_seen)
ENGINE_MARK(room, say, .blocking = true)
ENGINE_MARK(room, is_nobody, .blocking = true)

class travelling : public ::testing::TestWithParam<const char*> {
 protected:
  static daemon_options everything() {
    auto options = on_loopback();
    options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
    return options;
  }
  static proxy_options speaking(const char* format) {
    auto how = quiet_proxy();
    how.serializer = format;
    return how;
  }
  room object;
  daemon host{everything()};
  daemon here{everything()};
  uri where = host.expose(object, "room");
  proxy<room> client{where, speaking(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(formats, travelling, ::testing::Values("serpent", "json", "marshal", "msgpack", "pickle"),
                         [](const auto& i) { return std::string(i.param); });

TEST_P(travelling, an_exposed_object_is_called_back_through_the_proxy_it_became) {
  listener mine;
  here.expose(mine);
  client.join("Ann", mine);
  EXPECT_EQ(client.say("hello"), 42);
  EXPECT_TRUE(eventually([&] { return mine.heard == 1; }));
  EXPECT_EQ(mine.last, "Ann: hello");
}

TEST_P(travelling, a_uri_and_a_proxy_do_as_well) {
  listener mine;
  const uri at = here.expose(mine);
  client.join("by uri", at);
  client.join("by proxy", proxy<listener>(at, quiet_proxy()));
  client.book(booking{.who = "in a struct", .tell = proxy<listener>(at, quiet_proxy())});
  EXPECT_EQ(client.say("hello"), 126);
  EXPECT_TRUE(eventually([&] { return mine.heard == 3; }));
}

TEST_P(travelling, proxies_come_back_in_lists_with_where_and_how) {
  listener mine;
  auto how = speaking(GetParam());
  how.timeout = 1500ms;
  how.hmac_key = "";
  const uri at = here.expose(mine);
  client.join("Ann", proxy<listener>(at, how));
  auto all = client.everybody();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(uri_of(all[0]), at);
  EXPECT_EQ(timeout_of(all[0]), 1500ms);
  EXPECT_EQ(all[0].add(1, 2), 3);
}

TEST_P(travelling, nothing_travels_as_the_proxy_of_nothing) {
  EXPECT_THROW(client.nobody().add(1, 2), error);
  EXPECT_TRUE(client.is_nobody(proxy<listener>()));
  EXPECT_THROW(client.none().add(1, 2), error);
}

TEST_P(travelling, results_that_are_exposed_objects_arrive_as_proxies) {
  auto made = client.make();
  EXPECT_EQ(made.add(1, 2), 3);
  EXPECT_NE(uri_of(client.make()), uri_of(made));
  host.expose(object.steady_, "steady");
  auto steady = client.steady();
  EXPECT_EQ(uri_of(steady).object(), "steady");
  EXPECT_EQ(steady.add(1, 2), 3);
}

TEST_P(travelling, an_object_that_is_not_exposed_cannot_travel) {
  try {
    client.unexposed();
    FAIL();
  } catch (const error& e) {
    EXPECT_NE(std::string(e.what()).find("don't know how to serialize class <class 'listener'>"), std::string::npos) << e.what();
  }
  listener mine;
  const uri at = here.expose(mine);
  here.unregister(mine);
  EXPECT_THROW(client.join("gone", mine), error);
}

TEST_P(travelling, a_dynamic_callee_sees_the_same_uri) {
  listener mine;
  const uri at = here.expose(mine);
  EXPECT_EQ(client.uri_seen(proxy<>(at, quiet_proxy())), at.to_string());
  EXPECT_EQ(client.uri_seen(at), at.to_string());
}

TEST(travelling_keys, come_along_with_their_proxy) {
  auto keyed = on_loopback();
  keyed.hmac_key = "secret \x01\xff key";
  daemon guarded(keyed), host(on_loopback());
  listener mine;
  room object;
  auto how = quiet_proxy();
  how.hmac_key = keyed.hmac_key;
  proxy<listener> known(guarded.expose(mine), how);
  proxy<room> client(host.expose(object), quiet_proxy());
  client.join("Ann", known);
  EXPECT_EQ(client.say("x"), 42);
}

struct tag {
  std::string text() { return "tag"; }
};
ENGINE_EXPOSE(tag, text)

/// An exposed object whose first member is an exposed object: both are at one address.
class tagged {
 public:
  tag first;
  tag& label() { return first; }
};
ENGINE_EXPOSE(tagged, label)

TEST(autoproxies, are_of_the_object_and_not_of_what_else_begins_at_its_address) {
  daemon host(on_loopback());
  tagged object;
  ASSERT_EQ(static_cast<void*>(&object), static_cast<void*>(&object.first));
  proxy<tagged> client(host.expose(object), quiet_proxy());
  EXPECT_THROW(client.label(), error) << "the tag itself is not exposed";
}

TEST(autoproxies, are_not_made_of_objects_that_have_gone) {
  daemon host(on_loopback());
  room object;
  proxy<room> client(host.expose(object), quiet_proxy());
  alignas(listener) std::byte place[sizeof(listener)];
  struct in_place {
    void operator()(listener* l) const { std::destroy_at(l); }
  };
  auto first = std::shared_ptr<listener>(new (place) listener, in_place{});
  host.expose(std::weak_ptr(first), "weak");
  first.reset();
  auto second = std::shared_ptr<listener>(new (place) listener, in_place{});  // never exposed, but where the other one was
  EXPECT_THROW(client.join("gone", *second), error);
}

TEST(autoproxies, follow_an_object_that_takes_the_place_of_another) {
  daemon host(on_loopback());
  room object;
  proxy<room> client(host.expose(object), quiet_proxy());
  listener before, after;
  host.expose(before, "listener");
  const uri at = host.expose(after, "listener", {.force = true});
  EXPECT_THROW(client.join("before", before), error);
  client.join("after", after);
  EXPECT_EQ(uri_of(client.everybody().at(0)), at);
}

TEST(autoproxies, are_not_made_where_they_are_switched_off) {
  auto options = on_loopback();
  options.settings->autoproxy = false;
  daemon host(options);
  room object;
  host.expose(object.steady_, "steady");
  proxy<room> client(host.expose(object), quiet_proxy());
  EXPECT_THROW(client.steady(), error);
  EXPECT_THROW(this_daemon(), error);
}

}  // namespace
}  // namespace engine::test
