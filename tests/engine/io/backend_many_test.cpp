// Many streams waiting at once, in the three worlds: a backend may watch them otherwise than a few (io_uring polls them), which nobody
// must notice.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "backend_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

class BackendMany : public backend_test {
 protected:
  static constexpr std::size_t count = 40, buffer = 256;
  void SetUp() override {
    backend_test::SetUp();
    if (IsSkipped()) return;
    open(16, buffer);
    s = connected();
    for (std::size_t i = 0; i < count; ++i) {
      streams.push_back(one_more(s));
      receives.push_back(&operation());
    }
    for (std::size_t i = 0; i < count; ++i) listen_again(i);
    rest(5ms);
  }
  void TearDown() override { kept.clear(); }

  descriptor near(std::size_t i) const { return streams[i].first; }
  descriptor far(std::size_t i) const { return streams[i].second; }
  void listen_again(std::size_t i) { io->receive(far(i), receives[i]->go()); }
  bool all_finished() {
    return until([this] { return std::ranges::none_of(receives, [](const recorded* r) { return r->outstanding; }); });
  }

  stream s;
  std::vector<std::pair<descriptor, descriptor>> streams{};
  std::vector<recorded*> receives{};
  std::vector<slice> kept{};
};
INSTANTIATE_TEST_SUITE_P(Io, BackendMany, all_worlds, world_name);

class RealBackendMany : public BackendMany {};
INSTANTIATE_TEST_SUITE_P(Io, RealBackendMany, real_worlds, world_name);

TEST_P(RealBackendMany, streams_show_an_end_that_came_together_with_the_last_bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(::send(near(i), "last", 4, 0), 4);
    if (i % 2 == 0) io->close(near(i));
    else io->shutdown(near(i));
  }
  ASSERT_TRUE(all_finished());
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(receives[i]->text, "last");
    listen_again(i);
  }
  ASSERT_TRUE(all_finished());
  for (const recorded* r : receives) EXPECT_EQ(r->last(), 0);
}

TEST_P(BackendMany, streams_get_what_is_theirs_again_and_again) {
  std::vector<std::string> expected(count);
  for (int round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string text = std::to_string(round) + "/" + std::to_string(i) + " ";
      expected[i] += text;
      say(near(i), text);
    }
    ASSERT_TRUE(all_finished());
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(receives[i]->text, expected[i]);
      listen_again(i);
    }
    if (round % 2 == 0) rest(2ms);
  }
}

TEST_P(BackendMany, streams_bring_more_than_a_buffer_holds_in_order) {
  const std::string text = pattern(10 * buffer + 7);
  for (std::size_t i = 0; i < count; ++i) say(near(i), text);
  ASSERT_TRUE(all_finished());
  for (std::size_t i = 0; i < count; ++i) {
    while (receives[i]->text.size() < text.size()) {
      listen_again(i);
      ASSERT_TRUE(finish(*receives[i]));
    }
    EXPECT_EQ(receives[i]->text, text);
  }
}

TEST_P(BackendMany, streams_take_what_came_before_they_were_asked) {
  say(near(3), "one");
  ASSERT_TRUE(finish(*receives[3]));
  say(near(3), "two");
  rest(2ms);
  listen_again(3);
  ASSERT_TRUE(finish(*receives[3]));
  EXPECT_EQ(receives[3]->text, "onetwo");
}

TEST_P(BackendMany, streams_show_their_end) {
  say(near(0), "last");
  io->close(near(0));
  ASSERT_TRUE(finish(*receives[0]));
  EXPECT_EQ(receives[0]->text, "last");
  EXPECT_EQ(ending(far(0)), 0);
  io->close(near(1));
  ASSERT_TRUE(finish(*receives[1]));
  EXPECT_EQ(receives[1]->last(), 0);
}

TEST_P(BackendMany, streams_that_are_closed_end_for_the_peer_and_leave_their_number_to_others) {
  for (std::size_t i = 0; i < count; i += 2) {
    io->close(far(i));
    ASSERT_TRUE(finish(*receives[i]));
    EXPECT_EQ(receives[i]->last(), -ECANCELED);
    EXPECT_EQ(ending(near(i)), 0);
    io->close(near(i));
  }
  for (std::size_t i = 0; i < count; i += 2) {
    streams[i] = one_more(s);
    receives[i] = &operation();
    listen_again(i);
  }
  for (std::size_t i = 0; i < count; ++i) say(near(i), "still");
  ASSERT_TRUE(all_finished());
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(receives[i]->text, "still");
}

TEST_P(BackendMany, streams_close_while_nothing_is_asked_of_them) {
  say(near(5), "x");
  ASSERT_TRUE(finish(*receives[5]));
  io->close(far(5));
  EXPECT_EQ(ending(near(5)), 0);
}

TEST_P(BackendMany, receives_are_cancelled_and_begun_anew) {
  io->cancel(*receives[7]);
  ASSERT_TRUE(finish(*receives[7]));
  EXPECT_EQ(receives[7]->last(), -ECANCELED);
  say(near(7), "later");
  listen_again(7);
  ASSERT_TRUE(finish(*receives[7]));
  EXPECT_EQ(receives[7]->text, "later");
}

TEST_P(BackendMany, streams_are_received_in_place_in_between) {
  say(near(9), "head");
  ASSERT_TRUE(finish(*receives[9]));
  std::vector<std::byte> room(64);
  recorded& body = operation();
  io->receive_into(far(9), room, body.go());
  rest(1ms);
  say(near(9), std::string(64, 'b'));
  finish_or_cancel(body);
  EXPECT_EQ(body.last(), 64);
  say(near(9), "tail");
  listen_again(9);
  ASSERT_TRUE(finish(*receives[9]));
  EXPECT_EQ(receives[9]->text, "headtail");
}

TEST_P(BackendMany, streams_wait_for_buffers_that_others_keep) {
  for (recorded* r : receives) r->then = [this](int, slice data) { kept.push_back(std::move(data)); };
  for (std::size_t i = 0; i < count; ++i) say(near(i), "k");
  while (std::ranges::any_of(receives, [](const recorded* r) { return r->outstanding; })) {
    ASSERT_TRUE(until([&] { return !kept.empty(); }));
    rest(1ms);
    kept.erase(kept.begin());
  }
  for (const recorded* r : receives) EXPECT_EQ(r->text, "k");
}

TEST_P(BackendMany, streams_are_let_go_while_nothing_is_asked_of_them) {
  say(near(2), "x");
  ASSERT_TRUE(finish(*receives[2]));
  io->let_go(far(2));
  say(near(2), "y");
  rest(2ms);
  listen_again(2);  // as another core would
  ASSERT_TRUE(finish(*receives[2]));
  EXPECT_EQ(receives[2]->text, "xy");
}

}  // namespace
}  // namespace engine
