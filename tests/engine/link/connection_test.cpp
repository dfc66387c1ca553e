// A connection at work, in the three worlds: frames however they arrive, answers corked, back-pressure, large bodies without copies.
// How a connection ends is in connection_ending_test.cpp.
#include "link_support.hpp"

namespace engine {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

class Connection : public link_test {};
INSTANTIATE_TEST_SUITE_P(Link, Connection, all_worlds, world_name);

TEST_P(Connection, answers_a_request) {
  auto [peer, s] = meet();
  peer.read();
  peer.say(request(7, "hello"));
  ASSERT_TRUE(until([&] { return !peer.answers().empty(); }));
  EXPECT_EQ(peer.answers(), (std::vector<answer>{{7, "hello"}}));
}

TEST_P(Connection, joins_a_frame_cut_into_single_bytes) {
  auto [peer, s] = meet();
  peer.read();
  for (const char c : request(1, "cut")) {
    peer.say(std::string_view(&c, 1));
    ASSERT_TRUE(until([&] { return peer.said_all(); }));
    step();
  }
  ASSERT_TRUE(until([&] { return !peer.answers().empty(); }));
  EXPECT_EQ(peer.answers(), (std::vector<answer>{{1, "cut"}}));
  EXPECT_TRUE(s.link->frames().between_frames());
}

TEST_P(Connection, joins_frames_cut_anywhere) {
  auto [peer, s] = meet();
  peer.read();
  std::string stream;
  std::vector<answer> expected;
  for (std::uint16_t i = 0; i < 40; ++i) {
    expected.push_back({i, std::string(i * 997u, static_cast<char>('a' + i % 26))});
    stream += request(i, expected.back().payload);
  }
  for (std::size_t at = 0, n = 1; at < stream.size(); at += n, n = n * 3 % 10'007) {
    peer.say(std::string_view(stream).substr(at, n));
    step();
  }
  ASSERT_TRUE(until([&] { return peer.answers().size() == expected.size(); }));
  EXPECT_EQ(peer.answers(), expected);
}

TEST_P(Connection, sends_the_answers_of_one_pass_together) {
  auto [peer, s] = meet();
  peer.read();
  std::string burst;
  for (std::uint16_t i = 0; i < 50; ++i) burst += request(i, "small");
  const auto before = server->io().counters().completions;
  peer.say(burst);
  ASSERT_TRUE(until([&] { return peer.answers().size() == 50; }));
  rest(5ms);
  const bool by_a_call = GetParam() != world::simulated;  // which says at once what it sent
  EXPECT_EQ(server->io().counters().completions - before, by_a_call ? 1u : 2u) << "one receive and one send";
}

/// Serves, and takes the connection away as soon as it has ended, as the daemon does.
task<> serve_and_leave(served& s) {
  task<> serving = serve(s);
  co_await serving;
  s.link.reset();
}

TEST_P(Connection, is_left_alone_once_the_last_small_answer_behind_a_large_one_has_ended_it) {
  const std::string big(8'000'000, 'b');
  const auto [peer, d] = join();
  served& s = serving.emplace_back();
  s.on_frame = [&](served& of, const frame& f) {
    write_frame(of.link->outgoing(), message::result, f.sequence, f.sequence == 0 ? std::string_view(big) : "small");
  };
  s.link = std::make_unique<connection>(*server, d, connection_limits{.output_soft = 64 << 20});
  spawn(serve_and_leave(s));
  peer->say(request(0, "x"));
  ASSERT_TRUE(until([&] { return s.payloads.size() == 1; }));
  rest(10ms);
  peer->say(request(1, "x"));
  ASSERT_TRUE(until([&] { return s.payloads.size() == 2; }));
  peer->shutdown();
  rest(10ms);  // it waits for the large one to leave
  peer->read();
  ASSERT_TRUE(until([&] { return s.finished && peer->ended(); }));
  EXPECT_EQ(peer->heard().size(), big.size() + std::string_view("small").size() + 2 * 24);
}

TEST_P(Connection, reads_no_more_from_a_peer_that_does_not_read_its_answers) {
  constexpr std::size_t soft = 128 * 1024, body = 8 * 1024, count = 400;
  auto [peer, s] = meet({.output_soft = soft});
  narrow(peer.get());
  narrow(arrived.back());
  const std::string payload(body, 'p');
  for (std::size_t i = 0; i < count; ++i) peer.say(request(static_cast<std::uint16_t>(i), payload));
  std::size_t seen;
  do {
    seen = s.payloads.size();
    rest(50ms);
  } while (s.payloads.size() > seen);
  EXPECT_LT(s.payloads.size(), count);
  EXPECT_GT(s.link->queued(), soft);
  EXPECT_LE(s.link->queued(), soft + body + 100) << "one answer more than the limit at most";
  EXPECT_LE(s.link->memory(), 4 * soft);
  EXPECT_FALSE(peer.said_all()) << "it feels the pressure";
  peer.read();
  ASSERT_TRUE(until([&] { return s.payloads.size() == count && s.link->queued() == 0; }));
  ASSERT_TRUE(until([&] { return peer.heard().size() == count * (body + 24); }));
  const auto all = peer.answers();
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i].sequence, i);
}

