// What a thread says along with its calls, and what it hears: annotations, correlation ids, and the deadline between our own.
#include <engine/object/client_context.hpp>

#include <thread>

#include <codec/endian.hpp>
#include <gtest/gtest.h>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

constexpr correlation_uuid id{std::byte{0}, std::byte{0x11}, std::byte{0x22}};

class client_contexts : public testing::Test {
 protected:
  ~client_contexts() override { outgoing_context().clear(); }
  static std::string bytes_of(const correlation_uuid& u) { return {reinterpret_cast<const char*>(u.data()), u.size()}; }

  proxy<thing> connected(bool own_peer = false) {
    std::jthread welcoming([&] {
      peer.emplace(server.accept_one());
      hello = peer->hear();
      ASSERT_TRUE(hello);
      std::map<std::string, std::string> said;
      if (own_peer) said["ENGN"] = "1";
      peer->say(frame_of("'hello'", {.type = message::connect_ok, .sequence = hello->sequence, .annotations = said}));
    });
    proxy_options options = quiet_proxy();
    options.settings->metadata = false;
    proxy<thing> p(server.uri(), options);
    connect(p);
    return p;
  }
  silent_server server;
  std::optional<raw_peer> peer;
  std::optional<answer> hello;
};

TEST_F(client_contexts, go_out_with_the_handshake_and_every_call_of_their_thread) {
  outgoing_context().annotate("USER", "ann");
  outgoing_context().correlate(id);
  proxy<thing> p = connected();
  EXPECT_EQ(hello->annotations.at("USER"), "ann");
  EXPECT_EQ(hello->annotations.at("CORR"), bytes_of(id));
  EXPECT_TRUE(hello->has("ENGN"));
  outgoing_context().annotate("USER", "bob");
  oneway(p).fire(1);
  const auto first = peer->hear();
  EXPECT_EQ(first->annotations, (std::map<std::string, std::string>{{"CORR", bytes_of(id)}, {"USER", "bob"}}));
  outgoing_context().remove("USER");
  outgoing_context().correlate(std::nullopt);
  oneway(p).fire(1);
  EXPECT_TRUE(peer->hear()->annotations.empty());
  outgoing_context().annotate("USER", "ann");
  std::jthread([&] { oneway(p).fire(1); }).join();
  EXPECT_TRUE(peer->hear()->annotations.empty());
}

TEST_F(client_contexts, are_copied_to_other_threads_by_hand) {
  outgoing_context().annotate("USER", "ann");
  outgoing_context().correlate(id);
  proxy<thing> p = connected();
  std::jthread([&, mine = outgoing_context()] {
    outgoing_context() = mine;
    oneway(p).fire(1);
  }).join();
  EXPECT_EQ(peer->hear()->annotations, (std::map<std::string, std::string>{{"CORR", bytes_of(id)}, {"USER", "ann"}}));
}

TEST_F(client_contexts, hear_what_came_with_the_last_answer) {
  proxy<thing> p = connected();
  std::jthread answering([&] {
    for (const bool with : {true, false}) {
      const auto asked = peer->hear();
      ASSERT_TRUE(asked);
      std::map<std::string, std::string> said;
      if (with) said = {{"CORR", bytes_of(id)}, {"MOOD", "fine"}};
      peer->say(frame_of("3", {.type = message::result, .sequence = asked->sequence, .annotations = said}));
    }
  });
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_EQ(answer_context().text("MOOD"), "fine");
  EXPECT_EQ(answer_context().correlation_id(), id);
  EXPECT_FALSE(answer_context().annotation("NONE"));
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_FALSE(answer_context().text("MOOD"));
  EXPECT_FALSE(answer_context().correlation_id());
}

TEST_F(client_contexts, are_echoed_by_a_daemon) {
  daemon host(on_loopback());
  thing object;
  proxy<thing> p(host.expose(object, "thing"), quiet_proxy());
  outgoing_context().correlate(id);
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_EQ(answer_context().correlation_id(), id);
  outgoing_context().clear();
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_FALSE(answer_context().correlation_id());
}

TEST_F(client_contexts, refuse_what_cannot_be_sent) {
  client_context& out = outgoing_context();
  EXPECT_EQ(failure_text([&] { out.annotate("ABC", "x"); }), "Pyro4.errors.ProtocolError: annotation key must be of length 4");
  EXPECT_EQ(failure_text([&] { out.annotate("\xc3\xa9-x", "x"); }), "Pyro4.errors.ProtocolError: annotation key must be ASCII");
  for (const char* own : {"CORR", "HMAC", "ENGN", "ENGD"}) EXPECT_THROW(out.annotate(own, "x"), protocol_error);
  for (std::size_t i = 0; i < client_context::most; ++i) out.annotate("K" + std::to_string(100 + i), "x");
  EXPECT_THROW(out.annotate("MORE", "x"), protocol_error);
  out.annotate("K100", "another");
  out.clear();
  EXPECT_TRUE(out.empty());
  out.annotate("LONG", std::string(70'000, 'x'));
  daemon host(on_loopback());
  thing object;
  proxy<thing> p(host.expose(object, "thing"), quiet_proxy());
  EXPECT_THROW(p.add(1, 2), protocol_error);
  out.clear();
  EXPECT_EQ(p.add(1, 2), 3);
}

TEST_F(client_contexts, a_peer_of_our_own_is_told_how_long_the_caller_waits) {
  proxy<thing> p = connected(true);
  oneway(p).fire(1);
  EXPECT_FALSE(peer->hear()->has("ENGD"));
  oneway(within(10s, p)).fire(1);
  const auto asked = peer->hear();
  const std::uint64_t left = load_big<std::uint64_t>(asked->annotations.at("ENGD").data());
  EXPECT_GT(left, 0u);
  EXPECT_LE(left, 10'000'000u);
}

TEST_F(client_contexts, a_peer_of_pyros_is_not) {
  proxy<thing> p = connected(false);
  oneway(within(10s, p)).fire(1);
  EXPECT_FALSE(peer->hear()->has("ENGD"));
}

}  // namespace
}  // namespace engine::test
