// Calls that their callers do not want any more: what a running method hears of it, and that nothing else changes.
#include <engine/object/cancellation.hpp>

#include <condition_variable>
#include <stop_token>

#include <gtest/gtest.h>

#include <engine/object/batch.hpp>
#include <engine/object/proxy_words.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

class worker {
 public:
  /// Waits until it is told to stop.
  std::string wait() {
    const std::stop_token stop = this_call().stop_token();
    std::unique_lock lock(mutex_);
    ++waiting;
    changed_.wait_for(lock, stop, 20s, [] { return false; });
    ++left;
    return this_call().cancelled() ? "stopped" : "finished";
  }
  task<std::string> wait_suspended() {
    auto& call = this_call();
    promise<void> told;
    auto stopped = told.get_future();
    const std::stop_callback hears(call.stop_token(), [&] { told.succeed(); });
    ++waiting;
    co_await stopped;
    ++left;
    co_return call.cancelled() ? "stopped" : "finished";
  }
  int until_too_late() {
    int looks = 0;
    while (!this_call().cancelled()) {
      ++looks;
      std::this_thread::sleep_for(1ms);
    }
    ++left;
    return looks;
  }
  bool plain() { return this_call().cancelled() || this_call().stop_token().stop_possible(); }

  std::atomic<int> waiting{0}, left{0};

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
};
ENGINE_EXPOSE(worker, wait, wait_suspended, until_too_late, plain)
ENGINE_MARK(worker, wait, .blocking = true)
ENGINE_MARK(worker, until_too_late, .blocking = true)

/// Cancels from a core.
class boss {
 public:
  task<std::string> hire(proxy<worker> w) {
    auto working = async(w).wait_suspended();
    auto ready = async(w).plain();
    co_await ready;  // so the other has begun
    working.cancel();
    co_return co_await working;
  }
  task<std::string> hire_and_fire(proxy<worker> w) {
    auto working = async(w).wait_suspended();
    working.cancel();  // while the core still connects
    co_return co_await working;
  }
};
ENGINE_EXPOSE(boss, hire, hire_and_fire)

class cancelling : public ::testing::TestWithParam<unsigned> {
 protected:
  worker object;
  daemon host{on_loopback(GetParam())};
  uri where = host.expose(object, "worker");
  proxy<worker> client{where, quiet_proxy()};
};
INSTANTIATE_TEST_SUITE_P(cores, cancelling, ::testing::Values(1u, 2u));

TEST_P(cancelling, stops_a_method_that_blocks) {
  auto working = async(client).wait();
  EXPECT_FALSE(working.wait_for(1ms));
  EXPECT_TRUE(eventually([&] { return object.waiting == 1; }));
  working.cancel();
  EXPECT_EQ(working.get(), "stopped");
}

TEST_P(cancelling, stops_a_coroutine) {
  auto working = async(client).wait_suspended();
  EXPECT_FALSE(working.wait_for(1ms));
  EXPECT_TRUE(eventually([&] { return object.waiting == 1; }));
  working.cancel();
  EXPECT_EQ(working.get(), "stopped");
}

TEST_P(cancelling, stops_the_one_call_that_is_meant) {
  auto first = async(client).wait_suspended(), second = async(client).wait_suspended();
  EXPECT_FALSE(first.wait_for(1ms));
  EXPECT_TRUE(eventually([&] { return object.waiting == 2; }));
  second.cancel();
  EXPECT_EQ(second.get(), "stopped");
  EXPECT_FALSE(first.wait_for(20ms));
  first.cancel();
  first.cancel();
  EXPECT_EQ(first.get(), "stopped");
}

TEST_P(cancelling, before_the_request_has_left_and_after_the_answer_has_come_does_no_harm) {
  auto early = async(client).wait();
  early.cancel();
  EXPECT_EQ(early.get(), "stopped");
  auto done = async(client).plain();
  done.wait();
  done.cancel();
  EXPECT_FALSE(done.get()) << "a method that runs to its end at once cannot be told";
  future<int> empty;
  empty.cancel();
}

TEST_P(cancelling, works_on_a_core) {
  boss object2;
  daemon other(on_loopback());
  proxy<boss> p(other.expose(object2), quiet_proxy());
  EXPECT_EQ(p.hire_and_fire(client), "stopped");
  EXPECT_EQ(p.hire(client), "stopped");
}

TEST_P(cancelling, happens_by_itself_when_the_connection_ends) {
  auto working = async(client).wait(), other = async(client).wait_suspended();
  EXPECT_FALSE(working.wait_for(1ms));
  EXPECT_TRUE(eventually([&] { return object.waiting == 2; }));
  release(client);
  EXPECT_THROW(working.get(), connection_closed);
  EXPECT_TRUE(eventually([&] { return object.left == 2; }));
}

TEST_P(cancelling, happens_by_itself_when_the_deadline_is_over) {
  const auto tried = attempt(within(100ms, client)).until_too_late();  // either side may find first that it is too late
  EXPECT_TRUE(tried || tried.error().is<timed_out>());
  EXPECT_TRUE(eventually([&] { return object.left == 1; }));
}

TEST_P(cancelling, is_not_told_to_pythons_clients_server) {
  // A client that has not said it is one of ours gets its PONG, whatever the PING says beside.
  raw_peer peer(host);
  peer.say(connect_frame("worker"));
  ASSERT_TRUE(peer.hear());
  peer.say(frame_of("ping", {.type = message::ping, .serializer = 42, .annotations = {{"ENGC", std::string("\0\1", 2)}}}));
  const auto pong = peer.hear();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->type, message::ping);
}

}  // namespace
}  // namespace engine::test
