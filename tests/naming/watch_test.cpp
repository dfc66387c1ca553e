// Names that are watched: what stands, then every change once, in order and when it is durable; and what a watcher costs others.
#include <naming/live_names.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include <naming/host.hpp>

#include "watched.hpp"

namespace engine::test {
namespace {

TEST(watching_names, tells_what_stands_and_then_every_change_in_order) {
  watched w;
  w.names.enroll("a.2", "PYRO:x@h:2", std::nullopt, name_server::tags{"t"});
  w.names.enroll("a.1", "PYRO:x@h:1");
  auto items = w.changes.watch("", never);
  EXPECT_EQ(next_of(items), "listed a.1 PYRO:x@h:1 2");
  w.names.enroll("b", "PYRO:y@h:1", true, name_server::tags{"t2", "t1"});
  EXPECT_EQ(next_of(items), "listed a.2 PYRO:x@h:2 [t] 2");
  EXPECT_EQ(next_of(items), "current 2");
  EXPECT_EQ(next_of(items), "registered b PYRO:y@h:1 [t1] [t2] 3");
  w.names.enroll("b", "PYRO:y@h:1");
  w.names.set_metadata("a.1", name_server::tags{"new"});
  EXPECT_EQ(failure_text([&] { w.names.enroll("b", "PYRO:z@h:1", true); }), "Pyro4.errors.NamingError: name already registered: b");
  w.names.remove("nobody");
  w.names.remove(std::nullopt, "a.");
  EXPECT_EQ(next_of(items), "registered b PYRO:y@h:1 4");
  EXPECT_EQ(next_of(items), "tagged a.1 PYRO:x@h:1 [new] 5");
  EXPECT_EQ(next_of(items), "removed a.1 6");
  EXPECT_EQ(next_of(items), "removed a.2 7");
  EXPECT_EQ(w.changes.revision(), 7);
}

TEST(watching_names, is_of_those_with_a_prefix) {
  watched w;
  for (const char* name : {"a", "a.1", "b.1", "a/1"}) w.names.enroll(name, "PYRO:x@h:1");
  auto items = w.changes.watch("a.", never);
  EXPECT_EQ(next_of(items), "listed a.1 PYRO:x@h:1 4");
  EXPECT_EQ(next_of(items), "current 4");
  w.names.enroll("b.2", "PYRO:x@h:1");
  w.names.enroll("a.2", "PYRO:x@h:1");
  EXPECT_EQ(next_of(items), "registered a.2 PYRO:x@h:1 6");
  auto others = w.changes.watch("c", never);
  EXPECT_EQ(next_of(others), "current 6");
}

TEST(watching_names, comes_to_python_as_dicts_in_every_serializer) {
  watched w;
  w.names.enroll("a", "PYRO:x@h:1", std::nullopt, name_server::tags{"t"});
  for (const char* format : {"serpent", "json", "marshal", "msgpack", "pickle"}) {
    auto how = quiet_proxy();
    how.serializer = format;
    const proxy<> any(uri_of(w.changes), how);
    auto items = any["watch"].stream(kw("quiet", never));
    const auto first = items.get();
    ASSERT_TRUE(first) << format;
    EXPECT_EQ((*first)["what"], "listed") << format;
    EXPECT_EQ((*first)["name"], "a") << format;
    EXPECT_EQ((*first)["uri"], "PYRO:x@h:1") << format;
    EXPECT_EQ((*first)["metadata"].as<name_server::tags>(), name_server::tags{"t"}) << format;
    EXPECT_EQ((*first)["revision"], 1) << format;
    EXPECT_EQ((*first).size(), 5u) << format;
    EXPECT_EQ((*items.get())["what"], "current") << format;
  }
}

TEST(watching_names, says_so_when_nothing_changes) {
  watched w;
  auto items = w.changes.watch(std::nullopt, 0.01);
  EXPECT_EQ(next_of(items), "current 0");
  EXPECT_EQ(next_of(items), "quiet 0");
  EXPECT_EQ(next_of(items), "quiet 0");
  w.names.enroll("a", "PYRO:x@h:1");
  std::string said = next_of(items);
  while (said == "quiet 0") said = next_of(items);
  EXPECT_EQ(said, "registered a PYRO:x@h:1 1");
  EXPECT_EQ(next_of(items), "quiet 1");
  for (const double seconds : {0.0, -1.0, 0.009, 3601.0, std::nan("")})
    EXPECT_EQ(failure_text([&] { auto none = w.changes.watch("", seconds); }), "builtins.ValueError: quiet must be 0.01 to 3600 seconds");
}

TEST(watching_names, tells_a_change_when_it_is_durable_and_never_one_that_is_not) {
  bool full = false;
  std::atomic<int> woken{0};
  watched w({}, watched::held(full), [&] { ++woken; });
  auto first = async(w.names).enroll("a", uri("PYRO:x@h:1"));
  ASSERT_TRUE(eventually([&] { return woken == 1; }));
  EXPECT_EQ(w.object.count(), 2) << "it is in memory";
  auto items = w.changes.watch("", 0.01);
  EXPECT_EQ(next_of(items), "listed old PYRO:old@h:1 0");
  EXPECT_EQ(next_of(items), "current 0");
  EXPECT_EQ(next_of(items), "quiet 0");
  w.object.write_waiting();
  first.get();
  auto removing = async(w.names).remove("old");
  auto tagging = async(w.names).set_metadata("a", name_server::tags{"t"});
  const auto tagged = [&] {
    tagging.wait_for(1ms);  // who waits sends
    return w.object.lookup("a", detail::given_truth(true)).tags->size() == 1;
  };
  ASSERT_TRUE(eventually(tagged));
  full = true;
  w.object.write_waiting();
  EXPECT_EQ(failure_text([&] { removing.get(); }), "Pyro4.errors.NamingError: disk full");
  EXPECT_EQ(failure_text([&] { tagging.get(); }), "Pyro4.errors.NamingError: disk full");
  full = false;
  auto last = async(w.names).enroll("b", uri("PYRO:x@h:2"));
  ASSERT_TRUE(eventually([&] { return w.object.count() == 3; }));
  w.object.write_waiting();
  last.get();
  std::vector<std::string> said;
  while (said.size() < 2) {
    std::string next = next_of(items);
    if (!next.starts_with("quiet")) said.push_back(next);
  }
  EXPECT_EQ(said, (std::vector<std::string>{"registered a PYRO:x@h:1 1", "registered b PYRO:x@h:2 2"}));
}

TEST(watching_names, tells_who_is_too_slow_that_changes_were_missed) {
  watched w({.backlog = 10'000});
  auto slow = w.changes.watch("", never), other = w.changes.watch("none", never);
  for (int i = 0; i < 100; ++i) w.names.enroll("name." + std::to_string(i), uri("PYRO:x@h:1"), false, name_server::tags{std::string(100, 't')});
  EXPECT_EQ(next_of(slow), "current 0") << "it was on its way";
  std::string end;
  while (end.empty()) {
    std::string next;
    end = failure_text([&] { next = next_of(slow); });
    if (end == "no failure") end.clear();
  }
  EXPECT_EQ(end, "Pyro4.errors.NamingError: changes were missed: they came faster than this watcher took them; watch anew");
  EXPECT_EQ(next_of(slow), "the end");
  EXPECT_EQ(next_of(other), "current 0");
  auto anew = w.changes.watch("name.99", never);
  EXPECT_TRUE(next_of(anew).starts_with("listed name.99 PYRO:x@h:1"));
}

TEST(watching_names, is_for_a_bounded_number_and_leaves_nothing_behind) {
  watched w({.watchers = 2});
  auto first = w.changes.watch("", never), second = w.changes.watch("", never);
  EXPECT_EQ(failure_text([&] { auto none = w.changes.watch("", never); }), "Pyro4.errors.NamingError: too many watchers: 2 is the most");
  EXPECT_EQ(next_of(first), "current 0");
  first = {};
  EXPECT_TRUE(eventually([&] { return w.object.watched_by() == 1; })) << "it was waiting for a change";
  auto third = w.changes.watch("", never);
  EXPECT_EQ(next_of(third), "current 0");
}

TEST(watching_names, lists_a_bounded_number_at_once) {
  watched w({.listed = 3});
  for (const char* name : {"a", "b", "c", "d"}) w.names.enroll(name, "PYRO:x@h:1");
  auto first = w.changes.watch("", never), same = w.changes.watch("", never);
  w.names.enroll("e", "PYRO:x@h:1");
  EXPECT_EQ(failure_text([&] { auto none = w.changes.watch("", never); }), "Pyro4.errors.NamingError: too many watchers are beginning at once: try again later");
  for (auto* each : {&first, &same})
    while (!next_of(*each).starts_with("current")) {
    }
  auto later = w.changes.watch("", never);
  EXPECT_EQ(next_of(later), "listed a PYRO:x@h:1 5");
}

/// Takes the items on its own core.
class follower {
 public:
  task<std::vector<std::string>> follow(int count) {
    auto watching = async(changes).watch("", never);
    stream<name_change> items = co_await watching;
    std::vector<std::string> said;
    while (count-- > 0) {
      auto next = co_await items.next();
      said.push_back(next ? text_of(*next) : "the end");
    }
    co_return said;
  }
  proxy<live_names> changes{};
};
ENGINE_EXPOSE(follower, follow)

TEST(watching_names, is_awaited_on_cores) {
  watched w;
  follower object{.changes = copy(w.changes)};
  daemon host(on_loopback());
  proxy<follower> asking(host.expose(object), quiet_proxy());
  auto said = async(asking).follow(3);
  ASSERT_TRUE(eventually([&] { return w.object.watched_by() == 1; }));
  w.names.enroll("a", "PYRO:x@h:1");
  w.names.remove("a");
  const auto all = said.get();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2], "removed a 2");
}

TEST(watching_names, of_many_threads_sees_every_change_of_many_others) {
  watched w({}, nullptr, {}, 2);
  constexpr int writers = 3, each = 300, watchers = 4;
  std::vector<std::thread> all;
  std::mutex mutex;
  std::vector<std::map<std::string, std::string>> ends;
  for (int i = 0; i < watchers; ++i)
    all.emplace_back([&] {
      std::map<std::string, std::string> known;
      std::int64_t revision = 0;
      auto mine = copy(w.changes);
      for (const name_change& c : mine.watch("", never)) {
        if (c.what != "listed" && c.what != "current") {
          EXPECT_EQ(c.revision, revision + 1);
        }
        revision = c.revision;
        if (c.what == "removed") known.erase(c.name);
        else if (!c.name.empty()) known[c.name] = c.uri;
        if (known.contains("last")) break;
      }
      const std::scoped_lock lock(mutex);
      ends.push_back(known);
    });
  std::vector<std::thread> changing;
  for (int t = 0; t < writers; ++t)
    changing.emplace_back([&, t] {
      proxy<name_server> names(uri_of(w.names), quiet_proxy());
      for (int i = 0; i < each; ++i) {
        const std::string name = std::to_string(t) + "." + std::to_string(i % 20);
        names.enroll(name, "PYRO:x@h:" + std::to_string(i + 1));
        if (i % 3 == 0) names.remove(name);
      }
    });
  for (auto& t : changing) t.join();
  w.names.enroll("last", "PYRO:x@h:1");
  for (auto& t : all) t.join();
  std::map<std::string, std::string> expected;
  for (const auto& [name, at] : w.object.everything()) expected[name] = at.uri;
  ASSERT_EQ(ends.size(), std::size_t{watchers});
  for (const auto& end : ends) EXPECT_EQ(end, expected);
}

TEST(watching_names, of_a_python_program_does_not_hold_up_the_end_of_the_daemon) {
  auto w = std::make_unique<watched>();
  raw_peer python(w->host);
  python.greet(live_names_id);
  python.say(call_frame(live_names_id, "watch", "('',3600.0)"));
  const auto opened = python.hear();
  ASSERT_TRUE(opened);
  const std::string id = opened->annotations.at("STRM");
  python.say(call_frame("Pyro.Daemon", "get_next_stream_item", "('" + id + "',)", 2));
  EXPECT_EQ(python.hear()->body()["what"], "current");
  python.say(call_frame("Pyro.Daemon", "get_next_stream_item", "('" + id + "',)", 3));
  w->names.enroll("a", "PYRO:x@h:1");
  EXPECT_EQ(python.hear()->body()["name"], "a");
  python.say(call_frame("Pyro.Daemon", "get_next_stream_item", "('" + id + "',)", 4));
  w->host.close();  // would wait for an hour
  EXPECT_EQ(python.hear()->exception().args[0], "the name server has ended");
  EXPECT_FALSE(python.hear());
}

TEST(watching_names, is_offered_beside_the_name_server_of_a_host) {
  name_server_options o;
  o.settings = quiet_settings();
  o.host = "127.0.0.1";
  o.port = 0;
  name_server_host running(o);
  const locate_options at{.host = "127.0.0.1", .port = running.daemon().port(), .settings = quiet_settings()};
  auto items = locate_live_names(at).watch("Pyro", never);
  EXPECT_EQ(next_of(items), "listed Pyro.NameServer " + running.where().to_string() + " [class:Pyro4.naming.NameServer] 1");
  EXPECT_EQ(next_of(items), "current 1");
  running.enroll("Pyro.other", uri("PYRO:x@h:1"));
  EXPECT_EQ(next_of(items), "registered Pyro.other PYRO:x@h:1 2");
  EXPECT_EQ(live_names_at(running.daemon().location(), {.settings = quiet_settings()}).revision(), 2);
}

}  // namespace
}  // namespace engine::test
