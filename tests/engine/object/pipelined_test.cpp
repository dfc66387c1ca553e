// Calls upon results that are not there yet: one round trip where the daemon is ours, the same results where it is not; and what becomes of
// them when the first call fails, gives something else, or the connection ends.
#include <engine/core/cores.hpp>
#include <engine/object/pipelined.hpp>
#include <engine/object/promises.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <tests/support/worlds.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

using testing_support::world;

class folder;

/// Holds coroutines up until it is opened, for good.
class gate {
 public:
  future<void> passed() {
    const std::scoped_lock lock(mutex_);
    promise<void> one;
    auto f = one.get_future();
    if (open_) one.succeed();
    else waiting_.push_back(std::move(one));
    return f;
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    for (auto& each : waiting_) each.succeed();
    waiting_.clear();
  }

 private:
  std::mutex mutex_;
  bool open_ = false;
  std::vector<promise<void>> waiting_;
};

class file {
 public:
  explicit file(std::string said) : text(std::move(said)) {}
  std::string read(int from, int count) {
    ++reads;
    return text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(count));
  }
  task<std::string> read_later(std::string_view unit) {
    const std::string mine(unit);
    co_return text + mine;
  }
  std::string read_aside(std::string_view unit) { return text + std::string(unit); }
  void touch() { ++touched; }
  folder* within() { return parent; }
  std::string text;
  folder* parent = nullptr;
  std::atomic<int> reads{0}, touched{0};
};
ENGINE_EXPOSE(file, read, read_later, read_aside, touch, within, text)
ENGINE_ONEWAY(file, touch)
ENGINE_MARK(file, read_aside, .blocking = true)

class folder {
 public:
  file* open(std::string_view name) {
    if (name != "notes") throw raised("builtins.KeyError", {std::string(name)});
    return notes;
  }
  /// Not before the gate is opened.
  task<file*> open_later(std::string name) {
    ++waiting;
    auto opened = door.passed();
    co_await opened;
    co_return open(name);
  }
  file* open_aside(std::string name) {
    ++waiting;
    side_gate.get_future().wait();
    return open(name);
  }
  /// Blocks until its caller cancels.
  file* open_when_cancelled() {
    while (!this_call().cancelled()) std::this_thread::sleep_for(1ms);
    return notes;
  }
  proxy<file> elsewhere() { return link; }
  int number(int n) { return n; }
  void complain(int length) { throw raised("builtins.ValueError", {std::string(static_cast<std::size_t>(length), 'x')}); }
  file* notes = nullptr;
  proxy<file> link{};
  gate door{};
  std::promise<void> side_gate{};
  std::atomic<int> waiting{0};
};
ENGINE_EXPOSE(folder, open, open_later, open_aside, open_when_cancelled, elsewhere, number, complain)
ENGINE_MARK(folder, open_aside, .blocking = true)
ENGINE_MARK(folder, open_when_cancelled, .blocking = true)

std::string text_of(std::exception_ptr e) {
  try {
    std::rethrow_exception(e);
  } catch (const std::exception& what) {
    return what.what();
  }
}

/// How the two speak, and on what the daemon's cores run.
struct way {
  world under;
  bool by_unix;
};

class pipelined_calls : public testing::TestWithParam<way> {
 protected:
  void SetUp() override {
    if (const std::string no = testing_support::refusal(GetParam().under); !no.empty()) GTEST_SKIP() << no;
    host.emplace(options());
    notes.parent = &shelf;
    shelf.notes = &notes;
    where = host->expose(shelf, "shelf");
    host->expose(notes, "notes");  // on another core than the folder
    p.emplace(where, quiet_proxy());
  }
  daemon_options options() {
    daemon_options o = on_loopback(2);
    o.settings->backend = GetParam().under == world::uring ? backend_choice::uring : backend_choice::epoll;
    if (GetParam().by_unix) {
      o.unix_only = true;
      o.unix_socket = abstract_name("pipelined");
    }
    return o;
  }
  /// The connection is there, and everything written so far has left, been read, and begun.
  void pass_by() { EXPECT_EQ(async(*p).number(7).get(), 7); }