TEST_P(Connection, keeps_no_buffer_from_others_while_it_is_not_read) {
  constexpr std::size_t count = 20;
  const std::string big(4'000'000, 'b');
  auto [peer, s] = meet({}, [&](served& of, const frame& f) { write_frame(of.link->outgoing(), message::result, f.sequence, big); });
  std::string all;
  for (std::uint16_t i = 0; i < count; ++i) all += request(i, "much");
  peer.say(all);
  ASSERT_TRUE(until([&] { return !s.payloads.empty(); }));
  rest(std::chrono::milliseconds(20));
  ASSERT_LT(s.payloads.size(), count) << "they came in one buffer and wait there";
  EXPECT_EQ(server->buffers().in_use(), 0u);
  peer.read();
  ASSERT_TRUE(until([&] { return s.payloads.size() == count && peer.heard().size() > count * big.size(); }));
  EXPECT_EQ(s.payloads, std::vector<std::string>(count, "much"));
}

TEST_P(Connection, keeps_serving_others_while_one_does_not_read) {
  auto [deaf, blocked] = meet({.output_soft = 64 * 1024});
  narrow(deaf.get());
  for (std::uint16_t i = 0; i < 200; ++i) deaf.say(request(i, std::string(10'000, 'd')));
  rest(30ms);
  auto [peer, s] = meet();
  peer.read();
  peer.say(request(1, "and me?"));
  EXPECT_TRUE(until([&] { return !peer.answers().empty(); }));
}

TEST_P(Connection, receives_a_large_body_where_it_stays) {
  constexpr std::size_t size = 5'000'000;
  const std::byte* end_of_room = nullptr;
  bool in_place = false;
  auto [peer, s] = meet({}, [&](served& of, const frame& f) {
    in_place = f.payload.data() + f.payload.size() == end_of_room;
    write_frame(of.link->outgoing(), message::result, f.sequence, "got it");
  });
  peer.read();
  std::string whole = request(3, std::string(size, 'b'));
  peer.say(std::string_view(whole).substr(0, 10'000));
  connection& link = *s.link;
  ASSERT_TRUE(until([&] { return !link.frames().room().empty(); }));
  end_of_room = link.frames().room().data() + link.frames().room().size();
  const auto sizes = link.frames().memory();
  peer.say(std::string_view(whole).substr(10'000));
  ASSERT_TRUE(until([&] { return !peer.answers().empty(); }));
  EXPECT_TRUE(in_place) << "the payload was moved";
  EXPECT_LE(sizes, size + (4u << 20)) << "one body, and no second one beside it";
  EXPECT_EQ(s.payloads.front().size(), size);
}

TEST_P(Connection, sends_a_large_borrowed_payload_in_pieces_without_copying) {
  constexpr std::size_t size = 8 << 20;
  const auto owner = std::make_shared<std::vector<std::byte>>(size, std::byte{'q'});
  auto [peer, s] = meet({}, [&](served& of, const frame& f) {
    output& out = of.link->outgoing();
    frame_writer writer(out, {.sequence = f.sequence});
    out.borrow(*owner, owner);
    ASSERT_TRUE(writer.finish().has_value());
  });
  const auto before = server->io().counters().completions;
  peer.say(request(1, "blob, please"));
  ASSERT_TRUE(until([&] { return s.link->queued() > 0; }));
  EXPECT_GT(owner.use_count(), 1) << "kept alive while it is being sent";
  EXPECT_LE(s.link->memory(), 64u * 1024) << "no copy of it anywhere";
  peer.read();
  ASSERT_TRUE(until([&] { return peer.heard().size() == size + 24; }));
  EXPECT_GE(server->io().counters().completions - before, 1 + 8u) << "at most a megabyte at a time";
  EXPECT_EQ(peer.heard().find_first_not_of('q', 24), std::string::npos);
  ASSERT_TRUE(until([&] { return owner.use_count() == 1; }));
}

TEST_P(Connection, writes_without_being_asked) {
  auto [peer, s] = meet();
  peer.read();
  connection& link = *s.link;
  server->post([&link] { write_frame(link.outgoing(), message::result, 9, "news"); });
  ASSERT_TRUE(until([&] { return !peer.answers().empty(); }));
  EXPECT_EQ(peer.answers(), (std::vector<answer>{{9, "news"}}));
}

TEST_P(Connection, knows_both_addresses) {
  auto [peer, s] = meet();
  EXPECT_EQ(s.link->local(), door->local());
  EXPECT_EQ(s.link->peer(), client->io().local_address(peer.get()));
  EXPECT_EQ(&s.link->home(), server.get());
}

// ---- moving to another core

task<> answer_one(served& s, std::function<void()> then) {
  auto next = s.link->next_frame();
  const frame* f = co_await next;
  if (!f) co_return;
  s.payloads.emplace_back(reinterpret_cast<const char*>(f->payload.data()), f->payload.size());
  echo(s, *f);
  then();
}

TEST_P(Connection, moves_to_another_core_with_what_it_has_read_and_written) {
  // A simulated descriptor belongs to its host: there it moves into another connection of the same core.
  if (!simulated()) third = make_core("third");
  core& destination = third ? *third : *server;
  const auto [peer, d] = join();
  served &before = serving.emplace_back(), &after = serving.emplace_back();
  before.link = std::make_unique<connection>(*server, d, connection_limits{});
  bool moved = false;
  const auto move = [&] {
    ASSERT_TRUE(before.link->can_release());
    loose_connection loose = before.link->release();
    EXPECT_FALSE(loose.unread.empty()) << "the frames behind the first one";
    EXPECT_FALSE(loose.unsent.empty()) << "the answer of this pass";
    before.link.reset();
    after.link = std::make_unique<connection>(destination, std::move(loose), connection_limits{});
    spawn(serve(after));
    moved = true;
  };
  spawn(answer_one(before, move));
  peer->read();
  std::string requests;
  for (std::uint16_t i = 0; i < 3; ++i) requests += request(i, "frame " + std::to_string(i));
  requests += request(3, std::string(100'000, 'x')).substr(0, 5'000);  // a partial one moves, too
  peer->say(requests);
  ASSERT_TRUE(until([&] { return moved && peer->answers().size() == 3; }));
  peer->say(request(3, std::string(100'000, 'x')).substr(5'000));
  ASSERT_TRUE(until([&] { return peer->answers().size() == 4; }));
  EXPECT_EQ(before.payloads.size(), 1u);
  EXPECT_EQ(after.payloads.size(), 3u);
  for (std::uint16_t i = 0; i < 4; ++i) EXPECT_EQ(peer->answers()[i].sequence, i);
  peer->close();
  ASSERT_TRUE(until([&] { return after.finished; }));
  after.link.reset();
}

}  // namespace
}  // namespace engine
