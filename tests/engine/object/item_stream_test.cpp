// Streams between our own programs: items in windows, errors in the middle, early ends, and what is left behind.
#include <engine/object/item_stream.hpp>

#include <atomic>
#include <numeric>

#include <gtest/gtest.h>

#include <engine/object/dispatch.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

/// Counts itself: a producer's locals must not stay behind.
struct counted {
  explicit counted(std::atomic<int>& n) : n_(n) { ++n_; }
  ~counted() { --n_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  std::atomic<int>& n_;
};

class producer {
 public:
  stream<int> count_to(int last) {
    const counted here(alive);
    for (int i = 1; i <= last; ++i) {
      ++made;
      co_yield i;
    }
  }
  stream<std::string> fail_after(int items, std::string text) {
    for (int i = 0; i < items; ++i) co_yield "item";
    throw raised("ValueError", {text});
  }
  stream<int> squares() {
    std::vector<int> all{1, 4, 9};
    return stream_of(std::move(all));
  }
  task<stream<int>> later(int last) { co_return count_to(last); }
  stream<bytes> blocks(std::size_t count, std::size_t size) {
    for (std::size_t i = 0; i < count; ++i) co_yield bytes(size, static_cast<std::byte>(i));
  }
  std::vector<int> plain_list() { return {7, 8}; }
  stream<int> numbers() { return count_to(3); }

