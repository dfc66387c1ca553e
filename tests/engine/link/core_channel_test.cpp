// What a request on a core's connection has waited for when its time is up: the answer, or its own leaving. In the three worlds.
#include <optional>

#include <engine/link/core_channel.hpp>

#include "link_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// Never answered: keeps why.
struct reply final : awaited_reply {
  std::optional<channel_failure> answered(const frame&) override { return std::nullopt; }
  void failed(const channel_failure& f) override { text = f.text; }
  std::string text{};
};

const std::string more_than_fits(std::size_t{64} << 20, 'y');
constexpr std::chrono::milliseconds surely_leaves = 500ms;  // far more than passes until the next step of this thread

/// A client's channel to a server that accepts it and reads nothing.
class CoreChannel : public link_test {
 protected:
  void SetUp() override {
    link_test::SetUp();
    if (!client) return;
    near.emplace(*client, frame_limits{}, std::string());
    spawn(open());
    ASSERT_TRUE(until([&] { return opened && !arrived.empty(); }));
  }
  void TearDown() override {
    if (near) {
      spawn(read_to_the_end());
      server->io().close(arrived.front());
      EXPECT_TRUE(until([&] { return ended; }));
      near.reset();
    }
    link_test::TearDown();
  }
  task<> open() {
    task<int> opening = near->open(door->local(), time_point::max());
    const int error = co_await opening;
    opened = error == 0;
  }
  task<> read_to_the_end() {
    near->fail({.text = "over"});
    task<> reading = near->read_answers();
    co_await reading;
    ended = true;
  }
  void ask(reply& r, std::uint16_t sequence, std::string_view what, std::chrono::milliseconds limit = 30ms) {
    write_frame(near->outgoing(), message::invoke, sequence, what);
    near->expect(r, sequence, client->io().now() + limit);
  }
  std::string end_of(const reply& r) {
    EXPECT_TRUE(until([&] { return r.done(); }));
    return r.text;
  }

  std::optional<core_channel> near{};
  bool opened = false, ended = false;
};
INSTANTIATE_TEST_SUITE_P(Link, CoreChannel, all_worlds, world_name);

TEST_P(CoreChannel, says_that_it_was_the_answer_that_did_not_come) {
  near->let_requests_go();
  reply r;
  ask(r, 1, "hello", surely_leaves);
  EXPECT_EQ(end_of(r), "receiving: timeout");
}

TEST_P(CoreChannel, says_that_it_was_the_request_that_did_not_leave) {
  near->let_requests_go();
  reply asked, stuck, behind;
  ask(asked, 1, "hello", 1h);
  ask(stuck, 2, more_than_fits);
  ask(behind, 3, "hello?", 1h);
  EXPECT_EQ(end_of(stuck), "sending: timeout");
  EXPECT_EQ(end_of(asked), "receiving: connection lost: another call on it timed out");
  EXPECT_EQ(end_of(behind), "receiving: connection lost: another call on it timed out");
}

TEST_P(CoreChannel, says_so_of_what_is_behind_a_request_that_did_not_leave) {
  near->let_requests_go();
  reply stuck, behind;
  ask(stuck, 1, more_than_fits, 1h);
  ask(behind, 2, "hello?");
  EXPECT_EQ(end_of(behind), "sending: timeout");
}

TEST_P(CoreChannel, says_so_of_what_was_held_back_by_the_handshake_too) {
  write_frame(near->greeting(), message::connect, 0, "a greeting of more bytes than the requests behind it");
  reply asked, stuck;
  ask(asked, 1, "hello", 1h);
  ask(stuck, 2, more_than_fits);
  near->let_requests_go();
  EXPECT_EQ(end_of(stuck), "sending: timeout");
}

TEST_P(CoreChannel, knows_what_of_it_has_left_whatever_the_greeting_was) {
  write_frame(near->greeting(), message::connect, 0, "a greeting of more bytes than the request behind it");
  reply asked;
  ask(asked, 1, "hello", surely_leaves);
  near->let_requests_go();
  EXPECT_EQ(end_of(asked), "receiving: timeout");
}

TEST_P(CoreChannel, waits_for_the_answer_to_the_handshake_while_requests_are_held_back) {
  reply held_back;
  ask(held_back, 1, "hello");
  EXPECT_EQ(end_of(held_back), "receiving: timeout");
}

}  // namespace
}  // namespace engine
