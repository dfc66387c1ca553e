// Every way to call, under faults: calls that are repeated, batches without answers, callbacks, streams that are given and streams that are left
// and read on, sessions, calls upon results, futures that follow each other; and a server that stops in the middle. Every call ends
// once, with its own answer or because its peer cannot be reached; it ran as often as it was asked, or less; nothing stays
// behind; the same seed tells the same story.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "../support/seeds.hpp"
#include "errands.hpp"
#include "machine_daemon.hpp"

namespace engine::simulation {
namespace {

using testing_support::seed_scope;
using testing_support::seeds;

constexpr std::int64_t numbers_each = 1'000'000;

struct happenings {
  std::array<int, ways> answered{}, failed{};
  int read_on = 0, forgotten = 0, read_out = 0, broken = 0, closed = 0, stopped_early = 0, repeated = 0, lost_posts = 0;
};

/// Everybody. What is still at work cannot be destroyed: after a violation it is left where it is.
class cast {
 public:
  explicit cast(std::uint64_t seed);
  void run();
  bool rested() const { return rested_; }
  const std::vector<std::string>& violations() const { return violations_; }
  void add_to(happenings&) const;
  const simulated_network& network() { return stage_.network(); }

 private:
  static world_options drawn(std::uint64_t seed, seeded_random&);
  void draw_server();
  void draw_machines();
  void stop_server();
  bool all_over() const;
  void let_streams_linger();
  void check_clients();
  void check(const errand&);
  void check_posts(const errand&);
  void check_end();
  void expect(bool, const std::string& otherwise);

