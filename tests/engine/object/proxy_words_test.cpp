// What is done with a proxy and not through it: limits, keys, copies, identity, connecting again, and sockets that were connected before.
#include <engine/object/proxy_words.hpp>

#include <sys/socket.h>

#include <set>
#include <sstream>
#include <thread>
#include <unordered_set>

#include <gtest/gtest.h>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

std::string text_of(const auto& call) {
  try {
    call();
    return "no failure";
  } catch (const error& e) {
    return e.what();
  }
}

class proxy_words : public testing::Test {
 protected:
  daemon host{on_loopback()};
  thing object;
  uri where = host.expose(object, "thing");
  proxy<thing> p{where, quiet_proxy()};
};

TEST_F(proxy_words, a_time_limit_may_be_changed_while_connected) {
  EXPECT_EQ(timeout_of(p), 0ms);
  EXPECT_EQ(p.add(1, 2), 3);
  set_timeout(p, 30ms);
  EXPECT_EQ(timeout_of(p), 30ms);
  EXPECT_THROW(p.wait_for_gate(), timed_out);
  set_timeout(p, 0ms);
  object.gate.set_value();
  EXPECT_EQ(p.add(1, 2), 3);
}

TEST_F(proxy_words, retries_may_be_changed) {
  EXPECT_EQ(max_retries_of(p), 0);
  set_max_retries(p, 3);
  EXPECT_EQ(max_retries_of(p), 3);
  EXPECT_EQ(max_retries_of(copy(p)), 3);
}

TEST_F(proxy_words, a_key_may_be_changed) {
  daemon_options options = on_loopback();
  options.hmac_key = "secr3t";
  daemon keyed(options);
  proxy<thing> q(keyed.expose(object, "thing"), quiet_proxy());
  EXPECT_THROW(q.add(1, 2), error);
  set_hmac_key(q, "secr3t");
  EXPECT_EQ(q.add(1, 2), 3);
  set_hmac_key(q, "wrong");  // of an open connection: the daemon ends it
  EXPECT_THROW(q.add(1, 2), error);
  set_hmac_key(q, "secr3t");
  EXPECT_EQ(q.add(1, 2), 3);
}

TEST_F(proxy_words, a_copy_has_a_connection_of_its_own) {
  set_timeout(p, 17s);
  EXPECT_EQ(p.add(1, 2), 3);
  const proxy<thing> same = p;
  proxy<thing> other = copy(p);
  EXPECT_FALSE(connect(same));
  EXPECT_TRUE(connect(other));
  EXPECT_EQ(host.connections(), 2u);
  EXPECT_EQ(timeout_of(other), 17s);
  release(other);
  EXPECT_FALSE(connect(p));
}

TEST_F(proxy_words, proxies_are_equal_when_their_uris_are) {
  const proxy<thing> other = copy(p);
  const proxy<> dynamic(where, quiet_proxy());
  const proxy<thing> elsewhere("PYRO:another@127.0.0.1:1", quiet_proxy());
  EXPECT_TRUE(p == other);
  EXPECT_TRUE(p == dynamic);
  EXPECT_FALSE(p == elsewhere);
  EXPECT_EQ((std::unordered_set<proxy<thing>>{p, other, elsewhere}).size(), 2u);
}

TEST_F(proxy_words, a_proxy_says_what_it_is_for_and_where_it_is_connected) {
  EXPECT_EQ(describe(p), "<proxy, not connected; for " + where.to_string() + ">");
  EXPECT_FALSE(connection_of(p));
  connect(p);
  std::ostringstream text;
  text << p;
  EXPECT_EQ(text.str(), "<proxy, connected IPv4; for " + where.to_string() + ">");
  const auto now = connection_of(p);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->local.host(), "127.0.0.1");
  EXPECT_NE(now->local.port(), host.port());
  EXPECT_EQ(now->peer.port(), host.port());
  EXPECT_GE(now->descriptor, 0);
  EXPECT_TRUE(now->own_peer);
  EXPECT_EQ(now->serializer, "msgpack");
}

TEST_F(proxy_words, a_call_may_be_said_by_hand) {
  EXPECT_EQ(invoke(p, {.method = "add", .arguments = {1, 2}}), value(3));
  EXPECT_TRUE(invoke(p, {.method = "add", .arguments = {1, 2}, .flags = flag::oneway}).is_none());
  EXPECT_EQ(invoke(p, {.method = "registered", .object = "Pyro.Daemon"}).as<std::vector<std::string>>(), (std::vector<std::string>{"Pyro.Daemon", "thing"}));
  EXPECT_EQ(invoke(p, {.method = "get_metadata", .keywords = {{"objectId", "thing"}}, .object = "Pyro.Daemon"})["oneway"].as<std::set<std::string>>(), std::set<std::string>{"fire"});
  EXPECT_THROW(invoke(p, {.method = "no such method"}), raised);
}