  folder shelf;
  file notes{"as time goes by"};
  std::optional<daemon> host{};
  uri where{};
  std::optional<proxy<folder>> p{};
};
INSTANTIATE_TEST_SUITE_P(Ways, pipelined_calls,
                         testing::Values(way{world::uring, false}, way{world::uring, true}, way{world::epoll, false}, way{world::epoll, true}),
                         [](const auto& info) {
                           return std::string(info.param.under == world::uring ? "uring" : "epoll") + (info.param.by_unix ? "_unix" : "_tcp");
                         });

TEST_P(pipelined_calls, are_answered_by_what_the_first_call_returns_over_its_connection) {
  auto opened = async(*p).open("notes");
  auto text = pipelined(opened).read(3, 4);
  auto whole = pipelined(opened).text();
  EXPECT_EQ(text.get(), "time");
  EXPECT_EQ(whole.get(), "as time goes by");
  EXPECT_EQ(host->connections(), 1u);
  auto itself = opened.get();  // the first call's own result is there as ever, and has a connection of its own
  EXPECT_EQ(itself.read(0, 2), "as");
  EXPECT_EQ(host->connections(), 2u);
}

TEST_P(pipelined_calls, make_chains_of_any_length) {
  auto deep = pipelined(pipelined(pipelined(async(*p).open("notes")).within()).open("notes")).read(8, 4);
  EXPECT_EQ(deep.get(), "goes");
  EXPECT_EQ(host->connections(), 1u);
}

TEST_P(pipelined_calls, wait_at_the_daemon_without_holding_up_others) {
  auto opened = async(*p).open_later("notes");
  auto text = pipelined(opened).read(3, 4);
  auto later = pipelined(opened).read_later("!");
  auto aside = pipelined(opened).read_aside("?");
  pass_by();  // read by the daemon behind the three, and answered before them
  EXPECT_EQ(notes.reads, 0);
  EXPECT_FALSE(opened.ready() || text.ready());
  shelf.door.open();
  EXPECT_EQ(text.get(), "time");
  EXPECT_EQ(later.get(), "as time goes by!");
  EXPECT_EQ(aside.get(), "as time goes by?");
  EXPECT_EQ(host->connections(), 1u);
}

TEST_P(pipelined_calls, wait_for_methods_that_block) {
  auto opened = async(*p).open_aside("notes");
  auto text = pipelined(opened).read(3, 4);
  auto aside = pipelined(opened).read_aside("?");
  pass_by();
  EXPECT_EQ(notes.reads, 0);
  shelf.side_gate.set_value();
  EXPECT_EQ(text.get(), "time");
  EXPECT_EQ(aside.get(), "as time goes by?");
}

TEST_P(pipelined_calls, without_answers_run_when_the_first_has) {
  auto opened = async(*p).open_later("notes");
  auto touched = pipelined(opened).touch();
  pass_by();
  EXPECT_EQ(notes.touched, 0);
  shelf.door.open();
  EXPECT_TRUE(eventually([&] { return notes.touched == 1; }));
  touched.get();
  opened.wait();
}

TEST_P(pipelined_calls, fail_as_the_first_call_does) {
  auto opened = async(*p).open("letters");
  auto text = pipelined(opened).read(3, 4);
  auto deep = pipelined(pipelined(opened).within()).open("notes");
  try {
    opened.get();
    FAIL();
  } catch (const raised& first) {
    for (auto* each : {&text}) {
      try {
        each->get();
        FAIL();
      } catch (const raised& second) {
        EXPECT_EQ(second.type(), first.type());
        EXPECT_STREQ(second.what(), first.what());
        EXPECT_EQ(second.traceback(), first.traceback());
        EXPECT_EQ(second.type(), "builtins.KeyError");
      }
    }
  }
  EXPECT_THROW(deep.get(), raised);
  EXPECT_EQ(notes.reads, 0);
  pass_by();
  EXPECT_EQ(host->connections(), 1u);
}

TEST_P(pipelined_calls, are_refused_when_the_result_is_elsewhere) {
  daemon other(on_loopback());
  file far("far away");
  shelf.link = proxy<file>(other.expose(far, "notes"), quiet_proxy());  // of the same id, to be sure
  auto opened = async(*p).elsewhere();
  pass_by();
  auto late = async(*p).elsewhere();
  auto text = pipelined(late).read(0, 3);
  const std::string why = failure_text([&] { text.get(); });
  EXPECT_TRUE(why.ends_with("DaemonError: the result of the earlier call is no object of this daemon: if it is a proxy, call that")) << why;
  EXPECT_EQ(notes.reads + far.reads, 0);
  EXPECT_EQ(late.get().read(0, 3), "far");
  EXPECT_EQ(pipelined(opened).read(0, 3).get(), "far");  // what is there already is simply called
}

