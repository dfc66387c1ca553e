// Streams opened and awaited on a core's own thread, on every backend this machine has; and where they may not be taken.
#include <engine/core/cores.hpp>
#include <engine/object/proxy.hpp>

#include <gtest/gtest.h>
#include <tests/support/worlds.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

using testing_support::world;

class numbers {
 public:
  stream<int> count_to(int last) {
    struct counted {
      std::atomic<int>& n;
      explicit counted(std::atomic<int>& of) : n(of) { ++n; }
      counted(const counted&) = delete;
      counted& operator=(const counted&) = delete;
      ~counted() { --n; }
    };
    const counted here(open);
    for (int i = 1; i <= last; ++i) co_yield i;
  }
  stream<int> fail_after(int items) {
    for (int i = 0; i < items; ++i) co_yield i;
    throw raised("ValueError", {"broken"});
  }
  void break_up() { throw communication_error("trouble"); }
  std::atomic<int> open{0};
};
ENGINE_EXPOSE(numbers, count_to, fail_after, break_up)

std::string text_of(const std::exception_ptr& e) {
  try {
    std::rethrow_exception(e);
  } catch (const std::exception& what) {
    return what.what();
  }
}

/// Awaits a stream, then its items, at most `most`; the sum of them and how it ended, as text.
task<> add_up(future<stream<int>> opening, int most, promise<std::string> said) {
  long sum = 0;
  std::string how = "left";
  try {
    stream<int> items = co_await opening;
    for (int n = 0; n < most; ++n) {
      const std::optional<int> item = co_await items.next();
      if (!item) {
        how = "ended";
        break;
      }
      sum += *item;
    }
  } catch (...) {
    how = text_of(std::current_exception());
  }
  said.succeed(std::to_string(sum) + " " + how);
}

class core_streams : public testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    if (const std::string no = testing_support::refusal(GetParam()); !no.empty()) GTEST_SKIP() << no;
    cores_options o{.count = 2};
    o.each.spin = 0us;
    o.each.backend = GetParam() == world::uring ? backend_choice::uring : backend_choice::epoll;
    mine.emplace(o);
  }
  template <class F> std::string sum_of(F open, int most = 1'000'000) {
    promise<std::string> said;
    future<std::string> heard = said.get_future();
    mine->run_on(0, [&](core&) { spawn(add_up(open(), most, std::move(said))); });
    return heard.get();
  }
  /// A stream opened on core 0, for whoever wants it.
  stream<int> opened_on_a_core(int last) {
    promise<stream<int>> there;
    future<stream<int>> here = there.get_future();
    mine->run_on(0, [&](core&) { spawn(hand_over(async(*p).count_to(last), std::move(there))); });
    return here.get();
  }
  static task<> hand_over(future<stream<int>> opening, promise<stream<int>> there) {
    stream<int> items = co_await opening;
    there.succeed(std::move(items));
  }

  numbers object;
  daemon host{on_loopback()};
  uri where = host.expose(object, "numbers");
  std::optional<proxy<numbers>> p{std::in_place, where, quiet_proxy()};
  std::optional<cores> mine{};
};
INSTANTIATE_TEST_SUITE_P(Worlds, core_streams, testing_support::real_worlds, testing_support::world_name);

TEST_P(core_streams, bring_every_item_to_the_core_that_awaits_them) {
  EXPECT_EQ(sum_of([&] { return async(*p).count_to(10'000); }), "50005000 ended");
  EXPECT_EQ(sum_of([&] { return async(*p).count_to(0); }), "0 ended");
  EXPECT_EQ(host.connections(), 1u);
  EXPECT_TRUE(eventually([&] { return object.open == 0; }));
}

TEST_P(core_streams, throw_what_their_producer_throws_after_its_last_item) {
  EXPECT_EQ(sum_of([&] { return async(*p).fail_after(5); }), "10 broken");
  EXPECT_EQ(sum_of([&] { return async(*p).count_to(3); }), "6 ended");
}

TEST_P(core_streams, that_are_left_early_end_their_producer) {
  EXPECT_EQ(sum_of([&] { return async(*p).count_to(1'000'000); }, 10), "55 left");
  EXPECT_TRUE(eventually([&] { return object.open == 0; }));
}

TEST_P(core_streams, are_taken_where_they_were_opened_and_nowhere_else) {
  stream<int> of_a_core = opened_on_a_core(10);
  try {
    of_a_core.get();
    FAIL();
  } catch (const would_block& e) {
    EXPECT_STREQ(e.what(), "this stream was opened on a core: take its items there, with co_await next()");
  }
  stream<int> of_a_thread = p->count_to(10);
  EXPECT_EQ(of_a_thread.get(), 1);
  promise<stream<int>> there;
  future<stream<int>> moved = there.get_future();
  there.succeed(std::move(of_a_thread));
  EXPECT_EQ(sum_of([&] { return std::move(moved); }), "0 this stream was opened on a plain thread: take its items on one, not on a core");
  EXPECT_TRUE(eventually([&] { return object.open == 1; }));  // it was destroyed there, and told the daemon; the other one is still here
}

TEST_P(core_streams, may_be_destroyed_anywhere_even_after_their_core) {
  {
    stream<int> items = opened_on_a_core(1'000'000);
    EXPECT_EQ(object.open, 0);  // begins when it is asked
  }
  stream<int> outlives = opened_on_a_core(10);
  mine.reset();
}

TEST_P(core_streams, may_not_be_waited_for_on_their_core) {
  std::string said;
  promise<void> done;
  future<void> over = done.get_future();
  const auto wait_there = [](future<stream<int>> opening, std::string& text, promise<void> end) -> task<> {
    stream<int> items = co_await opening;
    try {
      items.get();
    } catch (const would_block& e) {
      text = e.what();
    }
    end.succeed();
  };
  mine->run_on(0, [&](core&) { spawn(wait_there(async(*p).count_to(10), said, std::move(done))); });
  over.get();
  EXPECT_EQ(said, "on a core's own thread the item would wait for itself: co_await next() there");
}

// A peer that says it is one of ours, and then gives windows as it likes.
TEST(hostile_streams, an_empty_window_that_is_not_the_last_is_refused) {
  silent_server server;
  std::jthread answering([&] {
    raw_peer peer(server.accept_one());
    const auto hello = peer.hear();
    ASSERT_TRUE(hello);
    message_options welcome{.type = message::connect_ok, .sequence = hello->sequence};
    welcome.annotations = {{"ENGN", std::string("\x01", 1)}};
    peer.say(frame_of("{'handshake': 'hello'}", welcome));
    const auto call = peer.hear();
    ASSERT_TRUE(call);
    message_options opened{.type = message::result, .flags = flag::item_stream, .sequence = call->sequence};
    opened.annotations = {{"STRM", "some-stream"}};
    peer.say(frame_of("None", opened));
    const auto asked = peer.hear();
    ASSERT_TRUE(asked);
    peer.say(frame_of("([],True)", {.type = message::result, .sequence = asked->sequence}));
    peer.hear();
  });
  auto options = quiet_proxy();
  options.settings->metadata = false;
  options.serializer = "serpent";
  proxy<numbers> client(server.uri("numbers"), options);
  auto items = client.count_to(10);
  try {
    items.get();
    FAIL();
  } catch (const error& e) {
    EXPECT_NE(std::string(e.what()).find("a window of a stream is empty, and not its last"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace engine::test
