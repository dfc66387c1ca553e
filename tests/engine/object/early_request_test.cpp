// A proxy that connects again says its request along with CONNECT: one round trip instead of two. What comes of that where another daemon is
// there now, where the connection is refused or lost, and where the request must not leave before the welcome.
#include <engine/object/remote.hpp>
#include <engine/object/stream_argument.hpp>

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "object_support.hpp"
#include "thing.hpp"

namespace engine::test {
namespace {

constexpr std::string_view offers = "{'handshake':'hello','meta':{'methods':['add','fire','text','fail'],'oneway':['fire'],'attrs':['mood']}}";

/// A daemon played by hand, and a proxy that has been welcomed by it once.
class early_requests : public testing::Test {
 protected:
  void know(std::string level = "3", proxy_options options = quiet_proxy()) {
    options.timeout = 20s;
    be_known_to(client.emplace(server.uri(), options), std::move(level));
  }
  template <class Client> void be_known_to(const Client& one, std::string level = "3") {
    auto connecting = std::async(std::launch::async, [&] { connect(one); });
    meet();
    welcome(std::move(level));
    connecting.get();
    release(one);
    EXPECT_FALSE(peer->hear());
  }
  /// The next connection's CONNECT.
  void meet() {
    peer.emplace(server.accept_one());
    const auto hello = peer->hear();
    ASSERT_TRUE(hello);
    ASSERT_EQ(hello->type, message::connect);
    connect_number = hello->sequence;
  }
  std::string welcome_text(std::string level = "3", std::string_view said = offers) {
    std::map<std::string, std::string> along;
    if (!level.empty()) along["ENGN"] = std::move(level);
    return frame_of(said, {.type = message::connect_ok, .flags = flag::metadata, .sequence = connect_number, .annotations = along});
  }
  void welcome(std::string level = "3", std::string_view said = offers) { peer->say(welcome_text(std::move(level), said)); }
  static std::string result(const answer& of, std::string_view text) {
    return frame_of(text, {.type = message::result, .sequence = of.sequence});
  }
  static std::string pong(const answer& of) {
    return frame_of("pong", {.type = message::ping, .sequence = of.sequence, .serializer = of.serializer});
  }
  answer request() {
    auto heard = peer->hear();
    EXPECT_TRUE(heard);
    return heard.value_or(answer{});
  }
  answer early_request() {
    const answer heard = request();
    EXPECT_EQ(heard.type, message::ping);
    EXPECT_TRUE(heard.has("ENGE"));
    return heard;
  }
  answer ordinary_request() {
    const answer heard = request();
    EXPECT_EQ(heard.type, message::invoke);
    EXPECT_FALSE(heard.has("ENGE"));
    return heard;
  }
  bool nothing_came() { return ::recv(peer->descriptor(), &byte_, 1, MSG_DONTWAIT | MSG_PEEK) < 0; }
  auto adding(int a, int b) {
    return std::async(std::launch::async, [this, a, b] { return client->add(a, b); });
  }

  silent_server server;
  std::optional<raw_peer> peer;
  std::optional<proxy<thing>> client;
  std::uint16_t connect_number = 0;

