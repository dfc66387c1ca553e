// What happens when something runs out, in the three worlds: receive buffers and descriptors. Whoever has to wait goes on once there
// is some again, and nobody else notices.
#include <algorithm>
#include <cerrno>

#include "../../support/full_table.hpp"
#include "backend_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

class BackendLimits : public backend_test {
 protected:
  /// `count` streams over a pool of four small buffers, each with a byte waiting and a receive that keeps what it gets.
  void starve(std::size_t count) {
    open(4, 256);
    s = connected();
    for (std::size_t i = 0; i < count; ++i) {
      streams.push_back(one_more(s));
      say(streams.back().first, "x");
    }
    for (const auto& [near, far] : streams) {
      recorded& receiving = operation();
      receiving.then = [this](int, slice data) { kept.push_back(std::move(data)); };
      receives.push_back(&receiving);
      io->receive(far, receiving.go());
    }
    ASSERT_TRUE(until([&] { return kept.size() == 4; }));
    rest(10ms);
  }
  std::size_t finished() const {
    return static_cast<std::size_t>(std::ranges::count_if(receives, [](const recorded* r) { return !r->outstanding; }));
  }
  void TearDown() override { kept.clear(); }

  stream s;
  std::vector<std::pair<descriptor, descriptor>> streams{};
  std::vector<recorded*> receives{};
  std::vector<slice> kept{};
};
INSTANTIATE_TEST_SUITE_P(Io, BackendLimits, all_worlds, world_name);

TEST_P(BackendLimits, receives_wait_for_a_free_buffer_and_go_on) {
  ASSERT_NO_FATAL_FAILURE(starve(10));
  EXPECT_EQ(finished(), 4u);
  EXPECT_EQ(pool->in_use(), 4u);
  EXPECT_GE(io->counters().starved, 6u);
  while (finished() < receives.size()) {
    const std::size_t before = finished();
    kept.erase(kept.begin());
    ASSERT_TRUE(until([&] { return finished() > before; }));
  }
  for (const recorded* r : receives) EXPECT_EQ(r->text, "x");
}

TEST_P(BackendLimits, starved_receives_go_on_for_a_core_that_only_polls) {
  ASSERT_NO_FATAL_FAILURE(starve(6));
  kept.clear();
  const auto start = std::chrono::steady_clock::now();
  while (finished() < receives.size()) {
    pass(time_point::min());
    if (simulated()) maker.network()->advance(10us);
    ASSERT_LT(std::chrono::steady_clock::now() - start, patience);
  }
}

TEST_P(BackendLimits, a_starved_receive_can_be_cancelled) {
  ASSERT_NO_FATAL_FAILURE(starve(5));
  const auto starving = *std::ranges::find_if(receives, [](const recorded* r) { return r->outstanding; });
  io->cancel(*starving);
  ASSERT_TRUE(finish(*starving));
  EXPECT_EQ(starving->results, std::vector{-ECANCELED});
}

TEST_P(BackendLimits, closing_a_starved_stream_ends_its_receive) {
  ASSERT_NO_FATAL_FAILURE(starve(5));
  const auto starving = std::ranges::find_if(receives, [](const recorded* r) { return r->outstanding; });
  io->close(streams[static_cast<std::size_t>(starving - receives.begin())].second);
  ASSERT_TRUE(finish(**starving));
  EXPECT_EQ((*starving)->results, std::vector{-ECANCELED});
}

TEST_P(BackendLimits, bodies_are_received_in_place_while_the_pool_is_empty) {
  ASSERT_NO_FATAL_FAILURE(starve(4));
  const auto [near, far] = one_more(s);
  say(near, "in place");
  std::vector<std::byte> room(8);
  recorded& receiving = operation();
  io->receive_into(far, room, receiving.go());
  ASSERT_TRUE(finish(receiving));
  EXPECT_EQ(receiving.last(), 8);
}

TEST_P(BackendLimits, no_buffer_is_lost) {
  open(4, 256);
  s = connected();
  const std::string text = pattern(50'000);
  for (int i = 0; i < 3; ++i) {
    recorded& sending = operation();
    const iovec parts[] = {part(text)};
    io->send(s.near, parts, sending.go());
    EXPECT_EQ(hear(s.far, text.size()), text);
    recorded& receiving = operation();
    io->receive(s.far, receiving.go());
    rest(1ms);
    io->cancel(receiving);
    ASSERT_TRUE(finish(receiving));
  }
  EXPECT_EQ(pool->in_use(), 0u);
}

/// No descriptor is left while it lives: by the process's limit, or by the network's word.
class full_table {
 public:
  explicit full_table(simulated_network* network) : network_(network) {
    if (network_) network_->set_faults({.accept_error = 1});
    else real_.emplace(2).fill();
  }
  ~full_table() { lift(); }
  full_table(const full_table&) = delete;
  full_table& operator=(const full_table&) = delete;
  void lift() {
    if (network_) network_->set_faults({});
    else real_.reset();
  }

 private:
  simulated_network* network_;
  std::optional<small_descriptor_table> real_{};
};

bool told(const recorded& op, int result) { return std::ranges::find(op.results, result) != op.results.end(); }

TEST_P(BackendLimits, a_full_descriptor_table_pauses_the_accept_and_nobody_else) {
  s = connected();
  io->cancel(*s.accepting);
  ASSERT_TRUE(finish(*s.accepting));
  const descriptor waiting = connect(io->local_address(s.listener));  // in the backlog
  ASSERT_GE(waiting, 0);
  recorded& accepting = operation();
  full_table full(maker.network());
  io->accept(s.listener, accepting.go());
  ASSERT_TRUE(until([&] { return told(accepting, -EMFILE); }));
  EXPECT_TRUE(accepting.outstanding) << "it goes on";
  say(s.near, "we are in already");
  EXPECT_EQ(hear(s.far, 17), "we are in already");
  rest(30ms);
  EXPECT_LE(accepting.results.size(), 2u) << "it pauses, and does not hammer";
  full.lift();
  ASSERT_TRUE(until([&] { return accepting.last() >= 0; }));
  say(waiting, "and now me");
  EXPECT_EQ(hear(accepting.last(), 10), "and now me");
}

TEST_P(BackendLimits, every_listener_goes_on_after_a_full_descriptor_table) {
  const socket_path path;
  const descriptor listeners[] = {listen(loopback()), listen(path.where())};
  for (const descriptor d : listeners) ASSERT_GE(connect(io->local_address(d)), 0);
  full_table full(maker.network());
  recorded* accepting[] = {&operation(), &operation()};
  for (int i = 0; i < 2; ++i) io->accept(listeners[i], accepting[i]->go());
  ASSERT_TRUE(until([&] { return told(*accepting[0], -EMFILE) && told(*accepting[1], -EMFILE); }));
  full.lift();
  EXPECT_TRUE(until([&] { return accepting[0]->last() >= 0 && accepting[1]->last() >= 0; }));
}

TEST_P(BackendLimits, a_paused_accept_can_be_cancelled) {
  const descriptor listener = listen(loopback());
  ASSERT_GE(connect(io->local_address(listener)), 0);
  full_table full(maker.network());
  recorded& accepting = operation();
  io->accept(listener, accepting.go());
  ASSERT_TRUE(until([&] { return told(accepting, -EMFILE); }));
  io->cancel(accepting);
  ASSERT_TRUE(finish(accepting));
  EXPECT_EQ(accepting.last(), -ECANCELED);
}

}  // namespace
}  // namespace engine
