// Blobs: encoded once, dispatched unread, read by whom they are for.
#include <engine/object/serialized_blob.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <codec/shape.hpp>
#include <engine/object/proxy_words.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

struct order {
  int number = 0;
  std::string what;
  std::vector<double> sizes;
  bool operator==(const order&) const = default;
};
ENGINE_SHAPE_AS(order, "shop.Order", number, what, sizes)

class listener {
  auto locked(auto look) {
    const std::scoped_lock lock(mutex);
    return look();
  }

 public:
  std::string process(serialized_blob blob) {
    const std::scoped_lock lock(mutex);
    if (losses > 0) throw connection_closed("lost " + std::to_string(losses--));  // ends the connection without an answer
    seen.push_back(blob.deserialized<order>());
    format = this_call().serializer();
    if (seen.back().number < 0) throw std::invalid_argument("negative");
    return blob.info().as<std::string>() + "!";
  }
  task<std::string> process_later(serialized_blob blob) { co_return process(blob); }
  int plain(int x) { return x; }
  // What the tests look at.
  std::vector<order> all_seen() { return locked([&] { return seen; }); }
  std::string seen_in() { return locked([&] { return format; }); }
  void forget_format() { locked([&] { return format.clear(), 0; }); }
  void lose(int times) { locked([&] { return losses = times; }); }

 private:
  std::mutex mutex;
  std::vector<order> seen;
  std::string format;
  int losses = 0;
};
ENGINE_EXPOSE(listener, process, process_later, plain)

class dispatcher_object {
 public:
  void join(std::string topic, proxy<listener> member) { members_[topic].push_back(std::move(member)); }
  int process(serialized_blob blob) {
    int told = 0;
    for (auto& m : members_[blob.info().as<std::string>()]) told += m.process(blob) == blob.info().as<std::string>() + "!";
    return told;
  }

 private:
  std::map<std::string, std::vector<proxy<listener>>> members_;
};
ENGINE_EXPOSE(dispatcher_object, join, process)
ENGINE_MARK(dispatcher_object, process, .blocking = true)

const order some{.number = 7, .what = "bicycles", .sizes = {52, 54.5}};

class blobs : public ::testing::TestWithParam<const char*> {
 protected:
  static daemon_options everything() {
    auto options = on_loopback();
    options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
    return options;
  }
  static proxy_options speaking(std::string format) {
    auto how = quiet_proxy();
    how.serializer = format;
    return how;
  }
  listener end;
  dispatcher_object between;
  daemon far{everything()}, host{everything()};
  uri end_at = far.expose(end, "listener");
  proxy<listener> direct{end_at, speaking(GetParam())};
  proxy<dispatcher_object> client{host.expose(between, "dispatcher"), speaking(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(formats, blobs, ::testing::Values("serpent", "json", "marshal", "msgpack", "pickle"),
                         [](const auto& i) { return std::string(i.param); });

TEST_P(blobs, arrive_with_their_info_and_are_read_on_demand) {
  EXPECT_EQ(direct.process(serialized_blob("topic", some)), "topic!");
  EXPECT_EQ(direct.process_later(serialized_blob("later", some)), "later!");
  proxy<> dynamic(end_at, speaking(GetParam()));
  EXPECT_EQ(dynamic["process"](serialized_blob("dynamic", some)), value("dynamic!"));
  EXPECT_EQ(end.all_seen(), (std::vector{some, some, some}));
  EXPECT_EQ(end.seen_in(), GetParam());
}

TEST_P(blobs, pass_through_a_dispatcher_in_the_format_of_their_sender) {
  for (const char* other : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    client.join(other, proxy<listener>(end_at, speaking(other)));
    end.forget_format();
    EXPECT_EQ(client.process(serialized_blob(other, some)), 1) << other;
    EXPECT_EQ(end.seen_in(), GetParam()) << "through a proxy that speaks " << other;
  }
  client.join("twice", direct);
  client.join("twice", direct);
  EXPECT_EQ(client.process(serialized_blob("twice", some)), 2);
  EXPECT_EQ(end.all_seen(), std::vector(7, some));
  EXPECT_EQ(client.process(serialized_blob("nobody", some)), 0);
}

TEST_P(blobs, bring_the_exception_back_and_leave_the_connection) {
  client.join("x", direct);
  EXPECT_THROW(client.process(serialized_blob("x", order{.number = -1, .what = {}, .sizes = {}})), raised);
  EXPECT_EQ(client.process(serialized_blob("x", some)), 1);
}

TEST_P(blobs, that_hold_something_else_are_refused_where_they_are_read) {
  try {
    direct.process(serialized_blob("topic", 5));
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.type(), "builtins.TypeError") << e.what();
  }
  EXPECT_EQ(direct.plain(3), 3);
}

TEST_P(blobs, are_for_methods_that_take_them_and_these_take_nothing_else) {
  proxy<> dynamic(end_at, speaking(GetParam()));
  const auto complaint = [&](auto call) {
    try {
      call();
    } catch (const error& e) {
      return e.type() + ": " + e.what();
    }
    return std::string("nothing");
  };
  EXPECT_EQ(complaint([&] { dynamic["plain"](serialized_blob("topic", 5)); }), "builtins.TypeError: listener.plain() takes no SerializedBlob");
  EXPECT_EQ(complaint([&] { dynamic["process"](5); }), "builtins.TypeError: this method takes a SerializedBlob and nothing else");
  EXPECT_EQ(dynamic["plain"](5), value(5));
}

TEST_P(blobs, are_sent_again_when_the_connection_was_lost) {
  set_max_retries(direct, 2);
  end.lose(2);
  EXPECT_EQ(direct.process(serialized_blob("again", some)), "again!");
  end.lose(2);
  EXPECT_EQ(async(direct).process(serialized_blob("again", some)).get(), "again!");
  EXPECT_EQ(end.all_seen(), std::vector(2, some));
}

TEST(a_blob, is_written_in_the_serializer_asked_for_and_not_in_the_one_two_of_our_own_prefer) {
  listener end;
  daemon far(on_loopback());
  proxy<listener> client(far.expose(end), quiet_proxy());
  EXPECT_EQ(client.process(serialized_blob("topic", some)), "topic!");
  EXPECT_EQ(end.seen_in(), "serpent");
  EXPECT_EQ(client.plain(1), 1);
}

TEST(a_blob, can_be_read_where_it_was_made) {
  const serialized_blob blob(value::list{1, "two"}, some);
  EXPECT_EQ(blob.info(), value(value::list{1, "two"}));
  EXPECT_EQ(blob.deserialized<order>(), some);
  EXPECT_EQ(blob.deserialized()["what"], "bicycles");
  EXPECT_THROW(blob.deserialized<int>(), bad_value);
  EXPECT_TRUE(serialized_blob().deserialized().is_none());
}

}  // namespace
}  // namespace engine::test