 private:
  char byte_ = 0;
};

TEST_F(early_requests, leave_before_the_daemon_has_said_anything_and_later_ones_are_ordinary) {
  know();
  auto sum = adding(1, 2);
  meet();
  const answer asked = early_request();
  EXPECT_EQ(asked.serializer, msgpack().id_48);
  EXPECT_NE(asked.payload.find("add"), std::string::npos);
  peer->say(welcome_text() + result(asked, "3"));
  EXPECT_EQ(sum.get(), 3);
  auto next = adding(3, 4);
  peer->say(result(ordinary_request(), "7"));
  EXPECT_EQ(next.get(), 7);
}

TEST_F(early_requests, are_not_made_to_daemons_that_have_not_said_they_take_them) {
  for (const char* level : {"2", ""}) {
    know(level);
    auto sum = adding(1, 2);
    meet();
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(nothing_came());
    welcome(level);
    peer->say(result(ordinary_request(), "3"));
    EXPECT_EQ(sum.get(), 3);
    client.reset();
  }
}

TEST_F(early_requests, are_made_again_in_the_ordinary_way_where_another_daemon_takes_them_for_pings) {
  know();
  auto sum = adding(1, 2);
  meet();
  peer->say(welcome_text("") + pong(early_request()));
  const answer again = ordinary_request();
  EXPECT_EQ(again.serializer, 1) << "as was asked for, not as two of ours would agree";
  peer->say(result(again, "3"));
  EXPECT_EQ(sum.get(), 3);
  EXPECT_FALSE(connection_of(*client)->own_peer);
}

TEST_F(early_requests, may_be_passed_over_by_who_takes_them_otherwise) {
  know();
  auto sum = adding(1, 2);
  meet();
  peer->say(welcome_text() + pong(early_request()));
  peer->say(result(ordinary_request(), "3"));
  EXPECT_EQ(sum.get(), 3);
}

TEST_F(early_requests, fail_with_the_reason_of_a_refusal_and_the_next_is_ordinary) {
  know();
  auto sum = adding(1, 2);
  meet();
  early_request();
  peer->say(frame_of("'no room'", {.type = message::connect_fail, .sequence = connect_number}));
  EXPECT_EQ(failure_text([&] { sum.get(); }), "Pyro4.errors.CommunicationError: connection to ('127.0.0.1', " + std::to_string(server.port()) + ") rejected: no room");
  EXPECT_FALSE(peer->hear());
  auto next = adding(3, 4);
  meet();
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(nothing_came());
  welcome();
  peer->say(result(ordinary_request(), "7"));
  EXPECT_EQ(next.get(), 7);
}

TEST_F(early_requests, of_any_size_are_given_up_when_the_connection_is_refused) {
  know();
  auto large = std::async(std::launch::async, [&] { return client->text(std::string(std::size_t{32} << 20, 'x')); });
  meet();
  peer->say(frame_of("'no room'", {.type = message::connect_fail, .sequence = connect_number}));
  EXPECT_THROW(large.get(), communication_error);
}

TEST_F(early_requests, without_an_answer_wait_for_the_welcome) {
  know();
  for (const bool declared : {true, false}) {
    auto firing = std::async(std::launch::async, [&] { declared ? client->fire(1) : oneway(*client).fire(1); });
    meet();
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(nothing_came());
    welcome();
    EXPECT_EQ(ordinary_request().flags & flag::oneway, flag::oneway);
    firing.get();
    release(*client);
    EXPECT_FALSE(peer->hear());
  }
}

TEST_F(early_requests, of_what_the_object_did_not_offer_wait_for_the_welcome_that_may_tell_of_it) {
  proxy<> untyped(server.uri(), quiet_proxy());
  be_known_to(untyped);
  auto size = std::async(std::launch::async, [&] { return untyped["size"]().as<int>(); });
  meet();
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(nothing_came());
  welcome("3", "{'handshake':'hello','meta':{'methods':['size'],'oneway':[],'attrs':[]}}");
  peer->say(result(ordinary_request(), "12"));
  EXPECT_EQ(size.get(), 12);
  EXPECT_EQ(failure_text([&] { untyped["add"](1, 2); }),
            "builtins.AttributeError: remote object '" + server.uri() + "' has no exposed attribute or method 'add'");
}

TEST_F(early_requests, with_a_stream_wait_for_the_welcome_so_that_who_is_refused_still_has_it) {
  daemon giving(on_loopback());
  proxy<> untyped(server.uri(), quiet_proxy());
  be_known_to(untyped);
  stream<int> numbers = stream_of(std::vector<int>{1, 2, 3});
  const auto give = [&] { return std::async(std::launch::async, [&] { return untyped["add"](numbers).as<int>(); }); };
  auto refused = give();
  meet();
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(nothing_came());
  peer->say(frame_of("'no room'", {.type = message::connect_fail, .sequence = connect_number}));
  EXPECT_THROW(refused.get(), communication_error);
  auto taken = give();
  meet();
  welcome();
  const answer asked = ordinary_request();
  EXPECT_NE(asked.payload.find("engine.Stream"), std::string::npos);
  peer->say(result(asked, "6"));
  EXPECT_EQ(taken.get(), 6);
}

TEST_F(early_requests, have_their_time_from_the_welcome_on_unless_it_is_for_connecting_too) {
  know();
  set_timeout(*client, 400ms);
  auto sum = adding(1, 2);
  meet();
  const answer asked = early_request();
  EXPECT_FALSE(asked.has("ENGD"));
  std::this_thread::sleep_for(250ms);
  welcome();
  std::this_thread::sleep_for(250ms);
  peer->say(result(asked, "3"));
  EXPECT_EQ(sum.get(), 3);
  release(*client);
  auto limited = std::async(std::launch::async, [&] { return within(400ms, *client).add(1, 2); });
  meet();
  std::this_thread::sleep_for(250ms);
  welcome();
  EXPECT_THROW(limited.get(), timed_out);
}

TEST_F(early_requests, that_end_by_an_exception_of_the_users_own_leave_a_proxy_that_connects_anew) {
  proxy_options hooked = quiet_proxy();
  bool throws = false;
  hooked.response_annotations = [&](const annotation_view&, message) {
    if (std::exchange(throws, false)) throw std::runtime_error("it must not");
  };
  know("3", hooked);
  throws = true;
  auto sum = adding(1, 2);
  meet();
  welcome();
  EXPECT_THROW(sum.get(), std::runtime_error);
  auto next = adding(3, 4);
  meet();
  welcome();
  peer->say(result(ordinary_request(), "7"));
  EXPECT_EQ(next.get(), 7);
}

TEST_F(early_requests, that_cannot_be_written_leave_a_connection_that_is_welcomed) {
  proxy<> untyped(server.uri(), quiet_proxy());
  be_known_to(untyped);
  auto failing = std::async(std::launch::async, [&] { return failure_text([&] { untyped["text"](std::string("\xff")); }); });
  meet();
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(nothing_came());
  welcome();
  EXPECT_NE(failing.get(), "no failure");
  auto sum = std::async(std::launch::async, [&] { return untyped["add"](1, 2).as<int>(); });
  peer->say(result(ordinary_request(), "3"));
  EXPECT_EQ(sum.get(), 3);
}

TEST_F(early_requests, fail_when_the_connection_is_lost_and_are_repeated_where_that_is_allowed) {
  know();
  auto sum = adding(1, 2);
  meet();
  early_request();
  peer.reset();
  EXPECT_THROW(sum.get(), connection_closed);
  set_max_retries(*client, 1);
  auto again = adding(3, 4);
  meet();
  peer.reset();
  meet();
  welcome();
  peer->say(result(ordinary_request(), "7"));
  EXPECT_EQ(again.get(), 7);
}

TEST_F(early_requests, are_over_when_their_time_is_and_the_next_connects_anew) {
  know();
  EXPECT_THROW(within(30ms, *client).add(1, 2), timed_out);
  meet();
  auto sum = adding(1, 2);
  meet();
  welcome();
  peer->say(result(ordinary_request(), "3"));
  EXPECT_EQ(sum.get(), 3);
}

TEST_F(early_requests, wait_for_the_welcome_even_when_they_have_been_answered) {
  know();
  auto sum = adding(1, 2);
  meet();
  peer->say(result(early_request(), "3"));
  EXPECT_EQ(sum.wait_for(20ms), std::future_status::timeout);
  welcome();
  EXPECT_EQ(sum.get(), 3);
}

TEST_F(early_requests, hold_up_the_calls_of_other_threads_until_the_welcome) {
  know();
  auto sum = adding(1, 2);
  meet();
  const answer first = early_request();
  auto other = adding(3, 4);
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(nothing_came());
  peer->say(welcome_text() + result(first, "3"));
  peer->say(result(ordinary_request(), "7"));
  EXPECT_EQ(sum.get(), 3);
  EXPECT_EQ(other.get(), 7);
}

TEST_F(early_requests, fail_when_the_proxy_is_released_meanwhile) {
  know();
  auto sum = adding(1, 2);
  meet();
  early_request();
  release(*client);
  EXPECT_EQ(failure_text([&] { sum.get(); }), "Pyro4.errors.ConnectionClosedError: the proxy has been released");
  auto next = adding(3, 4);
  meet();
  welcome();
  peer->say(result(ordinary_request(), "7"));
  EXPECT_EQ(next.get(), 7);
}

TEST_F(early_requests, are_not_made_by_who_judges_the_welcome_first) {
  proxy_options judging = quiet_proxy();
  int judged = 0;
  judging.validate_handshake = [&](const value& said) {
    ++judged;
    EXPECT_EQ(said, value("hello"));
  };
  know("3", judging);
  auto sum = adding(1, 2);
  meet();
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(nothing_came());
  welcome();
  peer->say(result(ordinary_request(), "3"));
  EXPECT_EQ(sum.get(), 3);
  EXPECT_EQ(judged, 2);
}

TEST(early_requests_to_a_daemon, cost_one_system_call_to_send_and_one_to_receive) {
  daemon host(on_loopback());
  thing object;
  proxy<thing> p(host.expose(object, "thing"), quiet_proxy());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(p.add(1, i), 1 + i);
    EXPECT_LE(detail::proxy_access::of(p)->counted().system_calls, i == 0 ? 4u : 2u);
    release(p);
  }
}

TEST(early_requests_to_a_daemon, are_served_as_all_others_in_every_style) {
  daemon host(on_loopback(2));
  thing first, second;
  const uri here = host.expose(first, "first"), elsewhere = host.expose(second, "second");
  for (const auto& [where, object] : {std::pair<uri, thing*>(here, &first), {elsewhere, &second}}) {  // each on a core of its own
    for (const char* key : {"", "secret"}) {
      host.set_hmac_key(key);
      proxy_options options = quiet_proxy();
      options.hmac_key = key;
      proxy<thing> p(where, options);
      proxy<> untyped(where, options);
      const auto anew = [&](auto& one) -> auto& {
        release(one);
        return one;
      };
      connect(p);
      connect(untyped);
      EXPECT_EQ(anew(p).add(1, 2), 3);
      EXPECT_EQ(anew(p).label(), "none");
      EXPECT_EQ(anew(p).text(std::string(1 << 20, 'x')).size(), std::size_t{1} << 20);
      EXPECT_EQ(anew(p).measure(std::vector<std::byte>(std::size_t{3} << 20)), std::size_t{3} << 20);
      EXPECT_EQ(failure_text([&] { anew(p).fail("ValueError", "wrong"); }), "builtins.ValueError: wrong");
      EXPECT_EQ(anew(untyped)["add"](3, 4).as<int>(), 7);
      EXPECT_EQ(failure_text([&] { anew(untyped)["nothing"](); }),
                "builtins.AttributeError: remote object '" + where.to_string() + "' has no exposed attribute or method 'nothing'");
      EXPECT_EQ(attempt(anew(p)).add(5, 6).value(), 11);
      anew(p).fire(1);
      EXPECT_TRUE(eventually([&] { return object->fired == 1; }));
      object->fired = 0;
      EXPECT_EQ(within(20s, anew(p)).add(1, 2), 3);
    }
  }
}

TEST(early_requests_to_a_daemon, find_the_one_that_has_taken_its_place) {
  thing object;
  auto host = std::make_unique<daemon>(on_loopback());
  const uri where = host->expose(object, "thing");
  proxy<thing> p(where, quiet_proxy());
  EXPECT_EQ(p.add(1, 2), 3);
  release(p);
  host.reset();
  daemon_options same = on_loopback();
  same.port = static_cast<std::uint16_t>(where.port());
  daemon next(same);
  EXPECT_NE(failure_text([&] { p.add(1, 2); }).find("unknown object"), std::string::npos);
  next.expose(object, "thing");
  EXPECT_EQ(p.add(1, 2), 3);
}

}  // namespace
}  // namespace engine::test
