// Which objects a daemon hosts: ids taken once unless forced, objects known by one id, order of registration kept.
#include <engine/object/registry.hpp>

#include <thread>

#include <gtest/gtest.h>

#include <engine/object/error.hpp>

namespace engine {
namespace {

std::string refusal(registry& r, const char* id, void* object) {
  try {
    r.add({.id = id, .object = object}, false);
    return "accepted";
  } catch (const daemon_error& e) {
    return e.what();
  }
}

int a, b;

TEST(registry, finds_what_was_added) {
  registry r;
  EXPECT_EQ(r.find("x"), nullptr);
  r.add({.id = "x", .object = &a, .home = 3}, false);
  ASSERT_NE(r.find("x"), nullptr);
  EXPECT_EQ(r.find("x")->object, &a);
  EXPECT_EQ(r.find("x")->home, 3u);
  EXPECT_EQ(r.id_of(&a), "x");
  EXPECT_EQ(r.id_of(&b), std::nullopt);
}

TEST(registry, an_id_is_taken_once_and_an_object_has_one) {
  registry r;
  r.add({.id = "x", .object = &a}, false);
  EXPECT_EQ(refusal(r, "x", &b), "an object or class is already registered with that id");
  EXPECT_EQ(refusal(r, "y", &a), "object or class already has a Pyro id");
  EXPECT_EQ(refusal(r, "y", &b), "accepted");
}

TEST(registry, force_replaces_and_the_replaced_object_has_no_id_any_more) {
  registry r;
  r.add({.id = "x", .object = &a}, false);
  r.add({.id = "x", .object = &b}, true);
  EXPECT_EQ(r.find("x")->object, &b);
  EXPECT_EQ(r.id_of(&a), std::nullopt);
  EXPECT_EQ(r.size(), 1u);
}

TEST(registry, force_gives_an_object_a_second_id_and_replacing_the_first_keeps_the_second) {
  registry r;
  r.add({.id = "x", .object = &a}, false);
  r.add({.id = "y", .object = &a}, true);
  EXPECT_EQ(r.id_of(&a), "y");
  r.add({.id = "x", .object = &b}, true);
  EXPECT_EQ(r.id_of(&a), "y");
  EXPECT_EQ(r.id_of(&b), "x");
}

TEST(registry, ids_come_in_order_of_registration) {
  registry r;
  int c = 0;
  r.add({.id = "z", .object = &a}, false);
  r.add({.id = "a", .object = &b}, false);
  r.add({.id = "m", .object = &c}, false);
  EXPECT_EQ(r.ids(), (std::vector<std::string>{"z", "a", "m"}));
  r.remove("a");
  EXPECT_EQ(r.ids(), (std::vector<std::string>{"z", "m"}));
}

TEST(registry, removing_works_by_id_and_by_object_and_forgives) {
  registry r;
  r.add({.id = "x", .object = &a}, false);
  r.add({.id = "y", .object = &b}, false);
  r.remove("x");
  r.remove("x");
  r.remove_object(&b);
  r.remove_object(&b);
  EXPECT_EQ(r.size(), 0u);
  EXPECT_EQ(r.id_of(&a), std::nullopt);
  EXPECT_EQ(refusal(r, "x", &a), "accepted");
}

TEST(registry, every_change_has_a_new_version) {
  registry r;
  const auto first = r.version();
  r.add({.id = "x", .object = &a}, false);
  const auto second = r.version();
  EXPECT_GT(second, first);
  r.remove("nobody");
  EXPECT_EQ(r.version(), second);
  r.remove("x");
  EXPECT_GT(r.version(), second);
}

TEST(registry, an_owner_lives_while_somebody_holds_the_entry) {
  registry r;
  auto shared = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = shared;
  r.add({.id = "x", .object = shared.get(), .owner = shared}, false);
  shared.reset();
  auto held = r.find("x");
  r.remove("x");
  EXPECT_FALSE(watch.expired());
  held.reset();
  EXPECT_TRUE(watch.expired());
}

TEST(registry, is_used_by_many_threads_at_once) {
  registry r;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&r, t] {
      int mine = 0;
      const std::string id = "id" + std::to_string(t);
      for (int i = 0; i < 1000; ++i) {
        r.add({.id = id, .object = &mine}, false);
        EXPECT_EQ(r.find(id)->object, &mine);
        r.remove(id);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(r.size(), 0u);
}

}  // namespace
}  // namespace engine
