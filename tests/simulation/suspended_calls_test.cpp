// Coroutines on both sides, under faults: proxies on the client machines' cores call methods that suspend, read streams, give calls up and
// run out of time. Every call ends once, with its own answer or a reason, and runs once if it is answered, at most once if not; nothing of
// it stays behind; the same seed tells the same story.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <engine/object/batch.hpp>
#include <engine/object/core_calls.hpp>
#include <engine/object/daemon_object.hpp>
#include <engine/object/proxy.hpp>

#include "../support/seeds.hpp"
#include "awaitable.hpp"
#include "world.hpp"

namespace engine::simulation {
namespace {

using testing_support::seed_scope;
using testing_support::seeds;

struct counts {
  int alive = 0;                      ///< methods and streams that have begun and not ended
  std::map<std::int64_t, int> ran{};  ///< how often what was asked under each number began
  int given_up = 0;
};
struct presence {
  presence(counts& c, std::int64_t number) : of(c) {
    ++of.alive;
    ++of.ran[number];
  }
  ~presence() { --of.alive; }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  counts& of;
};

class Desk {
 public:
  explicit Desk(counts& c) : counts_(c) {}
  /// Answers after so many milliseconds, or sooner when nobody waits any more.
  task<std::int64_t> wait(std::int64_t number, int milliseconds) {
    const presence here(counts_, number);
    call_context& call = this_call();
    for (int i = 0; i < milliseconds && !call.cancelled(); ++i) {
      sleeping a_while(*core::current(), core::current()->io().now() + 1ms);
      co_await a_while;
    }
    counts_.given_up += call.cancelled() ? 1 : 0;
    co_return number;
  }
  stream<std::int64_t> count(std::int64_t from, std::int64_t count, bool slowly) {
    const presence here(counts_, from);
    for (std::int64_t i = from; i < from + count; ++i) {
      if (slowly && i % 16 == 0) {
        sleeping a_while(*core::current(), core::current()->io().now() + 3ms);
        co_await a_while;
      }
      co_yield i;
    }
  }
  std::int64_t add(std::int64_t a, std::int64_t b) {
    const presence here(counts_, a);
    return a + b;
  }

 private:
  counts& counts_;
};
ENGINE_EXPOSE(Desk, wait, count, add)

/// What a client has seen.
struct outcome {
  int right = 0, wrong = 0, unreachable = 0, late = 0, left_early = 0, told_too_late = 0;
  int all() const { return right + wrong + unreachable + late + left_early + told_too_late; }
};

proxy_options simulated_options() {
  proxy_options o;
  o.settings = settings::defaults();
  o.timeout = 60s;
  return o;
}

class client {
 public:
  client(world& w, core& home, const std::string& object, std::uint64_t seed, int calls)
      : home_(home), random_(seed), there_(uri("PYRO:" + object + "@" + w.where().to_string()), simulated_options()), calls_(calls) {
    home_.post([this] { spawn(live()); });
  }
  bool over() const { return over_; }
  const outcome& seen() const { return seen_; }
  int intended() const { return calls_; }
  /// Every call under its number, which no other has: whether it was answered.
  const std::map<std::int64_t, bool>& asked() const { return asked_; }

 private:
  task<> live() {
    while (seen_.all() < calls_) {
      task<> next = one();
      co_await next;
      if (seen_.unreachable > 0 && random_.chance(0.5)) {
        sleeping a_while(home_, home_.io().now() + 5ms);
        co_await a_while;
      }
    }
    there_ = {};  // here, where its connection is
    over_ = true;
  }

  task<> one() {
    std::exception_ptr failed;
    try {
      const std::uint64_t kind = random_.below(5);
      hurried_ = kind == 2;
      switch (kind) {
        case 0: {
          task<> doing = several();
          co_await doing;
          break;
        }
        case 1: {
          task<> doing = read_stream();
          co_await doing;
          break;
        }
        case 2: {
          task<> doing = in_a_hurry();
          co_await doing;
          break;
        }
        case 3: {
          task<> doing = give_up();
          co_await doing;
          break;
        }
        default: {
          task<> doing = in_a_batch();
          co_await doing;
        }
      }
    } catch (...) {
      failed = std::current_exception();
    }
    if (failed) note(failed);
  }

