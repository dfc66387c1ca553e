// Memory shared by two sides: bytes come out as they went in, whoever sleeps is woken, and what a hostile side may do to the memory ends the ring
// and nothing else. Both sides are in this process here; between processes see tests/engine/object/shared_memory_test.cpp.
#include <engine/io/shared_ring.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <future>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace engine {
namespace {

/// Two sides, and the memory again as a hostile side sees it.
struct two_sides {
  explicit two_sides(std::size_t room = shared_ring::room_least) {
    auto made = shared_ring::make(room);
    EXPECT_TRUE(made.has_value());
    mine.emplace(std::move(made->ring));
    auto other = shared_ring::open(made->memory);
    EXPECT_TRUE(other.has_value());
    theirs.emplace(std::move(*other));
    size = 4096 + 2 * mine->room();
    void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, made->memory, 0);
    EXPECT_NE(at, MAP_FAILED);
    memory = static_cast<std::byte*>(at);
    ::close(made->memory);
  }
  ~two_sides() { ::munmap(memory, size); }
  two_sides(const two_sides&) = delete;
  two_sides& operator=(const two_sides&) = delete;

  /// Where the second side says how much it has written, and read.
  std::uint64_t* written_there() { return reinterpret_cast<std::uint64_t*>(memory + 256); }
  std::uint64_t* read_there() { return reinterpret_cast<std::uint64_t*>(memory + 384); }

  std::optional<shared_ring> mine{}, theirs{};
  std::byte* memory = nullptr;
  std::size_t size = 0;
};

std::size_t say(shared_ring& ring, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};
  return ring.write(std::span(&part, 1));
}

/// Whether who waits for room would sleep.
bool sleeps_for_room(shared_ring& ring) {
  const bool sleeps = ring.announce_sleep(false, true);
  if (sleeps) ring.awake();
  return sleeps;
}

std::string hear(shared_ring& ring, std::size_t most = 1 << 20) {
  std::string text(most, '\0');
  text.resize(ring.read(std::as_writable_bytes(std::span(text))));
  return text;
}

TEST(SharedRing, carries_bytes_both_ways) {
  two_sides both;
  EXPECT_FALSE(both.mine->readable());
  EXPECT_EQ(say(*both.mine, "ping"), 4u);
  EXPECT_EQ(say(*both.theirs, "pong!"), 5u);
  EXPECT_TRUE(both.mine->readable());
  EXPECT_EQ(hear(*both.mine), "pong!");
  EXPECT_EQ(hear(*both.theirs), "ping");
  EXPECT_EQ(hear(*both.theirs), "");
  EXPECT_FALSE(both.mine->readable());
}

TEST(SharedRing, gives_what_there_is_in_portions) {
  two_sides both;
  say(*both.mine, "abcdef");
  EXPECT_EQ(hear(*both.theirs, 4), "abcd");
  EXPECT_TRUE(both.theirs->readable());
  EXPECT_EQ(hear(*both.theirs, 4), "ef");
}

