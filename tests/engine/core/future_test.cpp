// A promise kept by another thread, waited for by a thread and awaited on a core.
#include <engine/core/cores.hpp>
#include <engine/core/future.hpp>
#include <engine/core/task.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

namespace engine {
namespace {

using namespace std::chrono_literals;

TEST(Future, gives_what_another_thread_promised) {
  promise<std::string> p;
  future<std::string> f = p.get_future();
  EXPECT_FALSE(f.ready());
  std::jthread other([&] { p.succeed("done"); });
  EXPECT_EQ(f.get(), "done");
  EXPECT_FALSE(f.valid());
}

TEST(Future, throws_what_the_producer_failed_with) {
  promise<int> p;
  future<int> f = p.get_future();
  p.fail(std::make_exception_ptr(std::out_of_range("too far")));
  EXPECT_TRUE(f.ready());
  EXPECT_THROW(f.get(), std::out_of_range);
}

TEST(Future, of_a_broken_promise_fails) {
  future<void> f;
  {
    promise<void> p;
    f = p.get_future();
  }
  EXPECT_THROW(f.get(), std::runtime_error);
}

TEST(Future, waits_no_longer_than_asked) {
  promise<int> p;
  future<int> f = p.get_future();
  EXPECT_FALSE(f.wait_for(5ms));
  p.succeed(3);
  EXPECT_TRUE(f.wait_for(0ms));
  EXPECT_EQ(f.get(), 3);
}

task<> await_on_core(future<int> f, promise<core*> where, int& seen) {
  seen = co_await f;
  where.succeed(core::current());
}

TEST(Future, awaited_on_a_core_resumes_on_that_core) {
  cores all({.count = 2});
  promise<int> p;
  promise<core*> resumed;
  future<core*> where = resumed.get_future();
  int seen = 0;
  all.run_on(1, [&](core&) { spawn(await_on_core(p.get_future(), std::move(resumed), seen)); });
  p.succeed(42);
  EXPECT_EQ(where.get(), &all[1]);
  EXPECT_EQ(seen, 42);
}

}  // namespace
}  // namespace engine