TEST_F(proxy_words, a_proxy_attaches_what_its_hook_says_and_hears_what_comes_back) {
  std::atomic<int> heard{0};
  proxy_options o = quiet_proxy();
  int number = 0;
  o.annotations = [&] { return std::vector<std::pair<std::string, bytes>>{{"NUMB", bytes(1, static_cast<std::byte>(++number))}}; };
  o.response_annotations = [&](const annotation_view& said, message type) { heard += type == message::connect_ok || said.find("BACK"); };
  daemon_options d = on_loopback();
  d.annotations = [] { return std::vector<std::pair<std::string, bytes>>{{"BACK", bytes(3)}}; };
  daemon other(std::move(d));
  thing object;
  proxy<thing> there(other.expose(object, "thing"), o);
  EXPECT_EQ(there.add(1, 2), 3);
  EXPECT_EQ(number, 2);  // the handshake and the call
  EXPECT_EQ(heard, 2);
  o.annotations = [] { return std::vector<std::pair<std::string, bytes>>{{"WRONG", {}}}; };
  EXPECT_THROW(proxy<thing>(other.uri_for("thing"), o).add(1, 2), protocol_error);
  for (const char* own : {"CORR", "HMAC", "ENGN", "ENGK", "ENGP"}) {
    o.annotations = [own] { return std::vector<std::pair<std::string, bytes>>{{own, {}}}; };
    EXPECT_EQ(failure_text([&] { proxy<thing>(other.uri_for("thing"), o).add(1, 2); }), "Pyro4.errors.ProtocolError: annotation key " + std::string(own) + " is reserved");
  }
}

TEST_F(proxy_words, reconnecting_is_given_up_after_so_many_tries) {
  auto options = on_loopback();
  auto first = std::make_unique<daemon>(options);
  options.port = first->port();
  proxy<thing> q(first->expose(object, "again"), quiet_proxy());
  EXPECT_EQ(q.add(1, 2), 3);
  reconnect(q, 1);
  EXPECT_EQ(first->connections(), 1u);
  first.reset();
  EXPECT_EQ(text_of([&] { reconnect(q, 3, 1ms); }), "failed to reconnect");
  EXPECT_THROW(reconnect(q, 1, 1ms), connection_closed);
  daemon second(options);
  second.expose(object, "again");
  reconnect(q, 3, 1ms);
  EXPECT_FALSE(connect(q));
}

TEST_F(proxy_words, members_are_asked_for_anew) {
  EXPECT_EQ(refresh_members(p).methods, members_of(p).methods);
  EXPECT_EQ(p.add(1, 2), 3);
}

TEST_F(proxy_words, the_daemons_answer_to_the_handshake_can_be_refused) {
  value heard;
  proxy_options options = quiet_proxy();
  options.validate_handshake = [&](const value& answer) { heard = answer; };
  proxy<thing> trusting(where, options);
  EXPECT_EQ(trusting.add(1, 2), 3);
  EXPECT_EQ(heard, value("hello"));
  options.validate_handshake = [](const value&) { throw security_error("not the daemon I know"); };
  proxy<thing> wary(where, options);
  EXPECT_EQ(text_of([&] { wary.add(1, 2); }), "not the daemon I know");
  EXPECT_TRUE(eventually([&] { return host.connections() == 1; }));
}

// ---- connected before

class given_sockets : public testing::Test {
 protected:
  given_sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0); }
  int ends[2]{};
};

TEST_F(given_sockets, are_asked_for_metadata_without_a_handshake) {
  std::jthread answering([&] {
    raw_peer peer(ends[1]);
    const auto asked = peer.hear();
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->type, message::invoke);
    EXPECT_EQ(asked->sequence, 1);
    EXPECT_EQ(asked->body(), value(value::tuple{"Pyro.Daemon", "get_metadata", value::tuple{"thing"}, value::dict{}}));
    peer.say(frame_of("{'methods':['add'],'oneway':[],'attrs':[]}", {.type = message::result, .sequence = 1}));
    const auto call = peer.hear();
    ASSERT_TRUE(call);
    peer.say(frame_of("3", {.type = message::result, .sequence = call->sequence}));
    EXPECT_TRUE(peer.closed_by_peer());
  });
  proxy_options options = quiet_proxy();
  options.connected_socket = ends[0];
  proxy<thing> p("PYRO:thing@<<connected-socket>>:0", options);
  EXPECT_EQ(p.add(1, 2), 3);
  EXPECT_EQ(members_of(p).methods, std::vector<std::string>{"add"});
  release(p);
  EXPECT_THROW(p.add(1, 2), connection_closed);
}

TEST_F(given_sockets, that_were_never_used_are_closed_with_the_proxy) {
  {
    proxy_options options = quiet_proxy();
    options.connected_socket = ends[0];
    proxy<thing> unused("PYRO:thing@<<connected-socket>>:0", options);
  }
  raw_peer peer(ends[1]);
  EXPECT_TRUE(peer.closed_by_peer());
}

}  // namespace
}  // namespace engine::test