  seeded_random random_;
  world stage_;
  diary book_{};
  std::deque<Drawer> drawers_{};
  std::optional<Desk> desk_{};
  daemon_object own_{stage_.host(), [] { return std::string("simulated"); }};
  std::optional<exposing> known_{};
  std::deque<Bell> bells_{};
  std::deque<machine_daemon> daemons_{};
  std::deque<sweeping> sweepers_{};
  std::deque<errands> clients_{};
  std::optional<std::chrono::nanoseconds> stops_after_{};
  bool nothing_breaks_ = false;
  bool rested_ = true;
  std::vector<std::string> violations_{};
};

world_options cast::drawn(std::uint64_t seed, seeded_random& random) {
  world_options options{.seed = seed, .faults = faults::drawn_from(seed)};
  options.faults.accept_error = 0;  // a client waits a minute for the accept that comes late
  if (random.chance(0.1)) options.faults.reset = 0.3;  // connections that last for a few words: calls are repeated as often as they may be
  options.server_cores = 1 + random.below(3);
  options.machines = 1 + random.below(3);
  options.settings.iter_stream_linger = 5;
  return options;
}

cast::cast(std::uint64_t seed) : random_(seed ^ 0x77617973), stage_(drawn(seed, random_)) {
  if (random_.chance(0.3)) stops_after_ = std::chrono::microseconds(random_.below(400'000));
  const faults& f = stage_.network().present_faults();
  nothing_breaks_ = !stops_after_ && f.reset == 0 && f.refuse_connect == 0;
  draw_server();
  draw_machines();
}

void cast::draw_server() {
  hosting& host = stage_.host();
  host.upgrade = true;
  const std::size_t cores = stage_.server().size();
  std::vector<core*> all;
  for (std::size_t i = 0; i < cores; ++i) all.push_back(&stage_.server_core(i));
  known_.emplace(host, all, stage_.where());
  const bool shared = random_.chance(0.3);
  std::vector<Drawer*> given;
  for (std::size_t i = 0; i < 3; ++i) {
    Drawer& one = drawers_.emplace_back(book_);
    given.push_back(&one);
    host.objects.add({.id = "drawer" + std::to_string(i), .object = &one, .table = &interface_of<Drawer>(), .home = i % cores}, false);
  }
  desk_.emplace(book_, given);
  const std::size_t home = random_.below(cores);
  host.objects.add({.id = "desk", .object = &*desk_, .table = &interface_of<Desk>(), .home = home, .shared = shared}, false);
  exposed_object visits{.id = "visit", .table = &interface_of<Visit>(), .shared = true, .mode = instance_mode::per_connection};
  visits.create = [this]() -> std::shared_ptr<void> { return std::make_shared<Visit>(book_); };
  visits.instances = std::make_shared<instance_store>();
  host.objects.add(std::move(visits), false);
  host.objects.add({.id = daemon_object::id, .object = &own_, .table = &interface_of<daemon_object>(), .shared = true, .never_blocks = true}, false);
  stage_.listen();
  sweepers_.emplace_back(host, stage_.server_core(0), [this] { return !all_over(); });
}

void cast::draw_machines() {
  const std::size_t count = 1 + random_.below(4);
  for (std::size_t i = 0; i < stage_.machines(); ++i) {
    const auto where = address::numeric("10.0.1." + std::to_string(i + 1), 7000).value();
    machine_daemon& one = daemons_.emplace_back(stage_.machine(i), where, stage_.host().settings);
    sweepers_.emplace_back(one.host(), stage_.machine(i), [this] { return !all_over(); });
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t machine = random_.below(stage_.machines());
    Bell& bell = bells_.emplace_back(book_);
    daemons_[machine].expose(bell, "bell" + std::to_string(i));
    const int wanted = 1 + static_cast<int>(random_.below(12));
    clients_.emplace_back(stage_, stage_.machine(machine), bell, book_, random_.draw(), static_cast<std::int64_t>(i) * numbers_each, wanted,
                          !nothing_breaks_);
  }
}

bool cast::all_over() const {
  return std::ranges::all_of(clients_, [](const errands& c) { return c.over(); });
}

/// As a daemon ends: methods that wait for others are given some seconds.
void cast::stop_server() {
  stage_.stop();
  rested_ = rested_ && stage_.run_for(3s);
  if (stage_.server().idle()) return;
  for (std::size_t i = 0; i < stage_.server().size(); ++i)
    stage_.server_core(i).post([] { detail::core_remote::hang_up(*core::current()); });
}

/// Those that were left are kept for ITER_STREAM_LINGER, and looked after each second: by then nobody may have any.
void cast::let_streams_linger() {
  for (int seconds = 0; seconds < 7; ++seconds) {
    rested_ = rested_ && stage_.run_for(1s);
    for (sweeping& each : sweepers_) each.look();
  }
}

void cast::run() {
  if (stops_after_) {
    rested_ = stage_.run_for(*stops_after_);
    stop_server();
  }
  rested_ = rested_ && stage_.run_until_idle();
  check_clients();
  if (!stops_after_) stop_server();
  for (machine_daemon& each : daemons_) each.stop();
  let_streams_linger();
  rested_ = rested_ && stage_.run_until_idle();
  check_end();
}

// ---- what must be true of it

void cast::expect(bool true_of_it, const std::string& otherwise) {
  if (!true_of_it) violations_.push_back(otherwise);
}

void cast::check_clients() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const errands& c = clients_[i];
    const std::string who = "client " + std::to_string(i) + ": ";
    expect(c.over(), who + "still waits");
    for (const std::string& what : c.complaints()) violations_.push_back(who + what);
    if (c.over())
      for (const errand& each : c.records()) check(each);
  }
  expect(stage_.server().connections() == 0, std::to_string(stage_.server().connections()) + " connections are left");
}

void cast::check(const errand& e) {
  const std::string who = "call " + std::to_string(e.number) + " (way " + std::to_string(static_cast<int>(e.how)) + "): ";
  expect(e.ended == 1, who + "ended " + std::to_string(e.ended) + " times");
  if (e.how == way::posted) return check_posts(e);
  const auto found = book_.ran.find(e.number);
  const int ran = found == book_.ran.end() ? 0 : found->second;
  expect(ran <= e.tries, who + "ran " + std::to_string(ran) + " times");
  if (e.answered) expect(ran >= 1, who + "was answered and never ran");
  if (nothing_breaks_ && e.how != way::lingering) expect(e.answered && ran == 1, who + "failed, though nothing broke, or ran " + std::to_string(ran) + " times");
}

/// What ran of a batch is its beginning, in order, each once.
void cast::check_posts(const errand& e) {
  const std::string who = "batch " + std::to_string(e.number) + ": ";
  std::int64_t expected = e.number;
  for (const std::int64_t each : book_.posted)
    if (each >= e.number && each < e.number + e.count) {
      expect(each == expected, who + std::to_string(each) + " ran instead of " + std::to_string(expected));
      expected = each + 1;
    }
  if (nothing_breaks_) expect(expected == e.number + e.count, who + "only " + std::to_string(expected - e.number) + " ran");
}

void cast::check_end() {
  expect(rested_, "it never came to rest");
  expect(stage_.at_rest(), "the server has not ended, or a buffer was kept");
  for (const machine_daemon& each : daemons_) {
    expect(each.idle(), "a client's daemon has not ended");
    rested_ = rested_ && each.idle();
  }
  rested_ = rested_ && stage_.at_rest();
  expect(book_.kept.empty(), std::to_string(book_.kept.size()) + " streams were kept longer than they linger");
  expect(book_.alive == 0, std::to_string(book_.alive) + " methods, streams or instances stayed behind");
  expect(stage_.host().streams.size() == 0, "the server kept a stream");
  for (machine_daemon& each : daemons_) expect(each.host().streams.size() == 0, "a client's daemon kept a stream");
  for (const auto& c : stage_.cores()) expect(c->timers().armed() == 0, "a timer was left armed");
}

void cast::add_to(happenings& all) const {
  for (const errands& c : clients_) {
    for (const errand& e : c.records()) {
      ++(e.answered ? all.answered : all.failed)[static_cast<std::size_t>(e.how)];
      const auto ran = book_.ran.find(e.number);
      if (ran != book_.ran.end() && ran->second > 1) ++all.repeated;
      if (e.how == way::posted && !book_.ran.contains(e.number)) ++all.lost_posts;
    }
    all.read_on += c.read_on();
    all.forgotten += c.forgotten();
    all.read_out += c.read_out();
    all.broken += c.broken();
    all.closed += c.closed();
  }
  all.stopped_early += stops_after_ ? 1 : 0;
}

struct told {
  std::uint64_t hash = 0;
  std::string log{};
  std::vector<std::string> violations{};
};

told tell(std::uint64_t seed, happenings& all) {
  auto everybody = std::make_unique<cast>(seed);
  everybody->run();
  everybody->add_to(all);
  told t{.hash = everybody->network().hash(), .log = everybody->network().log(), .violations = everybody->violations()};
  if (!everybody->rested()) static_cast<void>(everybody.release());
  return t;
}

TEST(WaysToCall, end_every_call_once_and_leave_nothing_in_any_world) {
  happenings all;
  const auto drawn = seeds(200);
  for (const std::uint64_t seed : drawn) {
    const seed_scope scope(seed);
    const told t = tell(seed, all);
    for (const std::string& what : t.violations) ADD_FAILURE() << what;
    if (!t.violations.empty() && drawn.size() == 1) std::cout << t.log.substr(t.log.size() > 8'000 ? t.log.find('\n', t.log.size() - 8'000) + 1 : 0);
    if (HasFailure()) return;
  }
  std::cout << drawn.size() << " worlds, " << all.stopped_early << " servers stopped early;";
  for (std::size_t i = 0; i < ways; ++i) std::cout << " way " << i << ": " << all.answered[i] << " answered, " << all.failed[i] << " not;";
  std::cout << " " << all.repeated << " ran again, " << all.lost_posts << " batches lost, " << all.read_on << " streams read on, " << all.forgotten << " forgotten, " << all.read_out << " read to their end, "
            << all.broken << " broken, " << all.closed << " closed\n";
  if (drawn.size() < 100) return;
  for (std::size_t i = 0; i < ways; ++i) {
    if (i == static_cast<std::size_t>(way::posted)) continue;
    EXPECT_GT(all.answered[i], 20) << "way " << i;
    EXPECT_GT(all.failed[i], 0) << "way " << i << " never fails: the stories are too tame";
  }
  EXPECT_TRUE(all.stopped_early > 0 && all.repeated > 0 && all.lost_posts > 0 && all.read_on > 0 && all.forgotten > 0 && all.read_out > 0 && all.broken > 0 && all.closed > 0) << "the stories are too tame";
}

TEST(WaysToCall, tell_the_same_story_for_the_same_seed) {
  happenings first, second;
  for (const std::uint64_t seed : seeds(20)) {
    const seed_scope scope(seed);
    const told a = tell(seed, first), b = tell(seed, second);
    EXPECT_EQ(a.hash, b.hash);
    EXPECT_EQ(a.log, b.log);
  }
  EXPECT_EQ(first.answered, second.answered);
  EXPECT_EQ(first.failed, second.failed);
}

}  // namespace
}  // namespace engine::simulation