TEST(SharedRing, takes_what_there_is_room_for) {
  two_sides both;
  const std::string much(10'000, 'x');
  EXPECT_EQ(say(*both.mine, much), 4096u);
  EXPECT_EQ(say(*both.mine, much), 0u);
  EXPECT_TRUE(sleeps_for_room(*both.mine));
  EXPECT_EQ(hear(*both.theirs, 100).size(), 100u);
  EXPECT_TRUE(sleeps_for_room(*both.mine)) << "a hundred bytes are not worth waking for";
  EXPECT_EQ(say(*both.mine, much), 100u) << "but they can be used";
  EXPECT_EQ(hear(*both.theirs).size(), 4096u);
  EXPECT_FALSE(sleeps_for_room(*both.mine));
}

TEST(SharedRing, is_as_large_as_the_next_power_of_two) {
  EXPECT_EQ(two_sides(5000).mine->room(), 8192u);
  EXPECT_EQ(two_sides(1).mine->room(), shared_ring::room_least);
}

TEST(SharedRing, joins_pieces_across_its_end) {
  two_sides both;
  std::string heard, said;
  for (int i = 0; i < 1000; ++i) {
    const std::string a(static_cast<std::size_t>(i * 7 % 300), static_cast<char>('a' + i % 26)), b = std::to_string(i);
    const std::array<iovec, 3> parts{iovec{const_cast<char*>(a.data()), a.size()}, iovec{nullptr, 0}, iovec{const_cast<char*>(b.data()), b.size()}};
    ASSERT_EQ(both.mine->write(parts), a.size() + b.size());
    said += a + b;
    heard += hear(*both.theirs, 311);
    while (both.theirs->readable()) heard += hear(*both.theirs, 311);
  }
  EXPECT_EQ(heard, said);
}

TEST(SharedRing, keeps_the_order_between_two_threads) {
  two_sides both(64 * 1024);
  constexpr std::size_t total = 40'000'000;
  const auto byte_at = [](std::size_t i) { return static_cast<std::byte>(i * 2654435761u >> 13); };
  auto writing = std::async(std::launch::async, [&] {
    std::vector<std::byte> piece;
    for (std::size_t at = 0, n = 1; at < total; n = n * 5 % 90'001 + 1) {
      piece.resize(std::min(n, total - at));
      for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = byte_at(at + i);
      for (std::size_t gone = 0; gone < piece.size();) {
        const iovec part{piece.data() + gone, piece.size() - gone};
        gone += both.mine->write(std::span(&part, 1));
      }
      at += piece.size();
    }
  });
  std::vector<std::byte> piece(50'000);
  std::size_t at = 0, wrong = 0;
  for (std::size_t n = 1; at < total; n = n * 3 % 49'999 + 1) {
    const std::size_t come = both.theirs->read(std::span(piece).first(n));
    for (std::size_t i = 0; i < come; ++i) wrong += piece[i] != byte_at(at + i);
    at += come;
  }
  writing.wait();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(at, total);
}

// ---- sleeping

TEST(SharedRing, wakes_who_waits_for_bytes_once) {
  two_sides both;
  say(*both.mine, "nobody sleeps");
  EXPECT_FALSE(both.mine->wakes_other());
  EXPECT_FALSE(both.theirs->announce_sleep(true, false)) << "there is something";
  hear(*both.theirs);
  EXPECT_TRUE(both.theirs->announce_sleep(true, false));
  EXPECT_FALSE(both.mine->wakes_other()) << "nothing has been written";
  say(*both.mine, "wake up");
  EXPECT_TRUE(both.mine->wakes_other());
  EXPECT_FALSE(both.mine->wakes_other()) << "it has been woken";
}

TEST(SharedRing, wakes_who_waits_for_room_when_it_is_worth_it) {
  two_sides both;
  say(*both.mine, std::string(4096, 'x'));
  EXPECT_TRUE(both.mine->announce_sleep(false, true));
  hear(*both.theirs, 1000);
  EXPECT_FALSE(both.theirs->wakes_other());
  hear(*both.theirs, 100);
  EXPECT_TRUE(both.theirs->wakes_other());
  EXPECT_FALSE(both.mine->announce_sleep(false, true)) << "there is room";
}

TEST(SharedRing, does_not_wake_for_what_is_not_waited_for) {
  two_sides both;
  say(*both.mine, std::string(4096, 'x'));
  EXPECT_TRUE(both.mine->announce_sleep(false, true));
  say(*both.theirs, "news");
  EXPECT_FALSE(both.theirs->wakes_other());
  both.mine->awake();
  hear(*both.theirs);
  EXPECT_FALSE(both.theirs->wakes_other()) << "it is awake";
}

TEST(SharedRing, keeps_two_waits_apart) {
  two_sides both;
  say(*both.mine, std::string(4096, 'x'));
  EXPECT_TRUE(both.mine->announce_sleep(true, false));
  EXPECT_TRUE(both.mine->announce_sleep(false, true)) << "another thread, for room";
  say(*both.theirs, "news");
  EXPECT_TRUE(both.theirs->wakes_other());
}

TEST(SharedRing, does_not_forget_who_sleeps_when_another_thread_need_not) {
  two_sides both;
  say(*both.mine, std::string(4096, 'x'));
  EXPECT_TRUE(both.mine->announce_sleep(true, true));
  hear(*both.theirs, 2000);  // and has not looked yet who sleeps
  EXPECT_FALSE(both.mine->announce_sleep(false, true)) << "another thread finds room";
  EXPECT_TRUE(both.theirs->wakes_other());
}

/// A side that sleeps in poll(2) whenever it may.
class sleeper {
 public:
  sleeper(shared_ring& ring, int mine, int theirs) : ring_(ring), mine_(mine), theirs_(theirs) {}
  std::string next() {
    for (;;) {
      std::string text = hear(ring_, 64);
      if (!text.empty()) return wake_other(), text;
      if (!ring_.announce_sleep(true, false)) continue;
      pollfd p{.fd = mine_, .events = POLLIN, .revents = 0};
      if (::poll(&p, 1, 10'000) != 1) return "overslept";
      ring_.awake();
      std::uint64_t count;
      [[maybe_unused]] const auto got = ::read(mine_, &count, sizeof count);
    }
  }
  void say_to_other(std::string_view text) {
    EXPECT_EQ(say(ring_, text), text.size());
    wake_other();
  }

 private:
  void wake_other() {
    const std::uint64_t one = 1;
    if (ring_.wakes_other()) [[maybe_unused]] const auto put = ::write(theirs_, &one, sizeof one);
  }
  shared_ring& ring_;
  int mine_, theirs_;
};

TEST(SharedRing, loses_no_wake_up) {
  two_sides both;
  const int a = ::eventfd(0, EFD_NONBLOCK), b = ::eventfd(0, EFD_NONBLOCK);
  constexpr int rounds = 20'000;
  auto echoing = std::async(std::launch::async, [&] {
    sleeper there(*both.theirs, b, a);
    for (int i = 0; i < rounds; ++i) there.say_to_other(there.next());
  });
  sleeper here(*both.mine, a, b);
  int answered = 0;
  for (int i = 0; i < rounds; ++i) {
    here.say_to_other("x");
    if (here.next() != "x") break;
    ++answered;
  }
  EXPECT_EQ(answered, rounds);
  echoing.wait();
  ::close(a);
  ::close(b);
}

// ---- a hostile side

TEST(SharedRing, is_broken_by_a_side_that_claims_to_have_written_more_than_there_is_room_for) {
  two_sides both;
  say(*both.theirs, "honest");
  *both.written_there() = 4097;
  EXPECT_EQ(hear(*both.mine), "");
  EXPECT_TRUE(both.mine->broken());
  EXPECT_EQ(say(*both.mine, "x"), 0u);
  EXPECT_FALSE(both.mine->announce_sleep(true, true)) << "nobody would wake it";
}

TEST(SharedRing, is_broken_by_a_side_that_takes_back_what_it_has_written) {
  two_sides both;
  say(*both.theirs, "honest");
  EXPECT_EQ(hear(*both.mine), "honest");
  *both.written_there() = 3;
  EXPECT_EQ(hear(*both.mine), "");
  EXPECT_TRUE(both.mine->broken());
}

TEST(SharedRing, is_broken_by_a_side_that_claims_to_have_read_what_was_never_written) {
  two_sides both;
  *both.read_there() = 1'000'000;
  EXPECT_EQ(say(*both.mine, "x"), 1u) << "there is room in any case";
  EXPECT_EQ(say(*both.mine, std::string(5000, 'x')), 0u);
  EXPECT_TRUE(both.mine->broken());
}

TEST(SharedRing, does_not_believe_the_memory_about_itself) {
  two_sides both;
  say(*both.mine, "first");
  std::memset(both.memory, 0xff, 256);  // what the first side has said
  EXPECT_EQ(say(*both.mine, " second"), 7u);
  EXPECT_EQ(hear(*both.theirs), "first second");
}

TEST(SharedRing, stays_within_its_bounds_whatever_the_other_side_says) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    two_sides both;
    std::vector<std::byte> into(6000);
    for (int step = 0; step < 8; ++step) {
      // Anything at all, or something near the truth.
      const std::uint64_t lie = random() % 2 == 0 ? random() : random() % 10'000;
      const std::uint64_t where = random() % 4;
      if (where == 0) *both.written_there() = lie;
      if (where == 1) *both.read_there() = lie;
      if (where == 2) both.written_there()[1] = lie;  // whether it sleeps
      const std::size_t come = both.mine->read(std::span(into).first(random() % 6000));
      ASSERT_LE(come, both.mine->room());
      ASSERT_LE(say(*both.mine, std::string(random() % 5000, 'x')), both.mine->room());
      both.mine->wakes_other();
      if (both.mine->announce_sleep(true, random() % 2 == 0)) both.mine->awake();
    }
  }
}

TEST(SharedRing, is_opened_only_in_memory_that_cannot_be_taken_away) {
  const auto refused = [](int memory) {
    const auto opened = shared_ring::open(memory);
    ::close(memory);
    return opened ? 0 : opened.error().code;
  };
  constexpr off_t size = 4096 + 2 * 4096;
  const auto memory_with = [](int seals, off_t bytes) {
    const int memory = ::memfd_create("test", MFD_ALLOW_SEALING);
    EXPECT_EQ(::ftruncate(memory, bytes), 0);
    EXPECT_EQ(::fcntl(memory, F_ADD_SEALS, seals), 0);
    return memory;
  };
  constexpr int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  EXPECT_EQ(refused(memory_with(all, size)), 0);
  EXPECT_EQ(refused(memory_with(F_SEAL_GROW | F_SEAL_SEAL, size)), EINVAL) << "it could shrink";
  EXPECT_EQ(refused(memory_with(all, size + 2)), EINVAL);
  EXPECT_EQ(refused(memory_with(all, 4096)), EINVAL);
  EXPECT_EQ(refused(memory_with(all, 0)), EINVAL);
  EXPECT_EQ(refused(memory_with(all, 4096 + 2 * 2048)), EINVAL) << "too small";
  EXPECT_EQ(refused(memory_with(all, 4096 + (off_t{256} << 20))), EINVAL) << "too large";
  EXPECT_EQ(refused(memory_with(all | F_SEAL_WRITE, size)), EPERM) << "as mmap(2) says";
  EXPECT_EQ(refused(::eventfd(0, 0)), EINVAL);
  const std::string path = ::testing::TempDir() + "shared_ring_test.file";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::ftruncate(file, size), 0);
  ::unlink(path.c_str());
  EXPECT_EQ(refused(file), EINVAL) << "what cannot be sealed can shrink";
  EXPECT_EQ(refused(::open("/dev/zero", O_RDWR)), EINVAL);
  EXPECT_EQ(shared_ring::open(-1).error().code, EINVAL);
}

TEST(SharedRing, is_offered_so_many_times_and_again_when_one_is_gone) {
  std::vector<shared_ring> all;
  for (std::size_t i = 0; i < shared_ring::made_most; ++i) {
    auto made = shared_ring::make(1);
    ASSERT_TRUE(made.has_value()) << i;
    ::close(made->memory);
    all.push_back(std::move(made->ring));
  }
  EXPECT_EQ(shared_ring::make(1).error().code, EDQUOT);
  all.pop_back();
  const auto again = shared_ring::make(1);
  ASSERT_TRUE(again.has_value());
  ::close(again->memory);
}

}  // namespace
}  // namespace engine
