// The simulation by itself, before it is asked anything hard: calls are answered in order, objects are called on their cores,
// a server that stops leaves nothing behind.
#include <gtest/gtest.h>

#include "caller.hpp"
#include "clerk.hpp"

namespace engine::simulation {
namespace {

caller::plan some_calls(std::size_t count, std::size_t window) {
  caller::plan p{.how = {.object = "clerk"}, .window = window};
  for (std::size_t i = 0; i < count; ++i)
    p.calls.push_back({.object = "clerk", .caller = 1, .number = static_cast<std::int64_t>(i + 1), .size = 10 + i});
  return p;
}

TEST(SimulatedWorld, answers_a_hundred_calls_in_order) {
  for (const std::size_t window : {1, 7, 100}) {
    world w({});
    ledger book;
    Clerk clerk(book, &w.server_core(0));
    w.host().objects.add({.id = "clerk", .object = &clerk, .table = &interface_of<Clerk>()}, false);
    w.listen();
    caller c(w, w.machine(0), some_calls(100, window));
    ASSERT_TRUE(w.run_until_idle());
    EXPECT_TRUE(c.over());
    EXPECT_FALSE(c.lost());
    EXPECT_EQ(c.answered(), 100u);
    EXPECT_EQ(c.complaints(), std::vector<std::string>{});
    EXPECT_EQ(book.ran[1].size(), 100u);
    EXPECT_EQ(w.server().connections(), 0u);
    EXPECT_FALSE(w.server().idle()) << "it still listens";
    w.stop();
    ASSERT_TRUE(w.run_until_idle());
    EXPECT_TRUE(w.at_rest());
  }
}

TEST(SimulatedWorld, calls_an_object_on_its_own_core) {
  world w({.server_cores = 3});
  ledger book;
  Clerk clerk(book, &w.server_core(2));
  w.host().objects.add({.id = "clerk", .object = &clerk, .table = &interface_of<Clerk>(), .home = 2}, false);
  w.listen();
  caller named(w, w.machine(0), some_calls(20, 5));
  caller::plan p = some_calls(20, 5);
  p.how.object = {};
  for (request& r : p.calls) r.caller = 2;
  caller nameless(w, w.machine(0), p);
  ASSERT_TRUE(w.run_until_idle());
  EXPECT_EQ(named.answered() + nameless.answered(), 40u);
  EXPECT_EQ(book.misplaced, 0u);
  w.stop();
  ASSERT_TRUE(w.run_until_idle());
}

}  // namespace
}  // namespace engine::simulation
