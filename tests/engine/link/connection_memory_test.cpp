// What an idle connection costs, counted in the three worlds: its object, its coroutine, its buffers and its share of the backend's
// tables, by a counting operator new. The budget is a page.
#include "link_support.hpp"

#include <tests/support/allocations.hpp>

namespace engine {
namespace {

using namespace testing_support;

class ConnectionMemory : public link_test {
 protected:
  /// `count` connections that have had a call each, and now nothing to do.
  void idle_connections(std::size_t count, std::size_t payload) {
    const std::string text(payload, 'm');
    for (std::size_t i = 0; i < count; ++i) {
      auto [peer, s] = meet();
      s.on_frame = [text](served& of, const frame& f) { write_frame(of.link->outgoing(), message::result, f.sequence, text); };
      peer.read();
      peer.say(request(1, text));
      ASSERT_TRUE(until([&] { return peer.answers().size() == 1; }));
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Link, ConnectionMemory, all_worlds, world_name);

TEST_P(ConnectionMemory, of_an_idle_connection_holds_no_buffers) {
  for (const std::size_t payload : {10u, 10'000u, 60'000u, 1'000'000u}) {
    idle_connections(1, payload);
    rest(std::chrono::milliseconds(2));
    EXPECT_EQ(serving.back().link->memory(), 0u) << payload;
    EXPECT_EQ(server->buffers().in_use(), 0u);
  }
}

task<> drain_frames(connection& c) {
  for (;;) {
    auto next = c.next_frame();
    if (!co_await next) break;
    write_frame(c.outgoing(), message::result, 1, "ok");
  }
  task<> done = c.finish();
  co_await done;
}

TEST_P(ConnectionMemory, of_an_idle_connection_fits_a_page) {
  constexpr std::size_t count = 200;
  idle_connections(1, 1000);  // what is shared by all is there
  std::vector<std::pair<raw_peer*, descriptor>> joined;
  for (std::size_t i = 0; i < count; ++i) joined.push_back(join());
  std::deque<std::unique_ptr<connection>> links;
  for (auto& [peer, d] : joined) peer->read();
  rest(std::chrono::milliseconds(2));

  const auto before = allocations_everywhere().live_bytes;
  for (auto& [peer, d] : joined) {
    links.push_back(std::make_unique<connection>(*server, d, connection_limits{}));
    spawn(drain_frames(*links.back()));
  }
  for (auto& [peer, d] : joined) peer->say(request(1, "x"));
  ASSERT_TRUE(until([&] { return std::ranges::all_of(joined, [](const auto& j) { return j.first->answers().size() == 1; }); }));
  rest(std::chrono::milliseconds(2));
  // The peers' own memory for what they said and heard is counted too, being in the same program; it only makes the test stricter.
  const auto each = (allocations_everywhere().live_bytes - before) / static_cast<std::int64_t>(count);
  RecordProperty("bytes", static_cast<int>(each));
  std::cout << "an idle connection: " << each << " bytes, of which the object " << sizeof(connection) << '\n';
  EXPECT_GE(each, static_cast<std::int64_t>(sizeof(connection)));
  EXPECT_LE(each, 4096);
  std::size_t held = 0;
  for (const auto& link : links) held += link->memory();
  EXPECT_EQ(held, 0u) << "memory the counting operator new does not see";

  for (auto& [peer, d] : joined) peer->close();
  ASSERT_TRUE(until([&] { return std::ranges::all_of(links, [](const auto& link) { return link->ended(); }); }));
  rest(std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace engine