TEST_P(pipelined_calls, upon_more_results_than_are_kept_are_refused) {
  std::vector<future<proxy<file>>> all;
  pass_by();
  for (std::size_t i = 0; i <= kept_results::most; ++i) all.push_back(async(*p).open_later("notes"));
  auto kept = pipelined(all.front()).read(0, 2);
  auto one_too_many = pipelined(all.back()).read(0, 2);
  EXPECT_TRUE(failure_text([&] { one_too_many.get(); }).find("is not kept (any more)") != std::string::npos);
  EXPECT_FALSE(kept.ready());
  shelf.door.open();
  EXPECT_EQ(kept.get(), "as");
}

TEST_P(pipelined_calls, end_with_their_connection_and_do_not_run) {
  set_max_retries(*p, 3);
  auto opened = async(*p).open_later("notes");
  auto text = pipelined(opened).read(3, 4);
  pass_by();
  release(*p);
  EXPECT_THROW(text.get(), connection_closed);  // and is not tried again: what it was called upon has gone
  opened = {};
  EXPECT_TRUE(eventually([&] { return shelf.waiting >= 1; }));
  shelf.door.open();
  EXPECT_TRUE(eventually([&] { return host->connections() == 0; }));
  EXPECT_EQ(notes.reads, 0);
}

TEST_P(pipelined_calls, that_were_cancelled_know_it_when_they_begin) {
  auto opened = async(*p).open_later("notes");
  auto text = pipelined(opened).read(3, 4);
  pass_by();
  text.cancel();
  opened.cancel();
  shelf.door.open();
  EXPECT_EQ(text.get(), "time");  // neither of the two asks
}

// ---- without a daemon that can do it

TEST_P(pipelined_calls, upon_other_futures_are_made_when_the_result_is_there) {
  auto opened = async(*p).open("notes").then([](proxy<file> f) { return f; });
  auto text = pipelined(opened).read(3, 4);
  auto more = pipelined(opened).read_later(std::string("!"));
  EXPECT_EQ(more.get(), "as time goes by!");
  EXPECT_EQ(opened.get().read(0, 2), "as");
  EXPECT_EQ(text.get(), "time");
  promise<proxy<file>> by_hand;
  auto given = by_hand.get_future();
  auto size = pipelined(given).text();
  by_hand.succeed(host->proxy_for(notes));
  EXPECT_EQ(size.get(), "as time goes by");
  auto failing = async(*p).open("letters").then([](proxy<file> f) { return f; });
  auto none = pipelined(failing).read(0, 1);
  EXPECT_THROW(none.get(), raised);
  EXPECT_THROW(failing.get(), raised);
  EXPECT_THROW(static_cast<void>(pipelined(failing).read(0, 1)), error);
}

// ---- on cores

task<> read_on_core(const proxy<folder>& p, std::string name, promise<std::string> said) {
  try {
    auto opened = async(p).open(name);
    auto text = pipelined(opened).read(3, 4);
    const std::string first = co_await text;
    auto deep = pipelined(pipelined(opened).within()).open(name);
    const proxy<file> again = co_await deep;
    said.succeed(first + " " + uri_of(again).object());
  } catch (...) {
    said.succeed(text_of(std::current_exception()));
  }
}

TEST_P(pipelined_calls, on_cores_are_awaited_and_the_first_ones_find_their_way) {
  cores_options o;
  o.each.spin = 0us;
  cores mine(o);
  const auto start = [&](std::string name) {
    promise<std::string> said;
    auto heard = said.get_future();
    mine.run_on(0, [&](core&) { spawn(read_on_core(*p, name, std::move(said))); });
    return heard.get();
  };
  EXPECT_EQ(start("notes"), "time notes");  // before the connection is there nobody knows what the daemon can do
  const auto before = host->connections();
  EXPECT_EQ(start("notes"), "time notes");
  EXPECT_EQ(start("letters"), "'letters'");
  EXPECT_LE(host->connections(), before + 1);  // only what is called when it is there has a connection of its own
}

