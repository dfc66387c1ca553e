// Inside a call: who calls, what came with it, what goes back with it, and what the connection's end closes.
#include <engine/object/call_context.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <engine/io/log.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

struct resource {
  explicit resource(std::atomic<int>& n) : closed(n) {}
  void close() { ++closed; }
  std::atomic<int>& closed;
};

class informer {
 public:
  /// The process that calls over a Unix socket, and its user.
  std::pair<int, int> caller() {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(this_call().descriptor(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {-1, -1};
    return {who.pid, static_cast<int>(who.uid)};
  }
  value about() {
    auto& call = this_call();
    value::dict d;
    d.set("peer", std::string(call.peer()));
    d.set("object", std::string(call.object_id()));
    d.set("serializer", std::string(call.serializer()));
    d.set("sequence", static_cast<std::int64_t>(call.sequence()));
    d.set("flags", static_cast<std::int64_t>(call.flags()));
    d.set("correlation", call.correlation_id());
    d.set("connection", static_cast<std::int64_t>(call.connection()));
    return d;
  }
  std::string annotation(const std::string& key) {
    const auto found = this_call().annotations().find(key);
    return found ? std::string(reinterpret_cast<const char*>(found->data()), found->size()) : "none";
  }
  void annotate(const std::string& key, const std::string& text) {
    this_call().annotate(key, text);
  }
  void annotate_twice() {
    this_call().annotate("XYZZ", "first");
    this_call().annotate("XYZZ", "second");
  }
  void track(int how_many) {
    for (int i = 0; i < how_many; ++i) {
      kept.push_back(std::make_shared<resource>(closed));
      this_call().track_resource(kept.back());
      this_call().track_resource(kept.back());
    }
  }
  void untrack_first() { this_call().untrack_resource(kept.front()); }
  void drop_last() { kept.pop_back(); }
  task<std::string> keep_across_suspension() {
    auto& call = this_call();
    promise<int> soon;
    auto arriving = soon.get_future();
    soon.succeed(1);
    co_await arriving;
    co_return std::string(call.peer());
  }
  stream<int> annotated_items(int last) {
    for (int i = 1; i <= last; ++i) {
      this_call().annotate("ITEM", std::to_string(i));
      co_yield i;
    }
  }
  stream<int> annotated_aside(int last) { return annotated_items(last); }
  std::string aside() { return this_call().peer(); }
  void fail(const std::string& text) { throw raised("ValueError", {text}); }
  void note_when_the_caller_has_gone() {
    const call_context& call = this_call();
    while (!call.cancelled()) std::this_thread::yield();
    const std::string said = annotation("USER");
    const std::scoped_lock lock(mutex);
    noted = call.peer() + " " + call.correlation_id() + " " + said;
  }
  std::string what_was_noted() {
    const std::scoped_lock lock(mutex);
    return noted;
  }

  std::mutex mutex;
  std::string noted;
  std::vector<std::shared_ptr<resource>> kept;
  std::atomic<int> closed{0};
};
ENGINE_EXPOSE(informer, about, caller, annotation, annotate, annotate_twice, track, untrack_first, drop_last, keep_across_suspension, annotated_items, annotated_aside,
              aside, fail, note_when_the_caller_has_gone, what_was_noted)
ENGINE_MARK(informer, note_when_the_caller_has_gone, .oneway = true, .blocking = true)
ENGINE_MARK(informer, annotated_aside, .blocking = true)
ENGINE_MARK(informer, aside, .blocking = true)

class call_contexts : public ::testing::Test {
 protected:
  call_contexts() { peer.greet("informer"); }
  answer ask(const std::string& method, const std::string& arguments = "()") {
    peer.say(call_frame("informer", method, arguments, 7));
    return peer.hear().value();
  }
  informer object;
  daemon host{on_loopback()};
  uri where = host.expose(object, "informer");
  raw_peer peer{host};
};

TEST_F(call_contexts, know_the_caller_and_its_request) {
  const value about = ask("about").body();
  const auto& d = *about.get_if<value::dict>();
  EXPECT_TRUE(d.find("peer")->as<std::string>().starts_with("127.0.0.1:"));
  EXPECT_EQ(*d.find("object"), value("informer"));
  EXPECT_EQ(*d.find("serializer"), value("serpent"));
  EXPECT_EQ(*d.find("sequence"), value(7));
  EXPECT_EQ(*d.find("flags"), value(0));
  EXPECT_EQ(d.find("correlation")->as<std::string>().size(), 36u);
  raw_peer other(host);
  other.greet("informer");
  other.say(call_frame("informer", "about"));
  EXPECT_NE(*other.hear()->body().get_if<value::dict>()->find("connection"), *d.find("connection"));
}

TEST_F(call_contexts, carry_the_callers_correlation_id_into_the_method_and_back) {
  const std::string id("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
  peer.say(frame_of("# serpent utf-8 python3.2\n('informer','about',(),{})", {.annotations = {{"CORR", id}}}));
  const answer a = peer.hear().value();
  EXPECT_EQ(a.annotations.at("CORR"), id);
  EXPECT_EQ(*a.body().get_if<value::dict>()->find("correlation"), value("00112233-4455-6677-8899-aabbccddeeff"));
}

TEST_F(call_contexts, tell_a_method_the_id_that_its_answer_will_carry) {
  const answer a = ask("about");
  std::string text = a.body().get_if<value::dict>()->find("correlation")->as<std::string>();
  std::erase(text, '-');
  std::string hex;
  for (const char c : a.annotations.at("CORR")) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    hex += two;
  }
  EXPECT_EQ(text, hex);
}

TEST_F(call_contexts, show_the_requests_annotations_and_take_the_answers) {
  peer.say(frame_of("# serpent utf-8 python3.2\n('informer','annotation',('XYZZ',),{})", {.annotations = {{"XYZZ", "hello"}}}));
  EXPECT_EQ(peer.hear()->body(), value("hello"));
  EXPECT_EQ(ask("annotation", "('NONE',)").body(), value("none"));
  const answer a = ask("annotate", "('ABCD','back')");
  EXPECT_EQ(a.annotations.at("ABCD"), "back");
  EXPECT_TRUE(a.has("CORR"));
  EXPECT_EQ(ask("annotate_twice").annotations.at("XYZZ"), "second");
  EXPECT_FALSE(ask("about").has("ABCD"));  // for one answer only
}

TEST_F(call_contexts, refuse_annotations_that_no_frame_can_carry) {
  peer.say(call_frame("informer", "annotate", "('TOOLONG','x')"));
  EXPECT_TRUE(peer.closed_by_peer());  // ProtocolError from a method: no answer, and the end (WIRE 5.4)
  EXPECT_EQ(object.closed, 0);
}

TEST_F(call_contexts, refuse_annotations_that_are_the_engines_own) {
  peer.say(call_frame("informer", "annotate", "('ENGN','2')"));
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST_F(call_contexts, close_tracked_resources_when_the_connection_ends) {
  ask("track", "(3,)");
  ask("untrack_first");
  ask("drop_last");  // already gone: not touched
  EXPECT_EQ(object.closed, 0);
  peer.vanish();
  EXPECT_TRUE(eventually([&] { return object.closed == 1; }));
  EXPECT_TRUE(eventually([&] { return host.connections() == 0; }));
  EXPECT_EQ(object.closed, 1);
}

TEST_F(call_contexts, stay_good_in_a_coroutine_and_exist_on_side_threads) {
  EXPECT_TRUE(ask("keep_across_suspension").body().as<std::string>().starts_with("127.0.0.1:"));
  EXPECT_TRUE(ask("aside").body().as<std::string>().starts_with("127.0.0.1:"));
}

TEST_F(call_contexts, of_oneway_calls_on_side_threads_stay_good_when_the_caller_has_gone) {
  const std::string from = ask("aside").body().as<std::string>();
  {
    raw_peer leaving = std::move(peer);
    leaving.say(frame_of("# serpent utf-8 python3.2\n('informer','note_when_the_caller_has_gone',(),{})",
                         {.flags = flag::oneway, .annotations = {{"CORR", std::string(16, '\x11')}, {"USER", "ann"}}}));
  }
  EXPECT_TRUE(eventually([&] { return !object.what_was_noted().empty(); }));
  EXPECT_EQ(object.what_was_noted(), from + " 11111111-1111-1111-1111-111111111111 ann");
}

TEST_F(call_contexts, of_a_streams_body_are_those_that_ask_for_its_items) {
  for (const char* method : {"annotated_items", "annotated_aside"}) {
    const std::string id = ask(method, "(2,)").annotations.at("STRM");
    for (int i = 1; i <= 2; ++i) {
      peer.say(call_frame("Pyro.Daemon", "get_next_stream_item", "['" + id + "']"));
      const answer item = peer.hear().value();
      EXPECT_EQ(item.body(), value(i));
      EXPECT_EQ(item.annotations.at("ITEM"), std::to_string(i));
    }
  }
}

TEST(call_context, is_nothing_outside_a_call) {
  EXPECT_EQ(current_call(), nullptr);
  EXPECT_THROW(static_cast<void>(this_call()), error);
}

TEST(callers_on_unix_sockets, are_known_by_process_and_user) {
  auto options = on_loopback(2);
  options.unix_only = true;
  options.unix_socket = abstract_name("caller");
  daemon host(options);
  informer object;
  host.expose(object, "other");  // on the first core
  informer second;
  const proxy<informer> p(host.expose(second, "informer"), quiet_proxy());  // on another one than accepts
  proxy<informer> mine = p;
  EXPECT_EQ(mine.caller(), std::pair(static_cast<int>(::getpid()), static_cast<int>(::getuid())));
}

// ---- the daemon's hooks

TEST(daemon_hooks, that_say_what_is_not_theirs_end_the_connection_at_its_first_answer) {
  informer object;
  for (const char* key : {"ENGN", "HMAC", "TOOLONG"}) {
    auto options = on_loopback();
    options.annotations = [key] { return std::vector<std::pair<std::string, bytes>>{{key, bytes(1)}}; };
    daemon host(options);
    host.expose(object, "informer");
    raw_peer peer(host);
    peer.say(connect_frame("informer"));
    EXPECT_TRUE(peer.closed_by_peer()) << key;
  }
  auto options = on_loopback();
  std::atomic<bool> broken{false};
  options.annotations = [&]() -> std::vector<std::pair<std::string, bytes>> {
    if (broken) throw std::runtime_error("out of annotations");
    return {};
  };
  daemon host(options);
  host.expose(object, "informer");
  raw_peer peer(host);
  peer.greet("informer");
  broken = true;
  peer.say(frame_of("ping", {.type = message::ping}));
  EXPECT_TRUE(peer.closed_by_peer());
}

TEST(daemon_hooks, annotate_every_answer_hear_of_errors_and_of_clients_that_leave) {
  std::mutex mutex;
  std::vector<std::string> errors, left;
  auto options = on_loopback();
  options.annotations = [] { return std::vector<std::pair<std::string, bytes>>{{"DAEM", bytes(3, std::byte{'d'})}}; };
  options.method_error = [&](const call_context& call, std::string_view method, const std::exception_ptr& e) {
    const std::scoped_lock lock(mutex);
    errors.push_back(std::string(method) + " for " + std::string(call.object_id()) + ": " + wire_exception::describe(e).text());
  };
  options.client_disconnect = [&](const std::string& who) {
    const std::scoped_lock lock(mutex);
    left.push_back(who);
  };
  informer object;
  daemon host(options);
  host.expose(object, "informer");
  {
    raw_peer peer(host);
    EXPECT_EQ(peer.greet("informer").annotations.at("DAEM"), "ddd");
    peer.say(call_frame("informer", "about"));
    EXPECT_EQ(peer.hear()->annotations.at("DAEM"), "ddd");
    peer.say(call_frame("informer", "fail", "('bad',)"));
    const answer failed = peer.hear().value();
    EXPECT_EQ(failed.exception().text(), "bad");
    EXPECT_EQ(failed.annotations.at("DAEM"), "ddd");
  }
  EXPECT_TRUE(eventually([&] {
    const std::scoped_lock lock(mutex);
    return left.size() == 1;
  }));
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(errors, std::vector<std::string>{"fail for informer: bad"});
  EXPECT_TRUE(left[0].starts_with("127.0.0.1:"));
}

class refuser {
 public:
  void refuse(std::string what, int) { throw std::runtime_error(what); }
};
ENGINE_EXPOSE(refuser, refuse)
ENGINE_MARK(refuser, refuse, .parameters = "what, count")

TEST(daemon_hooks, hear_with_an_error_what_the_method_was_called_with) {
  std::mutex mutex;
  std::vector<std::string> told;
  auto options = on_loopback();
  options.method_error = [&](const call_context& call, std::string_view method, const std::exception_ptr&) {
    const std::scoped_lock lock(mutex);
    told.push_back(std::string(method) + shown(call.arguments()));
  };
  refuser object;
  daemon host(options);
  host.expose(object, "refuser");
  raw_peer peer(host);
  peer.greet("refuser");
  for (const auto& [positional, keywords] : {std::pair{"('bad',1)", "{}"}, {"('worse',)", "{'count':2}"}, {"()", "{'count':3,'what':''}"}}) {
    peer.say(call_frame("refuser", "refuse", positional, 1, keywords));
    ASSERT_TRUE(peer.hear());
  }
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(told, (std::vector<std::string>{"refuse('bad', 1)", "refuse('worse', count=2)", "refuse(count=3, what='')"}));
}

TEST(daemon_hooks, are_the_log_where_the_program_has_none) {
  const log_capture log;
  refuser object;
  daemon host(on_loopback());
  host.expose(object, "refuser");
  raw_peer peer(host);
  peer.greet("refuser");
  peer.say(call_frame("refuser", "refuse", "('bad',1)"));
  ASSERT_TRUE(peer.hear());
  EXPECT_TRUE(log.has(": refuser.refuse('bad', 1) threw builtins.RuntimeError: bad")) << testing::PrintToString(log.lines());
}

}  // namespace
}  // namespace engine::test