  void note(std::exception_ptr e) {
    try {
      std::rethrow_exception(e);
    } catch (const timed_out&) {
      ++(hurried_ ? seen_.late : seen_.wrong);  // a minute is never over here
    } catch (const unreachable&) {
      ++seen_.unreachable;
    } catch (const raised& r) {
      if (r.is("TimeoutError")) ++seen_.told_too_late;
      else ++seen_.wrong;
    } catch (const std::exception& other) {
      std::cout << "unexpected: " << other.what() << '\n';
      ++seen_.wrong;
    }
  }
  void check(bool right) { ++(right ? seen_.right : seen_.wrong); }
  /// A number for calls that are counted from it on, below 2^62.
  std::int64_t new_number(std::int64_t calls = 1) {
    const auto first = static_cast<std::int64_t>(random_.draw() >> 2);
    for (std::int64_t i = 0; i < calls; ++i) asked_[first + i] = false;
    return first;
  }

  /// Several at once, the later ones done sooner.
  task<> several() {
    std::vector<std::pair<std::int64_t, future<std::int64_t>>> all;
    const int count = 1 + static_cast<int>(random_.below(6));
    for (int i = 0; i < count; ++i) {
      const std::int64_t number = new_number();
      all.emplace_back(number, async(there_).wait(number, 2 * (count - i)));
    }
    std::exception_ptr failed;
    bool right = true;
    for (auto& [number, answer] : all) {
      try {
        const std::int64_t got = co_await answer;
        asked_[number] = true;
        right = right && got == number;
      } catch (...) {
        failed = std::current_exception();
      }
    }
    if (failed) std::rethrow_exception(failed);
    check(right);
  }

  task<> read_stream() {
    const std::int64_t from = new_number();
    const auto count = static_cast<std::int64_t>(random_.below(200));
    const std::int64_t taken = random_.chance(0.3) ? static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(count) + 1)) : count;
    auto opening = async(there_).count(from, count, random_.chance(0.5));
    stream<std::int64_t> items = co_await opening;
    for (std::int64_t i = 0; i < taken; ++i) {
      const auto item = co_await items.next();
      asked_[from] = true;  // it begins when its first item is asked for
      if (!item || *item != from + i) co_return check(false);
    }
    if (taken < count) {
      ++seen_.left_early;
      co_return;
    }
    const auto end = co_await items.next();
    asked_[from] = true;
    check(!end);
  }

  task<> in_a_hurry() {
    const std::int64_t number = new_number();
    const int takes = static_cast<int>(random_.below(20));
    auto answer = async(within(std::chrono::milliseconds(1 + random_.below(20)), there_)).wait(number, takes);
    const std::int64_t got = co_await answer;
    asked_[number] = true;
    check(got == number);
  }

  /// Cancelled calls are answered all the same, perhaps earlier.
  task<> give_up() {
    const std::int64_t number = new_number();
    auto answer = async(there_).wait(number, 1000);
    sleeping a_while(home_, home_.io().now() + std::chrono::milliseconds(random_.below(10)));
    co_await a_while;
    answer.cancel();
    const std::int64_t got = co_await answer;
    asked_[number] = true;
    check(got == number);
  }

  task<> in_a_batch() {
    batch<Desk> many{there_};
    std::vector<later<std::int64_t>> sums;
    const auto count = static_cast<std::int64_t>(1 + random_.below(50));
    const std::int64_t first = new_number(count);
    for (std::int64_t i = 0; i < count; ++i) sums.push_back(many.add(first + i, 1));
    auto sent = many.send_async();
    co_await sent;
    bool right = true;
    for (std::int64_t i = 0; i < count; ++i) {
      right = right && sums[static_cast<std::size_t>(i)].get() == first + i + 1;
      asked_[first + i] = true;
    }
    check(right);
  }

  core& home_;
  seeded_random random_;
  proxy<Desk> there_;
  int calls_;
  bool hurried_ = false;
  outcome seen_{};
  std::map<std::int64_t, bool> asked_{};
  bool over_ = false;
};

/// What was answered ran once, what was not at most once, and nothing ran that nobody has asked.
std::vector<std::string> not_once(const std::deque<client>& clients, const counts& server) {
  std::vector<std::string> found;
  std::size_t known = 0;
  for (const client& each : clients) {
    for (const auto& [number, answered] : each.asked()) {
      const auto at = server.ran.find(number);
      const int ran = at == server.ran.end() ? 0 : at->second;
      known += ran > 0 ? 1 : 0;
      if (ran > 1 || (answered && ran == 0))
        found.push_back("call " + std::to_string(number) + (answered ? " was answered" : " was not answered") + " and ran " + std::to_string(ran) + " times");
    }
  }
  if (known != server.ran.size()) found.push_back(std::to_string(server.ran.size() - known) + " calls ran that nobody has made");
  return found;
}

