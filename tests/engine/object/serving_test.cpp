// Calls that are not answered at once: coroutines, blocking methods on side threads, oneway calls behind the connection's back. Whose
// requests wait for them, and whose do not.
#include <engine/object/server.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include <engine/core/future.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

/// Opened once, by anybody; waited for by coroutines and threads.
class gate {
 public:
  future<int> passage() {
    const std::scoped_lock lock(mutex_);
    return waiting_.emplace_back().get_future();
  }
  void open(int with) {
    const std::scoped_lock lock(mutex_);
    for (auto& p : waiting_) p.succeed(with);
    waiting_.clear();
  }
  std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<promise<int>> waiting_;
};

class workshop {
 public:
  task<int> add_later(int n) {
    auto passing = door.passage();
    const int opened = co_await passing;
    co_return n + opened;
  }
  task<std::string> at_once(std::string_view text) { co_return std::string(text); }
  task<> fail_later(std::string text) {
    auto passing = door.passage();
    co_await passing;
    throw raised("ValueError", {text});
  }
  task<int> fail_at_once() {
    throw raised("KeyError", {"now"});
    co_return 1;
  }
  task<std::string> greet(std::string name, std::optional<std::string> greeting) { co_return greeting.value_or("hello") + " " + name; }
  std::string quick(std::string text) { return text; }

  int block(int n) {
    ++blocked;
    return door.passage().get() + n;
  }
  void block_oneway() {
    door.passage().get();
    ++finished;
  }
  bool on_a_core() { return core::current() != nullptr; }
  bool aside() { return core::current() == nullptr; }
  int call_back(std::string where) {
    proxy<> other{uri(where), quiet_proxy()};
    return static_cast<int>(other["quick"]("four").as<std::string>().size());
  }

  gate door;
  std::atomic<int> blocked{0}, finished{0};
};
ENGINE_EXPOSE(workshop, add_later, at_once, fail_later, fail_at_once, greet, quick, block, block_oneway, on_a_core, aside, call_back)
ENGINE_MARK(workshop, greet, .parameters = "name, greeting")
ENGINE_MARK(workshop, block, .blocking = true)
ENGINE_MARK(workshop, block_oneway, .oneway = true, .blocking = true)
ENGINE_MARK(workshop, aside, .blocking = true)
ENGINE_MARK(workshop, call_back, .blocking = true)

class serving_calls : public ::testing::TestWithParam<unsigned> {
 protected:
  workshop object;
  daemon host{on_loopback(GetParam())};
  uri where = host.expose(object, "workshop");
  proxy<workshop> client{where, quiet_proxy()};
};
INSTANTIATE_TEST_SUITE_P(cores, serving_calls, ::testing::Values(1u, 2u), [](const auto& i) { return i.param == 1 ? "one" : "two"; });

// ---- coroutines

TEST_P(serving_calls, a_coroutine_answers_when_it_ends) {
  auto later = async(client).add_later(1);
  ASSERT_TRUE(eventually([&] { later.wait_for(1ms); return object.door.waiting() == 1; }));
  EXPECT_FALSE(later.ready());
  object.door.open(41);
  EXPECT_EQ(later.get(), 42);
}

TEST_P(serving_calls, a_coroutine_that_does_not_suspend_answers_at_once_with_keywords_and_defaults) {
  EXPECT_EQ(client.at_once("a text that is longer than any small string"), "a text that is longer than any small string");
  EXPECT_EQ(client.greet("Ann", std::nullopt), "hello Ann");
  proxy<> any{where, quiet_proxy()};
  EXPECT_EQ(any["greet"](kw("name", std::string("Bob")), kw("greeting", std::string("hi"))), value("hi Bob"));
  try {
    any["greet"]();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.TypeError");
  }
}

