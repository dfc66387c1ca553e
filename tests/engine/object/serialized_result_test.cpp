// Results that are encoded once, or pass through unread.
#include <engine/object/serialized_result.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <codec/shape.hpp>
#include <engine/object/batch.hpp>
#include <engine/object/core_calls.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

/// Counts how often it is encoded.
struct price_list {
  std::vector<double> prices;
};

std::atomic<int> times_encoded{0};

}  // namespace
}  // namespace engine::test

template <> struct engine::codec_of<engine::test::price_list> {
  static bool decode(reader& in, engine::test::price_list& out) { return engine::decode(in, out.prices); }
  static void encode(writer& out, const engine::test::price_list& p) {
    ++engine::test::times_encoded;
    engine::encode(out, p.prices);
  }
};

namespace engine::test {
namespace {

struct not_sendable {};

class catalogue {
 public:
  serialized_result all() { return all_; }
  std::vector<double> all_as_usual() { return {1.5, 2.5}; }
  serialized_result blob(std::int64_t size) { return serialized_result(bytes(static_cast<std::size_t>(size), std::byte{7})); }
  serialized_result nothing() { return {}; }
  task<serialized_result> later() { co_return all_; }
  serialized_result hopeless() { return serialized_result(value(value::dict{{value(value::list{}), value(1)}})); }
  value anything() { return value::list{value("text"), value(3)}; }

 private:
  serialized_result all_{price_list{{1.5, 2.5}}};
};
ENGINE_EXPOSE(catalogue, all, all_as_usual, blob, nothing, later, hopeless, anything)

class front {
 public:
  explicit front(uri worker, proxy_options how) : worker_(worker, std::move(how)) {}
  serialized_result ask(std::string what) { return worker_[what].raw(); }
  task<serialized_result> ask_on_a_core(std::string what) {
    auto answer = async(worker_)[what].raw();
    co_return co_await answer;
  }

 private:
  proxy<> worker_;
};
ENGINE_EXPOSE(front, ask, ask_on_a_core)
ENGINE_MARK(front, ask, .blocking = true)

settings every_serializer() {
  settings s = quiet_settings();
  s.serializers_accepted = {"serpent", "json", "marshal", "pickle", "msgpack"};
  return s;
}
proxy_options speaking(const std::string& name) {
  proxy_options o = quiet_proxy();
  o.serializer = name;
  return o;
}

class serialized_results : public testing::Test {
 protected:
  serialized_results() : server([] {
    daemon_options o = on_loopback();
    o.settings = every_serializer();
    return o;
  }()) {}
  catalogue shop;
  daemon server;
  uri where = server.expose(shop, "shop");
};

TEST_F(serialized_results, are_encoded_once_for_each_serializer_and_look_as_others_do) {
  times_encoded = 0;
  for (const char* name : {"serpent", "json", "marshal", "pickle", "msgpack"}) {
    proxy<> there(where, speaking(name));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(there["all"](), there["all_as_usual"]()) << name;
    EXPECT_EQ(there["later"](), there["all_as_usual"]()) << name;
    EXPECT_TRUE(there["nothing"]().is_none()) << name;
  }
  EXPECT_EQ(times_encoded, 5);
}

TEST_F(serialized_results, may_be_large) {
  proxy<> there(where, quiet_proxy());
  EXPECT_EQ(there["blob"](5'000'000).as<bytes>(), bytes(5'000'000, std::byte{7}));
}

TEST_F(serialized_results, pass_through_whoever_does_not_look_into_them) {
  front between(where, speaking("serpent"));
  proxy<> first(server.expose(between, "front", {.shared = true}), speaking("serpent"));
  times_encoded = 0;
  for (const char* how : {"ask", "ask_on_a_core"}) {
    EXPECT_EQ(first[how]("all").as<std::vector<double>>(), (std::vector<double>{1.5, 2.5})) << how;
    EXPECT_EQ(first[how]("anything"), (value::list{value("text"), value(3)})) << how;
  }
  EXPECT_EQ(times_encoded, 1);
  // A caller with another serializer gets it converted.
  proxy<> other(where, speaking("json"));
  EXPECT_EQ(proxy<>(server.uri_for("front"), speaking("json"))["ask"]("anything"), other["anything"]());
}

TEST_F(serialized_results, pass_failures_through_as_failures) {
  front between(where, speaking("serpent"));
  proxy<> first(server.expose(between, "front", {.shared = true}), speaking("serpent"));
  EXPECT_THROW(first["ask"]("unknown"), raised);
}

TEST_F(serialized_results, are_read_by_callers_who_kept_them) {
  proxy<> there(where, quiet_proxy());
  const serialized_result kept = there["all"].raw();
  EXPECT_EQ(kept.deserialized<std::vector<double>>(), (std::vector<double>{1.5, 2.5}));
  EXPECT_THROW(kept.deserialized<std::string>(), bad_value);
  EXPECT_TRUE(there["nothing"].raw().deserialized().is_none());
}

TEST_F(serialized_results, stand_in_batches_as_what_they_hold) {
  proxy<catalogue> there(where, quiet_proxy());
  batch many{there};
  auto first = many.all();
  auto second = many.all_as_usual();
  many.send();
  EXPECT_EQ(first.get().deserialized<std::vector<double>>(), second.get());
}

TEST_F(serialized_results, that_cannot_be_encoded_are_a_failure_of_the_call) {
  proxy<> there(where, speaking("json"));
  EXPECT_THROW(there["hopeless"](), error);
  EXPECT_EQ(there["all"]().as<std::vector<double>>().size(), 2u);
}

}  // namespace
}  // namespace engine::test