task<> wait_on_core(const proxy<folder>& p, promise<std::string> said) {
  try {
    std::string refused;
    auto opened = async(p).open_later("notes");
    auto text = pipelined(opened).read(3, 4);  // waits here, for the connection is not there yet
    const auto refusal_of = [&](auto& f) {
      try {
        f.wait();
      } catch (const std::exception& e) {
        refused += std::string(dynamic_cast<const would_block*>(&e) ? "would block" : "refused") + ", ";
      }
    };
    refusal_of(opened);
    refusal_of(text);
    const proxy<file> there = co_await opened;
    const std::string first = co_await text;
    said.succeed(refused + first + " " + uri_of(there).object());
  } catch (...) {
    said.succeed(text_of(std::current_exception()));
  }
}

TEST_P(pipelined_calls, on_cores_refuse_to_be_waited_for_there_and_can_be_awaited_still) {
  cores_options o;
  o.each.spin = 0us;
  cores mine(o);
  promise<std::string> said;
  auto heard = said.get_future();
  mine.run_on(0, [&](core&) { spawn(wait_on_core(*p, std::move(said))); });
  EXPECT_TRUE(eventually([&] { return shelf.waiting >= 1; }));
  shelf.door.open();
  EXPECT_EQ(heard.get(), "would block, refused, time notes");
}

task<> cancel_on_core(const proxy<folder>& p, promise<std::string> said) {
  auto opened = async(p).open_when_cancelled();
  auto text = pipelined(opened).read(3, 4);
  opened.cancel();
  const std::string first = co_await text;
  said.succeed(first);
}

TEST_P(pipelined_calls, made_when_the_result_is_there_leave_the_first_to_be_cancelled) {
  cores_options o;
  o.each.spin = 0us;
  cores mine(o);
  promise<std::string> said;
  auto heard = said.get_future();
  mine.run_on(0, [&](core&) { spawn(cancel_on_core(*p, std::move(said))); });
  EXPECT_EQ(heard.get(), "time");
}

// ---- seen from the wire

TEST(pipelined_requests, leave_before_the_first_is_answered) {
  silent_server server;
  std::optional<answer> first, second, third;
  std::jthread serving([&] {
    raw_peer peer(server.accept_one());
    const auto asked = peer.hear();
    peer.say(frame_of("# serpent utf-8 python3.2\n'hello'",
                      {.type = message::connect_ok, .sequence = asked->sequence, .annotations = {{"ENGN", "2"}}}));
    first = peer.hear();
    second = peer.hear();
    third = peer.hear();  // only now is anything answered
    const std::string shown = "{'__class__':'Pyro4.core.URI','state':('PYRO','notes',None,'localhost',1)}";
    const auto say = [&](const answer& to, const std::string& text) {
      peer.say(frame_of("# serpent utf-8 python3.2\n" + text, {.type = message::result, .sequence = to.sequence}));
    };
    say(*first, shown);
    say(*second, shown);
    say(*third, shown);
    peer.hear();
  });
  {
    proxy_options how = quiet_proxy();
    how.settings->metadata = false;
    how.serializer = "serpent";
    const proxy<folder> p(server.uri(), how);
    auto opened = async(p).open("notes");
    auto parent = pipelined(opened).within();
    auto again = pipelined(parent).open("notes");
    EXPECT_EQ(uri_of(again.get()).object(), "notes");
  }
  serving.join();
  ASSERT_TRUE(first && second && third);
  EXPECT_TRUE(first->has("ENGK"));
  EXPECT_FALSE(first->has("ENGP"));
  EXPECT_TRUE(second->has("ENGK"));
  const std::string number{static_cast<char>(first->sequence >> 8), static_cast<char>(first->sequence)};
  EXPECT_EQ(second->annotations["ENGP"], number);
  EXPECT_TRUE(third->has("ENGP") && third->has("ENGK"));
}

/// A request that says what it likes.
std::string asking(std::string_view object, std::string_view method, std::string_view arguments, std::uint16_t sequence,
                   std::map<std::string, std::string> annotations) {
  const std::string payload = "# serpent utf-8 python3.2\n('" + std::string(object) + "','" + std::string(method) + "'," + std::string(arguments) + ",{})";
  return frame_of(payload, {.sequence = sequence, .annotations = std::move(annotations)});
}