TEST_P(serving_calls, what_a_coroutine_throws_arrives_whenever_it_throws) {
  auto later = async(client).fail_later("late");
  ASSERT_TRUE(eventually([&] { later.wait_for(1ms); return object.door.waiting() == 1; }));
  object.door.open(0);
  try {
    later.get();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.ValueError");
    EXPECT_STREQ(e.what(), "late");
    EXPECT_NE(e.traceback().find("workshop.fail_later"), std::string::npos);
  }
  EXPECT_THROW(client.fail_at_once(), raised);
  EXPECT_EQ(client.quick("on"), "on");
}

TEST_P(serving_calls, our_own_callers_do_not_wait_for_the_coroutines_before_them) {
  std::vector<future<int>> suspended;
  for (int i = 0; i < 100; ++i) suspended.push_back(async(client).add_later(i));
  EXPECT_EQ(client.quick("first"), "first");
  ASSERT_TRUE(eventually([&] { return object.door.waiting() == 100; }));
  object.door.open(1000);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(suspended[static_cast<std::size_t>(i)].get(), 1000 + i);
}

TEST_P(serving_calls, pyros_callers_are_answered_in_order) {
  raw_peer peer(host);
  peer.greet("workshop");
  peer.say(call_frame("workshop", "add_later", "(1,)", 1) + call_frame("workshop", "quick", "('x',)", 2));
  ASSERT_TRUE(eventually([&] { return object.door.waiting() == 1; }));
  object.door.open(1);
  const auto first = peer.hear(), second = peer.hear();
  EXPECT_EQ(first->sequence, 1);
  EXPECT_EQ(first->body(), value(2));
  EXPECT_EQ(second->sequence, 2);
  EXPECT_EQ(second->body(), value("x"));
}

TEST_P(serving_calls, a_batch_waits_for_its_coroutines_one_by_one) {
  raw_peer peer(host);
  peer.greet("workshop");
  peer.say(call_frame("workshop", "<batch>", "[('quick',('a',),{}),('add_later',(1,),{}),('at_once',('b',),{}),('fail_at_once',(),{}),('quick',('c',),{})]",
                      1, "None", flag::batch));
  ASSERT_TRUE(eventually([&] { return object.door.waiting() == 1; }));
  EXPECT_EQ(client.quick("meanwhile"), "meanwhile");
  object.door.open(1);
  const value results = peer.hear()->body();
  const auto& list = *results.get_if<value::list>();
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0], value("a"));
  EXPECT_EQ(list[1], value(2));
  EXPECT_EQ(list[2], value("b"));
  EXPECT_EQ(*list[3].get_if<value::dict>()->find("__class__"), value("Pyro4.futures._ExceptionWrapper"));
}

TEST_P(serving_calls, a_caller_that_vanishes_does_not_disturb_a_suspended_call) {
  {
    raw_peer peer(host);
    peer.greet("workshop");
    peer.say(call_frame("workshop", "add_later", "(1,)", 1));
    ASSERT_TRUE(eventually([&] { return object.door.waiting() == 1; }));
    peer.reset();
  }
  {
    proxy<workshop> ours{where, quiet_proxy()};
    auto lost = async(ours).add_later(1);
    ASSERT_TRUE(eventually([&] { lost.wait_for(1ms); return object.door.waiting() == 2; }));
    release(ours);
  }
  object.door.open(1);
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
  EXPECT_EQ(client.quick("on"), "on");
}

// ---- side threads

TEST_P(serving_calls, a_blocking_method_leaves_its_core_to_others) {
  std::thread caller([&] { EXPECT_EQ(client.block(1), 43); });
  ASSERT_TRUE(eventually([&] { return object.door.waiting() == 1; }));
  proxy<workshop> other{where, quiet_proxy()};
  EXPECT_EQ(other.quick("meanwhile"), "meanwhile");
  EXPECT_TRUE(other.on_a_core());
  EXPECT_TRUE(other.aside());
  object.door.open(42);
  caller.join();
}

