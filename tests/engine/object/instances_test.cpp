// Classes on the network: when instances are made, by whom, and when they go.
#include <engine/object/daemon.hpp>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "object_support.hpp"

namespace engine::test {
namespace {

std::atomic<int> alive{0}, ever{0};

class visitor {
 public:
  visitor() : number_(++ever) { ++alive; }
  ~visitor() { --alive; }
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;
  int number() { return number_; }
  int count() { return ++calls_; }

 private:
  int number_, calls_ = 0;
};
ENGINE_EXPOSE(visitor, number, count)

class needy {
 public:
  explicit needy(std::string name) : name_(std::move(name)) {}
  std::string name() { return name_; }

 private:
  std::string name_;
};
ENGINE_EXPOSE(needy, name)

class instances : public ::testing::TestWithParam<unsigned> {
 protected:
  instances() { ever = 0; }
  daemon host{on_loopback(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(cores, instances, ::testing::Values(1u, 2u), [](const auto& i) { return i.param == 1 ? "one" : "two"; });

TEST_P(instances, single_is_made_at_the_first_call_and_serves_everybody) {
  const uri where = host.expose<visitor>(single, "v");
  EXPECT_EQ(ever, 0);
  std::vector<std::thread> callers;
  std::atomic<int> sum{0};
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      proxy<visitor> p{where, quiet_proxy()};
      sum += p.number();
    });
  for (auto& t : callers) t.join();
  EXPECT_EQ(sum, 8);
  EXPECT_EQ(ever, 1);
}

TEST_P(instances, per_connection_live_as_long_as_their_connection) {
  const uri where = host.expose<visitor>(per_connection, "v");
  {
    proxy<visitor> a{where, quiet_proxy()}, b{where, quiet_proxy()};
    EXPECT_EQ(a.count(), 1);
    EXPECT_EQ(a.count(), 2);
    EXPECT_EQ(b.count(), 1);
    EXPECT_NE(a.number(), b.number());
    EXPECT_EQ(alive, 2);
    release(a);
    EXPECT_TRUE(eventually([] { return alive == 1; }));
    EXPECT_EQ(a.count(), 1);  // a new connection, a new instance
  }
  EXPECT_TRUE(eventually([] { return alive == 0; }));
}

TEST_P(instances, of_two_classes_on_one_connection_are_kept_apart) {
  host.expose<visitor>(per_connection, "v");
  host.expose<needy>(per_connection, "n", [] { return std::make_shared<needy>("Ann"); });
  raw_peer peer(host);
  peer.greet("v");
  for (int i = 1; i <= 3; ++i) {
    peer.say(call_frame("v", "count") + call_frame("n", "name"));
    EXPECT_EQ(peer.hear()->body(), value(i));
    EXPECT_EQ(peer.hear()->body(), value("Ann"));
  }
}

TEST_P(instances, per_call_are_new_for_every_request_and_one_for_a_batch) {
  proxy<visitor> p{host.expose<visitor>(per_call, "v"), quiet_proxy()};
  EXPECT_EQ(p.count(), 1);
  EXPECT_EQ(p.count(), 1);
  EXPECT_EQ(ever, 2);
  EXPECT_EQ(alive, 0);
  raw_peer peer(host);
  peer.greet("v");
  peer.say(call_frame("v", "<batch>", "[('count',(),{}),('count',(),{})]", 1, "None", flag::batch));
  EXPECT_EQ(peer.hear()->body(), value(value::list{1, 2}));
  EXPECT_EQ(ever, 3);
}

TEST_P(instances, per_core_are_as_many_as_cores_are_used) {
  const uri where = host.expose<visitor>(per_core, "v");
  for (int i = 0; i < 20; ++i) {
    proxy<visitor> p{where, quiet_proxy()};
    p.count();
  }
  EXPECT_GE(ever, 1);
  EXPECT_LE(ever, static_cast<int>(GetParam()));
}

TEST_P(instances, are_made_by_the_creator_whose_failure_is_the_callers) {
  proxy<needy> named{host.expose<needy>(single, "n", [] { return std::make_shared<needy>("Bob"); }), quiet_proxy()};
  EXPECT_EQ(named.name(), "Bob");
  daemon other(on_loopback());
  proxy<needy> none{other.expose<needy>(per_connection, "n", [] { return std::shared_ptr<needy>(); }), quiet_proxy()};
  try {
    none.name();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.TypeError");
    EXPECT_STREQ(e.what(), "instance creator returned object of different type");
  }
  daemon third(on_loopback());
  proxy<needy> failing{third.expose<needy>(per_call, "n", []() -> std::shared_ptr<needy> { throw std::out_of_range("none left"); }), quiet_proxy()};
  try {
    failing.name();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.IndexError");
  }
  EXPECT_THROW(host.expose<needy>(per_call), error);  // no default constructor, no creator
}

TEST_P(instances, of_a_class_are_registered_once_and_withdrawn_by_id) {
  host.expose<visitor>(single, "v");
  EXPECT_THROW(host.expose<visitor>(per_call, "w"), daemon_error);
  host.unregister("v");
  proxy<visitor> p{host.expose<visitor>(per_call, "w"), quiet_proxy()};
  EXPECT_EQ(p.count(), 1);
}

TEST(instances_aside, per_connection_are_used_by_one_thread_at_a_time) {
  auto options = on_loopback();
  options.settings->server_type = "thread";
  daemon host(options);
  const uri where = host.expose<visitor>(per_connection, "v");
  proxy<visitor> p{where, quiet_proxy()};
  std::vector<future<int>> counts;
  for (int i = 0; i < 200; ++i) counts.push_back(async(p).count());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(counts[static_cast<std::size_t>(i)].get(), i + 1);
}

}  // namespace
}  // namespace engine::test