struct told {
  outcome all{};
  std::vector<std::string> not_once{};
  counts server{};
  std::uint64_t hash = 0;
  std::size_t connections = 0, streams = 0;
  bool rested = true, over = true;
};

told tell(std::uint64_t seed) {
  told t;
  seeded_random random(seed ^ 0x73757370);
  world_options options{.seed = seed, .faults = faults::drawn_from(seed)};
  options.faults.accept_error = 0;  // a client waits a minute for the accept that comes late
  options.server_cores = 1 + random.below(3);
  options.machines = 1 + random.below(3);
  options.settings.iter_stream_linger = 0;
  world stage(options);
  Desk desk(t.server);
  const bool shared = random.chance(0.3);
  const std::size_t home = random.below(options.server_cores);
  stage.host().objects.add({.id = "desk", .object = &desk, .table = &interface_of<Desk>(), .home = home, .shared = shared}, false);
  daemon_object own(stage.host(), [] { return std::string("simulated"); });
  stage.host().objects.add({.id = daemon_object::id, .object = &own, .table = &interface_of<daemon_object>(), .shared = true, .never_blocks = true}, false);
  stage.host().upgrade = true;
  stage.listen();
  std::deque<client> clients;
  const std::size_t count = 1 + random.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    core& machine = stage.machine(random.below(stage.machines()));
    const int calls = 1 + static_cast<int>(random.below(15));
    clients.emplace_back(stage, machine, "desk", random.draw(), calls);
  }
  t.rested = stage.run_until_idle();
  for (const client& each : clients) {
    t.over = t.over && each.over() && each.seen().all() == each.intended();
    t.all.right += each.seen().right;
    t.all.wrong += each.seen().wrong;
    t.all.unreachable += each.seen().unreachable;
    t.all.late += each.seen().late;
    t.all.left_early += each.seen().left_early;
    t.all.told_too_late += each.seen().told_too_late;
  }
  t.connections = stage.server().connections();
  t.streams = stage.host().streams.size();
  stage.stop();
  t.rested = t.rested && stage.run_until_idle() && stage.at_rest();
  t.not_once = not_once(clients, t.server);
  t.hash = stage.network().hash();
  return t;
}

TEST(SuspendedCalls, end_once_and_leave_nothing_in_any_world) {
  outcome all;
  int given_up = 0;
  const auto drawn = seeds(200);
  for (const std::uint64_t seed : drawn) {
    const seed_scope scope(seed);
    const told t = tell(seed);
    EXPECT_TRUE(t.rested) << "it never came to rest";
    EXPECT_TRUE(t.over) << "a client still waits";
    EXPECT_EQ(t.all.wrong, 0);
    EXPECT_EQ(t.not_once, std::vector<std::string>{});
    EXPECT_EQ(t.server.alive, 0) << "a method or a stream stayed behind";
    EXPECT_EQ(t.connections, 0u);
    EXPECT_EQ(t.streams, 0u);
    if (testing::Test::HasFailure()) return;
    all.right += t.all.right;
    all.unreachable += t.all.unreachable;
    all.late += t.all.late;
    all.left_early += t.all.left_early;
    given_up += t.server.given_up;
  }
  std::cout << drawn.size() << " worlds: " << all.right << " answered, " << all.unreachable << " unreachable, " << all.late << " late, " << all.left_early
            << " streams left early, " << given_up << " methods stopped early\n";
  if (drawn.size() < 100) return;
  EXPECT_TRUE(all.right > 500 && all.unreachable > 0 && all.late > 0 && all.left_early > 50 && given_up > 0 && given_up < all.right) << "the stories are too tame";
}

TEST(SuspendedCalls, tell_the_same_story_for_the_same_seed) {
  for (const std::uint64_t seed : seeds(20)) {
    const seed_scope scope(seed);
    EXPECT_EQ(tell(seed).hash, tell(seed).hash);
  }
}

}  // namespace
}  // namespace engine::simulation
