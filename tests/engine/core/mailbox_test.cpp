// Many senders, one receiver: everything arrives once, in each sender's order.
#include <engine/core/mailbox.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace engine {
namespace {

TEST(Mailbox, delivers_in_order_and_says_when_it_was_empty) {
  mailbox box;
  std::vector<int> seen;
  EXPECT_TRUE(box.put([&] { seen.push_back(1); }));
  EXPECT_FALSE(box.put([&] { seen.push_back(2); }));
  EXPECT_FALSE(box.empty());
  EXPECT_EQ(box.deliver(), 2u);
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_TRUE(box.empty());
}

TEST(Mailbox, leaves_what_is_put_during_delivery_for_the_next) {
  mailbox box;
  int ran = 0;
  box.put([&] {
    ++ran;
    box.put([&] { ++ran; });
  });
  EXPECT_EQ(box.deliver(), 1u);
  EXPECT_EQ(box.deliver(), 1u);
  EXPECT_EQ(ran, 2);
}

TEST(Mailbox, drops_what_was_never_delivered) {
  auto alive = std::make_shared<int>(1);
  {
    mailbox box;
    box.put([alive] {});
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(Mailbox, keeps_every_senders_order_under_contention) {
  constexpr int senders = 4, letters = 20'000;
  mailbox box;
  std::vector<int> last(senders, -1);
  int received = 0;
  std::vector<std::jthread> threads;
  for (int s = 0; s < senders; ++s)
    threads.emplace_back([&, s] {
      for (int i = 0; i < letters; ++i)
        box.put([&, s, i] {
          EXPECT_EQ(last[static_cast<std::size_t>(s)], i - 1);
          last[static_cast<std::size_t>(s)] = i;
          ++received;
        });
    });
  while (received < senders * letters)
    if (box.deliver() == 0) std::this_thread::yield();
  EXPECT_EQ(received, senders * letters);
}

}  // namespace
}  // namespace engine
