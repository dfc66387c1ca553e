// Batches from the caller's side: written as they are filled, sent at once, and each result, or error, in its own place.
#include <engine/object/batch.hpp>

#include <gtest/gtest.h>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine {

/// Cannot be sent, and says so in its own way, when half of it is written.
struct stubborn {};
template <> struct codec_of<stubborn> {
  template <class Writer> static void encode(Writer& out, const stubborn&) {
    out.begin(kind::dict, 2);
    out.string("half of it is written");
    throw std::logic_error("no");
  }
};

}  // namespace engine

namespace engine::test {
namespace {

/// The thing as somebody declares it who is wrong about some results.
class mistaken {
 public:
  int add(int, int) { return 0; }
  int text(std::string_view) { return 0; }
};
ENGINE_EXPOSE(mistaken, add, text)

/// … as somebody who does not care for them.
class indifferent {
 public:
  int add(int, int) { return 0; }
  void text(std::string_view) {}
};
ENGINE_EXPOSE(indifferent, add, text)

daemon_options accepting_everything() {
  auto options = on_loopback();
  options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
  return options;
}

class batches : public ::testing::Test {
 protected:
  thing object;
  daemon host{accepting_everything()};
  uri where = host.expose(object, "thing");
  proxy<thing> client{where, quiet_proxy()};
};

TEST_F(batches, bring_each_result_to_its_place) {
  batch many{client};
  auto sum = many.add(1, 2);
  auto text = many.text("a text that is longer than any small string");
  auto nothing = many.fire(5);
  auto size = many.measure(bytes(1000));
  EXPECT_EQ(calls_in(many), 4u);
  many.send();
  EXPECT_EQ(*sum, 3);
  EXPECT_EQ(text->size(), 43u);
  nothing.get();
  EXPECT_EQ(*size, 1000u);
  EXPECT_EQ(object.fired, 5);
  EXPECT_EQ(calls_in(many), 0u);
}

TEST_F(batches, end_at_the_first_error_which_belongs_to_its_call) {
  batch many{client};
  auto before = many.add(1, 2);
  auto failing = many.fail("ValueError", "broken");
  auto after = many.fire(1);
  many.send();
  EXPECT_EQ(*before, 3);
  try {
    failing.get();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.ValueError");
    EXPECT_STREQ(e.what(), "broken");
    EXPECT_NE(e.traceback().find("thing.fail"), std::string::npos);
  }
  try {
    after.get();
    FAIL();
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "this call was not executed: call 2 of the batch threw before it");
  }
  EXPECT_EQ(object.fired, 0);
}

TEST_F(batches, are_filled_again_after_they_were_sent) {
  batch many{client};
  for (int round = 0; round < 3; ++round) {
    auto sum = many.add(round, 1);
    EXPECT_THROW(sum.get(), error);  // not sent yet
    many.send();
    EXPECT_EQ(*sum, round + 1);
  }
  many.send();  // empty: nothing happens
}

TEST_F(batches, work_in_every_serializer) {
  for (const char* format : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    auto how = quiet_proxy();
    how.serializer = format;
    proxy<thing> p{where, how};
    batch many{p};
    auto sum = many.add(20, 22);
    auto text = many.text("x");
    auto dict = many.echo(value::dict{{"__class__", "mine"}, {"a", 1}});
    auto failing = many.fail("KeyError", "k");
    auto never = many.add(1, 1);
    many.send();
    EXPECT_EQ(*sum, 42) << format;
    EXPECT_EQ(*text, "x") << format;
    EXPECT_EQ(*dict.get().get_if<value::dict>()->find("a"), value(1)) << format;
    EXPECT_THROW(failing.get(), raised) << format;
    EXPECT_THROW(never.get(), error) << format;
  }
}

TEST_F(batches, of_dynamic_proxies_take_keywords) {
  proxy<> any{where, quiet_proxy()};
  batch many{any};
  auto sum = many["add"](1, 2);
  auto named = many["greet"](kw("name", std::string("Ann")), kw("greeting", std::string("hi")));
  many.send();
  EXPECT_EQ(*sum, value(3));
  EXPECT_EQ(*named, value("hi Ann"));
}

TEST_F(batches, fail_as_a_whole_where_a_name_is_private_or_unknown) {
  proxy<> any{where, quiet_proxy()};
  for (const char* name : {"_private", "nowhere"}) {
    batch many{any};
    auto sum = many["add"](1, 2);
    auto bad = many[name]();
    EXPECT_THROW(many.send(), raised) << name;
    EXPECT_THROW(sum.get(), raised) << name;
    EXPECT_THROW(bad.get(), raised) << name;
    auto again = many["add"](2, 2);
    many.send();
    EXPECT_EQ(*again, value(4));
  }
}

TEST_F(batches, without_answers_leave_their_places_empty) {
  batch many{client};
  auto sum = many.add(1, 2);
  for (int i = 0; i < 10; ++i) many.fire(1);
  many.send_oneway();
  EXPECT_THROW(sum.get(), error);
  EXPECT_TRUE(eventually([&] { return object.fired == 10; }));
  EXPECT_EQ(client.add(1, 2), 3);
}

TEST_F(batches, are_waited_for_by_a_future) {
  batch many{client};
  auto sum = many.add(1, 2);
  auto done = many.send_async();
  auto next = many.add(3, 4);  // the batch is free again at once
  auto others = async(client).add(5, 6);
  done.get();
  EXPECT_EQ(*sum, 3);
  many.send();
  EXPECT_EQ(*next, 7);
  EXPECT_EQ(others.get(), 11);
}

TEST_F(batches, whose_result_does_not_fit_its_type_lose_only_that_one) {
  for (const char* format : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    auto how = quiet_proxy();
    how.serializer = format;
    proxy<mistaken> p{where, how};
    batch many{p};
    auto before = many.add(1, 2);
    auto wrong = many.text("no number");
    auto after = many.add(3, 4);
    many.send();
    EXPECT_EQ(*before, 3) << format;
    EXPECT_THROW(wrong.get(), error) << format;
    EXPECT_EQ(*after, 7) << format;
  }
}

TEST_F(batches, that_cannot_be_sent_tell_every_place) {
  auto server = std::make_optional<silent_server>();
  auto how = quiet_proxy();
  how.timeout = 50ms;
  proxy<thing> p{uri(server->uri()), how};
  batch many{p};
  EXPECT_THROW(many.add(1, 2), unreachable);
  EXPECT_EQ(calls_in(many), 0u);
  batch lost{client};
  auto sum = lost.add(1, 2);
  host.close();
  EXPECT_THROW(lost.send(), unreachable);
  EXPECT_THROW(sum.get(), unreachable);
}

class receiver {
 public:
  int add(int, int) { return 0; }
  void fire(const stubborn&) {}
};
ENGINE_EXPOSE(receiver, add, fire)

TEST_F(batches, go_on_without_the_call_whose_argument_threw_while_it_was_written) {
  for (const char* format : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    auto how = quiet_proxy();
    how.serializer = format;
    proxy<> p{where, how};
    batch many{p};
    EXPECT_THROW(many["text"](stubborn{}), std::logic_error) << format;
    auto before = many["add"](1, 2);
    EXPECT_THROW(many["text"](stubborn{}), std::logic_error) << format;
    auto after = many["add"](3, 4);
    EXPECT_THROW(many["text"](stubborn{}), std::logic_error) << format;
    EXPECT_EQ(calls_in(many), 2u) << format;
    many.send();
    EXPECT_EQ(before->as<int>(), 3) << format;
    EXPECT_EQ(after->as<int>(), 7) << format;
  }
}

TEST_F(batches, of_typed_calls_go_on_without_it_too) {
  proxy<receiver> p{where, quiet_proxy()};
  batch many{p};
  for (const bool later_on : {false, true}) {
    auto before = many.add(1, 2);
    EXPECT_THROW(many.fire(stubborn{}), std::logic_error);
    auto after = many.add(3, 4);
    EXPECT_THROW(many.fire(stubborn{}), std::logic_error);
    EXPECT_EQ(calls_in(many), 2u);
    if (later_on) many.send_async().get();
    else many.send();
    EXPECT_EQ(*before, 3);
    EXPECT_EQ(*after, 7);
  }
}

TEST_F(batches, take_any_result_for_none_where_none_is_declared) {
  for (const char* format : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    auto how = quiet_proxy();
    how.serializer = format;
    proxy<indifferent> p{where, how};
    batch many{p};
    auto before = many.add(1, 2);
    auto nothing = many.text("a result");
    auto after = many.add(3, 4);
    many.send();
    EXPECT_EQ(*before, 3) << format;
    EXPECT_NO_THROW(nothing.get()) << format;
    EXPECT_EQ(*after, 7) << format;
  }
}

TEST_F(batches, lose_only_what_does_not_fit_wherever_its_place_lies) {
  auto how = quiet_proxy();
  how.serializer = "msgpack";
  proxy<mistaken> p{where, how};
  batch many{p};
  std::vector<later<int>> sums, wrong;
  for (int i = 0; i < 300; ++i) {
    sums.push_back(many.add(i, 1));
    if (i % 100 == 70) wrong.push_back(many.text("no number"));
  }
  many.send();
  for (int i = 0; i < 300; ++i) EXPECT_EQ(*sums[static_cast<std::size_t>(i)], i + 1);
  EXPECT_EQ(wrong.size(), 3u);
  for (const auto& each : wrong) EXPECT_THROW(each.get(), error);
}

TEST_F(batches, end_at_an_error_behind_more_results_than_a_block_holds) {
  batch many{client};
  std::vector<later<int>> sums;
  for (int i = 0; i < 150; ++i) sums.push_back(many.add(i, 1));
  auto failing = many.fail("ValueError", "broken");
  for (int i = 0; i < 150; ++i) sums.push_back(many.add(i, 1));
  many.send();
  for (int i = 0; i < 150; ++i) EXPECT_EQ(*sums[static_cast<std::size_t>(i)], i + 1);
  EXPECT_THROW(failing.get(), raised);
  for (std::size_t i = 150; i < 300; ++i) EXPECT_THROW(sums[i].get(), error);
}

TEST_F(batches, of_many_thousands_come_back_whole) {
  batch many{client};
  std::vector<later<int>> sums;
  for (int i = 0; i < 20'000; ++i) sums.push_back(many.add(i, 1));
  many.send();
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(*sums[static_cast<std::size_t>(i)], i + 1);
}

}  // namespace
}  // namespace engine::test