class raw_requests : public testing::Test {
 protected:
  raw_requests() {
    shelf.notes = &notes;
    host.expose(shelf, "shelf");
    host.expose(notes, "notes");
    peer.say(frame_of("# serpent utf-8 python3.2\n{'handshake':'hello','object':'shelf'}",
                      {.type = message::connect, .flags = flag::metadata, .annotations = {{"ENGN", "1"}}}));
    hello = peer.hear();
  }
  std::string refusal_of(std::string_view frame) {
    peer.say(frame);
    const auto said = peer.hear();
    return said ? said->exception().text() : "nothing";
  }
  folder shelf;
  file notes{"as time goes by"};
  daemon host{on_loopback()};
  raw_peer peer{host};
  std::optional<answer> hello{};
};

TEST_F(raw_requests, are_told_what_the_daemon_can_do) {
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->annotations["ENGN"], "3");
}

TEST_F(raw_requests, upon_numbers_that_mean_nothing_are_refused_and_the_connection_goes_on) {
  EXPECT_NE(refusal_of(asking("", "read", "(0,1)", 7, {{"ENGP", std::string("\x00\x09", 2)}})).find("not kept"), std::string::npos);
  EXPECT_NE(refusal_of(asking("", "read", "(0,1)", 8, {{"ENGP", std::string("\x00\x08", 2)}, {"ENGK", ""}})).find("not kept"), std::string::npos);
  EXPECT_NE(refusal_of(asking("", "read", "(0,1)", 9, {{"ENGP", "x"}})).find("unknown object"), std::string::npos);
  peer.say(asking("shelf", "number", "(3,)", 10, {{"ENGK", ""}}));
  EXPECT_EQ(peer.hear()->body().as<int>(), 3);
  EXPECT_NE(refusal_of(asking("", "read", "(0,1)", 11, {{"ENGP", std::string("\x00\x0a", 2)}})).find("no object of this daemon"), std::string::npos);
}

TEST_F(raw_requests, upon_a_result_work_until_64_others_have_been_kept) {
  const std::string first("\x00\x01", 2);
  peer.say(asking("shelf", "open", "('notes',)", 1, {{"ENGK", ""}}));
  EXPECT_TRUE(peer.hear());
  peer.say(asking("", "read", "(3,4)", 2, {{"ENGP", first}}));
  EXPECT_EQ(peer.hear()->body().as<std::string>(), "time");
  for (std::uint16_t n = 100; n < 100 + kept_results::most; ++n) {
    peer.say(asking("shelf", "number", "(1,)", n, {{"ENGK", ""}}));
    peer.hear();
  }
  EXPECT_NE(refusal_of(asking("", "read", "(3,4)", 3, {{"ENGP", first}})).find("not kept"), std::string::npos);
}

TEST_F(raw_requests, upon_errors_are_answered_by_them_while_they_are_not_too_many_bytes) {
  constexpr int length = 15'000;  // is twice in an answer: the error, and the end of its traceback
  static_assert(kept_results::longest_answer / (2 * length) == 2);
  for (std::uint16_t n = 1; n <= 3; ++n) {
    peer.say(asking("shelf", "complain", "(" + std::to_string(length) + ",)", n, {{"ENGK", ""}}));
    EXPECT_EQ(peer.hear()->exception().text().size(), static_cast<std::size_t>(length));
  }
  const auto upon = [&](std::uint16_t n) {
    const std::string number{static_cast<char>(n >> 8), static_cast<char>(n)};
    return refusal_of(asking("", "read", "(3,4)", 100, {{"ENGP", number}}));
  };
  EXPECT_NE(upon(1).find("not kept"), std::string::npos);
  for (std::uint16_t n = 2; n <= 3; ++n) EXPECT_EQ(upon(n).size(), static_cast<std::size_t>(length));
}

TEST_F(raw_requests, of_strangers_have_no_such_words) {
  raw_peer stranger(host);
  stranger.greet("shelf");
  stranger.say(asking("shelf", "open", "('notes',)", 1, {{"ENGK", ""}}));
  EXPECT_TRUE(stranger.hear());
  stranger.say(asking("shelf", "number", "(4,)", 2, {{"ENGP", std::string("\x00\x01", 2)}}));
  EXPECT_EQ(stranger.hear()->body().as<int>(), 4);
}

}  // namespace
}  // namespace engine::test
