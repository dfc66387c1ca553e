// What must hold on the simulated network for every seed, whatever the faults drawn from it: bytes arrive in order and once or
// the stream ends with an error; what is started finishes once; no buffer is lost; the same seed gives the same log.
#include <engine/io/simulated.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../../support/seeds.hpp"
#include "simulated_support.hpp"

namespace engine {
namespace {

using namespace testing_support;

/// What one direction of a stream carries, known to both ends from the client's port.
struct script {
  std::uint64_t key;
  std::size_t size() const { return seeded_random(key).below(20'000); }
  std::byte at(std::size_t i) const { return static_cast<std::byte>((key * 31 + i * 7 + (i >> 8)) & 0xff); }
};

struct world;

/// One end of a stream: says its script, checks that it hears the other one, then closes.
class talker {
 public:
  talker(world& w, host& h, descriptor d, std::uint16_t port, bool calls);
  void start() { say(); if (!closed_) hear(); }
  bool over() const { return closed_ && !sending_.outstanding && !receiving_.outstanding; }
  bool heard_all() const { return heard_ == theirs_.size(); }

 private:
  void say();
  void said(int result);
  void hear();
  void heard(int result, const slice& data);
  void check(std::span<const std::byte> bytes);
  void part_if_done();
  void part();

  world& world_;
  host& host_;
  descriptor descriptor_;
  std::uint16_t port_;
  script mine_, theirs_;
  std::size_t said_ = 0, heard_ = 0;
  bool said_all_ = false, heard_end_ = false, closed_ = false;
  // Fresh memory for every operation, given back the moment it has finished: a sanitizer sees who comes too late.
  std::unique_ptr<std::byte[]> outgoing_, incoming_;
  std::vector<iovec> parts_;
  std::size_t room_ = 0;
  recorded sending_, receiving_;
};

struct world {
  simulated_network network;
  std::deque<host> hosts;
  std::set<std::uint16_t> aborted{};  // streams one end of which left early, on purpose
  std::deque<talker> talkers{};
  std::deque<recorded> connects{};
  recorded accepting{};
  int connected = 0, errors = 0;
  double abort_odds;
  address where = address::numeric("10.0.0.1", 7000).value();

  world(std::uint64_t seed, const faults& f, double odds_to_abort) : network(seed, f), abort_odds(odds_to_abort) {
    seeded_random& random = network.random();
    for (const char* name : {"server", "left", "right"}) {
      // One draw per statement: compilers evaluate arguments in different orders.
      const std::uint32_t buffers = 4u << random.below(3);
      const std::size_t buffer_size = std::size_t{256} << random.below(5);
      hosts.emplace_back(network, name, buffers, buffer_size);
    }
  }

  void meet(host& h, descriptor d, bool calls) {
    const std::uint16_t port = calls ? h.io->local_address(d).port() : h.io->peer_address(d).port();
    talkers.emplace_back(*this, h, d, port, calls).start();
  }

  void run() {
    host& server = hosts.front();
    const descriptor listener = server.io->listen(where, {}).value();
    accepting.then = [&](int d, slice) { if (d >= 0) meet(server, d, false); };
    server.io->accept(listener, accepting.go());
    for (std::size_t i = 0; i < 6; ++i) {
      host& h = hosts[1 + i % 2];
      auto& connecting = connects.emplace_back();
      connecting.then = [this, &h](int d, slice) {
        if (d < 0) return;
        ++connected;
        meet(h, d, true);
      };
      h.io->connect(where, connecting.go());
    }
    std::vector<host*> all;
    for (host& h : hosts) all.push_back(&h);
    ASSERT_TRUE(run_until_idle(network, all)) << "it never came to rest";
    server.io->close(listener);
    ASSERT_TRUE(run_until_idle(network, all));
  }

  void check() {
    EXPECT_FALSE(accepting.outstanding);
    EXPECT_EQ(accepting.last(), -ECANCELED);
    for (const recorded& c : connects) EXPECT_FALSE(c.outstanding);
    EXPECT_EQ(talkers.size(), static_cast<std::size_t>(connected) * 2);
    for (const talker& t : talkers) EXPECT_TRUE(t.over()) << "an operation was never finished";
    for (host& h : hosts) {
      EXPECT_EQ(h.pool.in_use(), 0u) << "somebody kept a buffer";
      std::uint32_t buffer, free = 0;
      while (h.pool.take(buffer)) ++free;
      EXPECT_EQ(free, h.pool.count()) << "a buffer was lost";
    }
  }
};

talker::talker(world& w, host& h, descriptor d, std::uint16_t port, bool calls)
    : world_(w), host_(h), descriptor_(d), port_(port), mine_{port * 2ull + calls}, theirs_{port * 2ull + !calls} {
  sending_.then = [this](int result, slice) { said(result); };
  receiving_.then = [this](int result, slice data) { heard(result, data); };
}

void talker::say() {
  seeded_random& random = world_.network.random();
  const std::size_t left = mine_.size() - said_;
  const std::size_t n = left == 0 ? 0 : 1 + random.below(left);
  if (n == 0) {
    said_all_ = true;
    host_.io->shutdown(descriptor_);
    return part_if_done();
  }
  outgoing_ = std::make_unique<std::byte[]>(n);
  for (std::size_t i = 0; i < n; ++i) outgoing_[i] = mine_.at(said_ + i);
  const std::size_t cut = random.below(n + 1);
  parts_ = {{outgoing_.get(), cut}, {outgoing_.get() + cut, n - cut}};
  host_.io->send(descriptor_, parts_, sending_.go());
}

void talker::said(int result) {
  outgoing_.reset();
  if (closed_) return;
  if (result < 0) {
    ++world_.errors;
    return part();
  }
  said_ += static_cast<std::size_t>(result);
  if (world_.network.random().chance(world_.abort_odds)) {
    world_.aborted.insert(port_);
    return part();
  }
  say();
}

void talker::hear() {
  seeded_random& random = world_.network.random();
  if (random.chance(0.5)) {
    host_.io->receive(descriptor_, receiving_.go());
  } else {
    room_ = 1 + random.below(5000);
    incoming_ = std::make_unique<std::byte[]>(room_);
    host_.io->receive_into(descriptor_, {incoming_.get(), room_}, receiving_.go());
  }
  if (random.chance(0.05)) host_.io->cancel(receiving_);
}

void talker::heard(int result, const slice& data) {
  const auto landed = std::move(incoming_);
  if (result > 0) {
    const auto n = static_cast<std::size_t>(result);
    check(landed ? std::span<const std::byte>(landed.get(), n) : data.bytes());
    EXPECT_TRUE(landed ? data.empty() && n <= room_ : data.size() == n);
  }
  if (closed_) return;
  if (result > 0 || result == -ECANCELED) return hear();
  if (result < 0) {
    ++world_.errors;
    return part();
  }
  EXPECT_TRUE(heard_all() || world_.aborted.contains(port_)) << "bytes were lost without an error";
  heard_end_ = true;
  part_if_done();
}

void talker::check(std::span<const std::byte> bytes) {
  EXPECT_LE(heard_ + bytes.size(), theirs_.size());
  for (const std::byte b : bytes) {
    ASSERT_EQ(b, theirs_.at(heard_)) << "byte " << heard_;
    ++heard_;
  }
}

void talker::part_if_done() {
  if (said_all_ && heard_end_) part();
}

void talker::part() {
  closed_ = true;
  host_.io->close(descriptor_);
}

TEST(SimulatedProperties, bytes_arrive_in_order_and_once_or_the_stream_ends_with_an_error) {
  int connected = 0, errors = 0;
  for (const std::uint64_t seed : seeds(200)) {
    const seed_scope scope(seed);
    world w(seed, faults::drawn_from(seed), 0.01);
    w.run();
    w.check();
    connected += w.connected;
    errors += w.errors;
    if (HasFailure()) return;
  }
  EXPECT_GT(connected, 0);
  EXPECT_TRUE(errors > 0 || std::getenv("ENGINE_SEED")) << "no seed met a reset: the faults are asleep";
}

TEST(SimulatedProperties, without_faults_everything_arrives) {
  for (const std::uint64_t seed : seeds(20)) {
    const seed_scope scope(seed);
    world w(seed, {}, 0);
    w.run();
    w.check();
    EXPECT_EQ(w.connected, 6);
    for (const talker& t : w.talkers) EXPECT_TRUE(t.heard_all());
    EXPECT_EQ(w.errors, 0);
    if (HasFailure()) return;
  }
}

TEST(SimulatedProperties, the_same_seed_gives_the_same_log) {
  std::set<std::uint64_t> hashes;
  const auto all = seeds(30);
  for (const std::uint64_t seed : all) {
    const seed_scope scope(seed);
    world first(seed, faults::drawn_from(seed), 0.01), second(seed, faults::drawn_from(seed), 0.01);
    first.run();
    second.run();
    EXPECT_EQ(first.network.hash(), second.network.hash());
    EXPECT_EQ(first.network.log(), second.network.log());
    EXPECT_EQ(first.network.now(), second.network.now());
    EXPECT_FALSE(first.network.log().empty());
    hashes.insert(first.network.hash());
    if (HasFailure()) return;
  }
  EXPECT_EQ(hashes.size(), all.size()) << "different seeds, different worlds";
}

TEST(SimulatedProperties, the_log_is_bounded_and_its_hash_is_not) {
  simulated_network one(1), two(1);
  for (int i = 0; i < 100'000; ++i) {
    one.note(i == 0 ? "first" : "then nothing new happens");
    two.note(i == 0 ? "other" : "then nothing new happens");
  }
  EXPECT_LE(one.log().size(), 512u * 1024);
  EXPECT_TRUE(one.log().starts_with("3600000000000 then")) << "cut between lines";
  EXPECT_EQ(one.log(), two.log());
  EXPECT_NE(one.hash(), two.hash());
}

}  // namespace
}  // namespace engine