TEST_P(serving_calls, blocking_calls_of_one_connection_follow_each_other) {
  auto first = async(client).block(1), second = async(client).block(2);
  EXPECT_EQ(client.quick("not held up"), "not held up");
  ASSERT_TRUE(eventually([&] { return object.blocked == 1 && object.door.waiting() == 1; }));
  object.door.open(0);
  EXPECT_EQ(first.get(), 1);
  ASSERT_TRUE(eventually([&] { second.wait_for(1ms); return object.blocked == 2 && object.door.waiting() == 1; }));
  object.door.open(0);
  EXPECT_EQ(second.get(), 2);
}

TEST_P(serving_calls, a_blocking_method_may_make_synchronous_calls_even_to_its_own_object) {
  EXPECT_EQ(client.call_back(where.to_string()), 4);
}

TEST_P(serving_calls, oneway_calls_that_block_do_not_hold_up_pyros_connections) {
  raw_peer peer(host);
  peer.greet("workshop");
  for (std::uint16_t i = 0; i < 3; ++i) peer.say(call_frame("workshop", "block_oneway", "()", i, "{}", flag::oneway));
  peer.say(call_frame("workshop", "quick", "('x',)", 9));
  EXPECT_EQ(peer.hear()->body(), value("x"));
  ASSERT_TRUE(eventually([&] { return object.door.waiting() == 3; }));  // all at once, each on its thread
  object.door.open(0);
  EXPECT_TRUE(eventually([&] { return object.finished == 3; }));
}

TEST(serving_without_oneway_threads, a_oneway_call_that_blocks_is_finished_before_the_next) {
  auto options = on_loopback();
  options.settings->oneway_threaded = false;
  daemon host(options);
  workshop object;
  host.expose(object, "workshop");
  raw_peer peer(host);
  peer.greet("workshop");
  peer.say(call_frame("workshop", "block_oneway", "()", 1, "{}", flag::oneway) + call_frame("workshop", "quick", "('x',)", 2));
  ASSERT_TRUE(eventually([&] { return object.door.waiting() == 1; }));
  EXPECT_EQ(object.finished, 0);
  object.door.open(0);
  EXPECT_EQ(peer.hear()->body(), value("x"));
  EXPECT_EQ(object.finished, 1);
}

// ---- server type thread

daemon_options threaded(int most = 8) {
  auto options = on_loopback();
  options.settings->server_type = "thread";
  options.settings->threadpool_size = most;
  return options;
}

TEST(a_daemon_of_type_thread, runs_every_method_aside_but_coroutines) {
  daemon host(threaded());
  workshop object;
  proxy<workshop> client{host.expose(object, "workshop"), quiet_proxy()};
  EXPECT_FALSE(client.on_a_core());
  EXPECT_EQ(client.at_once("x"), "x");
  EXPECT_EQ(client.call_back(host.uri_for(object).to_string()), 4);
  proxy<> own{host.uri_for("Pyro.Daemon"), quiet_proxy()};
  own["ping"]();
}

TEST(a_daemon_of_type_thread, refuses_newcomers_while_every_thread_is_at_work) {
  daemon host(threaded(1));
  workshop object;
  const uri where = host.expose(object, "workshop");
  proxy<workshop> client{where, quiet_proxy()};
  auto held = async(client).block(1);
  ASSERT_TRUE(eventually([&] { held.wait_for(1ms); return object.door.waiting() == 1; }));
  proxy<workshop> late{where, quiet_proxy()};
  try {
    late.quick("x");
    FAIL();
  } catch (const communication_error& e) {
    EXPECT_NE(std::string(e.what()).find("no free workers, increase server threadpool size"), std::string::npos) << e.what();
  }
  object.door.open(1);
  EXPECT_EQ(held.get(), 2);
  // The thread is free a moment after its answer has left.
  EXPECT_TRUE(eventually([&] { return attempt(late).quick("x").has_value(); }));
}

TEST(a_daemon, refuses_server_types_that_do_not_exist) {
  auto options = on_loopback();
  options.settings->server_type = "forking";
  try {
    daemon host(options);
    FAIL();
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "invalid server type 'forking'");
  }
}

}  // namespace
}  // namespace engine::test
