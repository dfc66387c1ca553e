// Coroutines: lazy, awaited by value, exceptions and destruction included.
#include <engine/core/task.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace engine {
namespace {

struct gate {
  std::coroutine_handle<> waiting{};
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) { waiting = h; }
  void await_resume() const {}
  void open() { std::exchange(waiting, nullptr).resume(); }
};

task<int> add(int a, int b) { co_return a + b; }

task<std::string> describe(std::vector<std::string>& log) {
  log.push_back("started");
  task<int> sum = add(2, 3);
  const int result = co_await sum;
  co_return "sum " + std::to_string(result);
}

task<> collect(std::vector<std::string>& log) {
  task<std::string> text = describe(log);
  log.push_back("lazy");
  log.push_back(co_await text);
}

TEST(Task, starts_when_awaited_and_returns_its_value) {
  std::vector<std::string> log;
  spawn(collect(log));
  EXPECT_EQ(log, (std::vector<std::string>{"lazy", "started", "sum 5"}));
}

task<> fail() {
  throw std::runtime_error("broken");
  co_return;
}

task<> expect_failure(bool& caught) {
  task<> failing = fail();
  try {
    co_await failing;
  } catch (const std::runtime_error& e) {
    caught = std::string(e.what()) == "broken";
  }
}

TEST(Task, hands_its_exception_to_whoever_awaits_it) {
  bool caught = false;
  spawn(expect_failure(caught));
  EXPECT_TRUE(caught);
}

task<> pass(gate& g, std::shared_ptr<int> held, int& passed) {
  co_await g;
  passed += *held;
}

TEST(Task, resumes_where_it_was_suspended) {
  gate g;
  int passed = 0;
  spawn(pass(g, std::make_shared<int>(7), passed));
  EXPECT_EQ(passed, 0);
  g.open();
  EXPECT_EQ(passed, 7);
}

TEST(Task, destroyed_before_it_starts_frees_what_it_holds) {
  gate g;
  int passed = 0;
  auto held = std::make_shared<int>(7);
  { const task<> never = pass(g, held, passed); }
  EXPECT_EQ(held.use_count(), 1);
}

task<int> count_down(int n) {
  if (n == 0) co_return 0;
  task<int> next = count_down(n - 1);
  co_return 1 + co_await next;
}

#ifdef __SANITIZE_ADDRESS__
constexpr int deep_enough = 4'000;  // its frames are several times as large, and each task's end is inside of that of the one around it
#else
constexpr int deep_enough = 10'000;
#endif

task<> run_deep(int& result) {
  task<int> deep = count_down(deep_enough);
  result = co_await deep;
}

TEST(Task, chains_of_tasks_nest_deeply) {
  int result = 0;
  spawn(run_deep(result));
  EXPECT_EQ(result, deep_enough);
}

}  // namespace
}  // namespace engine