  std::atomic<int> alive{0}, made{0};
};
ENGINE_EXPOSE(producer, count_to, fail_after, squares, later, blocks, plain_list, numbers)
ENGINE_MARK(producer, numbers, .attribute = true)

/// The same interface as a caller may declare it: a list will do for a stream.
class expecting {
 public:
  stream<int> plain_list() { return {}; }
};
ENGINE_EXPOSE(expecting, plain_list)

class item_streams : public ::testing::Test {
 protected:
  producer object;
  daemon host{on_loopback()};
  uri where = host.expose(object, "producer");
  proxy<producer> client{where, quiet_proxy()};
};

TEST_F(item_streams, bring_every_item_in_order_and_end) {
  std::vector<int> got;
  for (const int i : client.count_to(10'000)) got.push_back(i);
  std::vector<int> wanted(10'000);
  std::iota(wanted.begin(), wanted.end(), 1);
  EXPECT_EQ(got, wanted);
  EXPECT_TRUE(eventually([&] { return object.alive == 0; }));
}

TEST_F(item_streams, may_be_empty_a_range_or_come_from_a_coroutine) {
  EXPECT_EQ(client.count_to(0).get(), std::nullopt);
  std::vector<int> got;
  for (const int i : client.squares()) got.push_back(i);
  EXPECT_EQ(got, (std::vector<int>{1, 4, 9}));
  got.clear();
  for (const int i : client.later(3)) got.push_back(i);
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
}

TEST_F(item_streams, may_be_the_value_of_an_attribute) {
  std::vector<int> got;
  for (const int i : client.numbers()) got.push_back(i);
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
  value::list dynamically;
  for (const value& v : proxy<>(where, quiet_proxy())["numbers"].get_stream()) dynamically.push_back(v);
  EXPECT_EQ(value(dynamically).as<std::vector<int>>(), got);
}

TEST_F(item_streams, are_told_from_values_by_callers_who_know_of_neither) {
  const proxy<> any(where, quiet_proxy());
  auto numbers = any["numbers"].get<value_or_stream>();
  ASSERT_TRUE(std::holds_alternative<stream<value>>(numbers));
  EXPECT_EQ(std::get<stream<value>>(numbers).get(), value(1));
  auto plain = any["plain_list"].call<value_or_stream>({}, {});
  ASSERT_TRUE(std::holds_alternative<value>(plain));
  EXPECT_EQ(std::get<value>(plain), value(value::list{7, 8}));
}

TEST_F(item_streams, a_list_will_do_for_one) {
  proxy<expecting> other{where, quiet_proxy()};
  std::vector<int> got;
  for (const int i : other.plain_list()) got.push_back(i);
  EXPECT_EQ(got, (std::vector<int>{7, 8}));
}

TEST_F(item_streams, throw_what_their_producer_throws_after_its_last_item) {
  auto items = client.fail_after(5, "broken");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(items.get(), "item");
  try {
    items.get();
    FAIL();
  } catch (const raised& e) {
    EXPECT_EQ(e.type(), "builtins.ValueError");
    EXPECT_STREQ(e.what(), "broken");
  }
  EXPECT_EQ(items.get(), std::nullopt);
  EXPECT_EQ(client.squares().get(), 1);  // the connection goes on
}

TEST_F(item_streams, that_are_left_early_end_their_producer_and_run_only_a_bounded_way_ahead) {
  {
    auto items = client.count_to(1'000'000);
    EXPECT_EQ(items.get(), 1);
    EXPECT_EQ(items.get(), 2);
    EXPECT_EQ(object.alive, 1);
  }
  EXPECT_TRUE(eventually([&] { return object.alive == 0; }));
  EXPECT_LT(object.made, 100);
}

TEST_F(item_streams, of_large_items_are_sent_few_at_a_time) {
  auto items = client.blocks(1000, 100'000);
  std::size_t sum = 0;
  for (int i = 0; i < 50; ++i) sum += items.get()->size();
  EXPECT_EQ(sum, 5'000'000u);
}

TEST_F(item_streams, several_at_once_on_one_connection_keep_apart) {
  auto a = client.count_to(2000), b = client.count_to(2000);
  for (int i = 1; i <= 2000; ++i) {
    EXPECT_EQ(a.get(), i);
    EXPECT_EQ(b.get(), i);
    if (i % 500 == 0) {
      EXPECT_EQ(client.squares().get(), 1);
    }
  }
}

TEST_F(item_streams, work_in_every_serializer_one_item_or_many_at_a_time) {
  auto options = on_loopback();
  options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
  daemon all(options);
  producer other;
  const uri there = all.expose(other, "producer");
  for (const char* format : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    auto how = quiet_proxy();
    how.serializer = format;
    proxy<producer> p{there, how};
    int sum = 0;
    for (const int i : p.count_to(100)) sum += i;
    EXPECT_EQ(sum, 5050) << format;
  }
}

TEST_F(item_streams, are_read_by_dynamic_callers) {
  proxy<> any{where, quiet_proxy()};
  std::int64_t sum = 0;
  for (const value& v : any["count_to"].stream(4)) sum += v.as<std::int64_t>();
  EXPECT_EQ(sum, 10);
  EXPECT_THROW(any["count_to"](4), protocol_error);  // who does not expect a stream is told
}

TEST_F(item_streams, end_with_their_proxy_but_not_with_its_connection) {
  auto items = client.count_to(1'000'000);
  EXPECT_EQ(items.get(), 1);
  release(client);
  int last = 1;
  try {
    while (const auto i = items.get()) last = *i;
    FAIL();
  } catch (const connection_closed&) {
  }
  EXPECT_LT(last, 10);
}

TEST(streams_of_a_daemon, are_refused_where_streaming_is_off) {
  auto options = on_loopback();
  options.settings->iter_streaming = false;
  daemon host(options);
  producer object;
  proxy<producer> client{host.expose(object), quiet_proxy()};
  try {
    static_cast<void>(client.count_to(3));
    FAIL();
  } catch (const protocol_error& e) {
    EXPECT_STREQ(e.what(), "result of call is an iterator, but the server is not configured to allow streaming");
  }
}

TEST(streams_of_a_daemon, cannot_be_results_in_a_batch) {
  daemon host(on_loopback());
  producer object;
  host.expose(object, "producer");
  raw_peer peer(host);
  peer.greet("producer");
  peer.say(call_frame("producer", "<batch>", "[('plain_list',(),{}),('squares',(),{})]", 1, "None", flag::batch));
  EXPECT_EQ(peer.hear()->exception().type, "builtins.TypeError");
}

// ---- as Pyro's clients see them

class raw_streams : public item_streams {
 protected:
  raw_streams() { peer.greet("producer"); }
  answer ask(const std::string& call) {
    peer.say(call);
    return peer.hear().value();
  }
  std::string open(std::string_view arguments = "(3,)") {
    const answer a = ask(call_frame("producer", "count_to", arguments));
    EXPECT_EQ(a.flags, flag::exception | flag::item_stream);
    EXPECT_FALSE(a.has("CORR"));
    EXPECT_EQ(a.exception().type, "Pyro4.errors.ProtocolError");
    EXPECT_EQ(a.exception().text(), "result of call is an iterator");
    return a.annotations.at("STRM");
  }
  answer next(const std::string& id) { return ask(call_frame("Pyro.Daemon", "get_next_stream_item", "['" + id + "']", 2)); }
  raw_peer peer{host};
};

TEST_F(raw_streams, are_named_by_a_uuid_and_end_with_stop_iteration) {
  const std::string id = open();
  EXPECT_EQ(id.size(), 36u);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(next(id).body(), value(i));
  EXPECT_EQ(next(id).exception().type, "builtins.StopIteration");
  EXPECT_EQ(next(id).exception().text(), "item stream terminated");
}

TEST_F(raw_streams, are_produced_only_as_far_as_they_are_read) {
  const std::string id = open("(1000,)");
  EXPECT_EQ(object.made, 0);
  next(id);
  EXPECT_EQ(object.made, 1);
}

TEST_F(raw_streams, are_closed_from_any_connection) {
  const std::string id = open("(1000,)");
  next(id);
  raw_peer other(host);
  other.greet("producer");
  other.say(call_frame("Pyro.Daemon", "close_stream", "['" + id + "']", 1, "{}", flag::oneway));
  EXPECT_TRUE(eventually([&] { return object.alive == 0; }));
  EXPECT_EQ(next(id).exception().text(), "item stream terminated");
}

TEST_F(raw_streams, linger_when_their_connection_ends_and_are_read_on_over_another) {
  const std::string id = open("(1000,)");
  next(id);
  peer.vanish();
  raw_peer other(host);
  other.greet("producer");
  other.say(call_frame("Pyro.Daemon", "get_next_stream_item", "['" + id + "']"));
  EXPECT_EQ(other.hear()->body(), value(2));
}

TEST(streams_of_a_daemon, go_with_their_connection_without_linger) {
  auto options = on_loopback();
  options.settings->iter_stream_linger = 0;
  daemon host(options);
  producer object;
  host.expose(object, "producer");
  proxy<producer> client{host.uri_for("producer"), quiet_proxy()};
  auto items = client.count_to(1'000'000);
  EXPECT_EQ(items.get(), 1);
  release(client);
  EXPECT_TRUE(eventually([&] { return object.alive == 0; }));
}

TEST(streams_of_a_daemon, are_forgotten_when_they_are_too_old_or_left_too_long) {
  for (const bool left : {false, true}) {
    auto options = on_loopback();
    options.settings->poll_timeout = 0.01;
    if (left) options.settings->iter_stream_linger = 0.05;
    else options.settings->iter_stream_lifetime = 0.05;
    daemon host(options);
    producer object;
    host.expose(object, "producer");
    proxy<producer> client{host.uri_for("producer"), quiet_proxy()};
    auto items = client.count_to(1'000'000);
    EXPECT_EQ(items.get(), 1);
    if (left) release(client);
    EXPECT_TRUE(eventually([&] { return object.alive == 0; })) << left;
  }
}

TEST(stream_tables, give_a_stream_to_one_reader_at_a_time) {
  stream_table table;
  const std::string id = table.add(std::make_unique<open_stream_of<int>>(stream_of(std::vector<int>{1})), 1, {});
  static_cast<void>(table.borrow(id, 1));
  EXPECT_THROW(static_cast<void>(table.borrow(id, 2)), error);
  table.put_back(id);
  EXPECT_EQ(table.borrow(id, 2).connection, 1u);
  table.forget(id);
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace engine::test
