// Names with a lease: they end unless they are renewed, by the clock that whoever runs the name server says; and daemons that renew them.
#include <naming/lease_book.hpp>

#include <atomic>
#include <map>
#include <mutex>

#include <sqlite3.h>

#include <gtest/gtest.h>

#include <naming/host.hpp>

#include "watched.hpp"

namespace engine::test {
namespace {

using uris = std::map<std::string, std::string>;
using others = std::map<std::string, std::optional<std::string>>;

time_point in(std::chrono::seconds d) { return std::chrono::steady_clock::now() + d; }

TEST(lease_book, knows_which_lease_ends_next) {
  lease_book book;
  const time_point start{};
  EXPECT_EQ(book.next(), time_point::max());
  book.set("a", 10, start);
  book.set("b", 5, start);
  book.set("c", 5, start);
  EXPECT_EQ(book.next(), start + 5s);
  EXPECT_TRUE(book.renew("b", start + 1s));
  EXPECT_FALSE(book.renew("d", start));
  EXPECT_EQ(book.ended(start + 5s - 1ns), std::vector<std::string>{});
  EXPECT_EQ(book.ended(start + 5s), std::vector<std::string>{"c"});
  EXPECT_EQ(book.next(), start + 6s);
  book.set("b", 0, start);
  EXPECT_EQ(book.ended(start + 10s), std::vector<std::string>{"a"});
  EXPECT_EQ(book.next(), time_point::max());
  EXPECT_FALSE(book.renew("a", start));
}

TEST(leases, end_names_that_are_not_renewed) {
  watched w;
  auto items = w.changes.watch("", never);
  w.changes.enroll("a", "PYRO:x@h:1", 10.0, true, name_server::tags{"t"});
  w.changes.enroll("b", "PYRO:x@h:2", 20.0);
  w.names.enroll("c", "PYRO:x@h:3");
  w.object.expire_leases(in(5s));
  EXPECT_EQ(w.names.count(), 3);
  w.object.expire_leases(in(15s));
  EXPECT_EQ(failure_text([&] { w.names.lookup("a"); }), "Pyro4.errors.NamingError: unknown name: a");
  EXPECT_EQ(w.names.lookup("b"), uri("PYRO:x@h:2"));
  w.object.expire_leases(in(1000h));
  EXPECT_EQ(w.names.lookup("c"), uri("PYRO:x@h:3"));
  for (const char* said : {"current 0", "registered a PYRO:x@h:1 [t] 1", "registered b PYRO:x@h:2 2", "registered c PYRO:x@h:3 3", "removed a 4", "removed b 5"})
    EXPECT_EQ(next_of(items), said);
}

TEST(leases, begin_anew_when_names_are_renewed_and_stand_for_the_same) {
  watched w;
  std::vector<time_point> ends;
  w.object.tell_ends([&](time_point next) { ends.push_back(next); });
  w.changes.enroll("a", "PYRO:x@h:1", 100.0);
  w.changes.enroll("b", "PYRO:x@h:2", 200.0);
  w.names.enroll("plain", "PYRO:x@h:3");
  ASSERT_EQ(ends.size(), 1u) << "b ends later";
  const auto told = w.changes.renew(uris{{"a", "PYRO:x@h:1"}, {"b", "PYRO:other@h:2"}, {"plain", "PYRO:x@h:3"}, {"nobody", "PYRO:x@h:4"}});
  EXPECT_EQ(told, (others{{"b", "PYRO:x@h:2"}, {"plain", "PYRO:x@h:3"}, {"nobody", std::nullopt}}));
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_GT(ends[1], ends[0]);
  w.object.expire_leases(ends[0]);
  EXPECT_EQ(w.names.count(), 3) << "it was renewed";
  w.object.expire_leases(ends[1]);
  EXPECT_EQ(w.names.count(), 2);
}

TEST(leases, are_given_and_taken_away) {
  watched w;
  w.names.enroll("a", "PYRO:x@h:1", std::nullopt, name_server::tags{"t"});
  auto items = w.changes.watch("", never);
  w.changes.lease("a", 10);
  w.names.set_metadata("a", name_server::tags{"u"});
  w.object.expire_leases(in(5s));
  EXPECT_EQ(lookup_with_tags(w.names, "a"), (tagged_uri{"PYRO:x@h:1", {"u"}}));
  w.changes.lease("a", 0);
  w.object.expire_leases(in(100s));
  EXPECT_EQ(w.names.count(), 1);
  w.changes.lease("a", 10);
  w.names.enroll("a", "PYRO:x@h:1");
  w.object.expire_leases(in(100s));
  EXPECT_EQ(w.names.count(), 1) << "who registers anew without a lease means it for good";
  w.changes.lease("a", 10);
  w.names.set_metadata("a", name_server::tags{});
  w.object.expire_leases(in(100s));
  EXPECT_EQ(w.names.count(), 0) << "other tags are no renewal, nor the end of a lease";
  for (const char* said : {"listed a PYRO:x@h:1 [t] 1", "current 1", "tagged a PYRO:x@h:1 [u] 2", "registered a PYRO:x@h:1 3", "tagged a PYRO:x@h:1 4", "removed a 5"})
    EXPECT_EQ(next_of(items), said) << "a lease alone is no change of a name";
}

TEST(leases, have_bounds) {
  watched w;
  w.names.enroll("a", "PYRO:x@h:1");
  w.names.enroll(name_server_id, "PYRO:x@h:1");
  for (const double seconds : {-1.0, 0.0999, 31'536'001.0, std::nan("")}) {
    EXPECT_EQ(failure_text([&] { w.changes.lease("a", seconds); }), "builtins.ValueError: a lease must be 0.1 to 31536000 seconds");
    EXPECT_EQ(failure_text([&] { w.changes.enroll("b", "PYRO:x@h:1", seconds); }), "builtins.ValueError: a lease must be 0.1 to 31536000 seconds");
  }
  EXPECT_EQ(failure_text([&] { w.changes.enroll("b", "PYRO:x@h:1", 0.0); }), "builtins.ValueError: a lease must be 0.1 to 31536000 seconds");
  EXPECT_EQ(failure_text([&] { w.changes.lease("b", 1); }), "Pyro4.errors.NamingError: unknown name: b");
  EXPECT_EQ(failure_text([&] { w.changes.enroll("a", "PYRO:x@h:2", 1.0, true); }), "Pyro4.errors.NamingError: name already registered: a");
  EXPECT_EQ(failure_text([&] { w.changes.lease(name_server_id, 1); }), "Pyro4.errors.NamingError: the name server's own entry has no lease");
  EXPECT_EQ(failure_text([&] { w.changes.enroll(name_server_id, "PYRO:x@h:1", 1.0); }), "Pyro4.errors.NamingError: the name server's own entry has no lease");
  w.changes.enroll("least", "PYRO:x@h:1", 0.1);
  w.changes.lease("a", 31'536'000);
}

TEST(leases, begin_anew_for_names_that_the_storage_could_not_forget) {
  bool full = false;
  std::atomic<int> woken{0};
  watched w({}, watched::held(full), [&] { ++woken; });
  auto leasing = async(w.changes).lease("old", 10);
  ASSERT_TRUE(eventually([&] { return woken == 1; }));
  w.object.write_waiting();
  leasing.get();
  full = true;
  w.object.expire_leases(in(15s));
  EXPECT_EQ(w.object.count(), 0);
  w.object.write_waiting();
  EXPECT_EQ(w.object.count(), 1);
  full = false;
  w.object.expire_leases(in(5s));
  EXPECT_EQ(w.object.count(), 1);
  w.object.expire_leases(in(15s));
  w.object.write_waiting();
  EXPECT_EQ(w.object.count(), 0);
}

TEST(leases, outlive_the_name_server_in_sqlite) {
  const temporary_folder here;
  const std::string file = here.file("names.db");
  const auto in_storage = [&] {
    std::map<std::string, double> all;
    for (const auto& each : open_sqlite_storage(file)->load()) all[each.name] = each.at.lease;
    return all;
  };
  {
    watched w({}, open_sqlite_storage(file));
    w.changes.enroll("a", "PYRO:x@h:1", 10.0, false, name_server::tags{"t"});
    w.names.enroll("b", "PYRO:x@h:2");
    w.changes.lease("b", 20.5);
    w.names.set_metadata("b", name_server::tags{"t"});
    w.changes.enroll("c", "PYRO:x@h:3", 10.0);
    w.names.enroll("c", "PYRO:x@h:3");
    w.changes.enroll("d", "PYRO:x@h:4", 10.0);
    w.changes.lease("d", 0);
    w.changes.enroll("e", "PYRO:x@h:5", 10.0);
    w.names.remove("e");
  }
  EXPECT_EQ(in_storage(), (std::map<std::string, double>{{"a", 10}, {"b", 20.5}, {"c", 0}, {"d", 0}}));
  {
    NameServer again(open_sqlite_storage(file));
    again.expire_leases(in(5s));
    EXPECT_EQ(again.count(), 4) << "they begin when the name server does";
    again.expire_leases(in(15s));
    EXPECT_EQ(again.count(), 3);
  }
  EXPECT_EQ(in_storage(), (std::map<std::string, double>{{"b", 20.5}, {"c", 0}, {"d", 0}}));
  {
    sqlite3* db = nullptr;
    sqlite3_open(file.c_str(), &db);
    // As Pyro's name server replaces what is registered, be it by the same.
    EXPECT_EQ(sqlite3_exec(db, "PRAGMA foreign_keys=ON; DELETE FROM pyro_metadata WHERE object=(SELECT id FROM pyro_names WHERE name='b');"
                               "DELETE FROM pyro_names WHERE name='b'; INSERT INTO pyro_names(name, uri) VALUES('b', 'PYRO:x@h:2');", nullptr, nullptr, nullptr),
              SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  EXPECT_EQ(in_storage().at("b"), 0) << "it was registered for good";
}

TEST(leases, are_kept_by_the_clock_of_a_host) {
  name_server_options o;
  o.settings = quiet_settings();
  o.host = "127.0.0.1";
  o.port = 0;
  name_server_host running(o);
  auto names = live_names_at(running.daemon().location(), {.settings = quiet_settings()});
  auto items = names.watch("a", never);
  names.enroll("a.long", "PYRO:x@h:1", 1000.0);
  names.enroll("a.short", "PYRO:x@h:1", 0.1);
  for (const char* said : {"current 1", "registered a.long PYRO:x@h:1 2", "registered a.short PYRO:x@h:1 3", "removed a.short 4"})
    EXPECT_EQ(next_of(items), said);
  names.enroll("a.again", "PYRO:x@h:1", 0.1);
  EXPECT_EQ(next_of(items), "registered a.again PYRO:x@h:1 5");
  EXPECT_EQ(next_of(items), "removed a.again 6");
}

// ---- daemons that renew

struct greeter {
  std::string greet() { return "hello"; }
};
ENGINE_EXPOSE(greeter, greet)

/// Stands for a name server, and counts.
class counting_names {
 public:
  void enroll(std::string name, uri where, double lease, bool safe, name_server::tags) {
    const std::scoped_lock lock(mutex);
    said.push_back("register " + name + " " + where.object() + " " + std::to_string(lease) + (safe ? " safe" : ""));
  }
  others renew(uris all) {
    const std::scoped_lock lock(mutex);
    for (const auto& [name, at] : all) said.push_back("renew " + name + " " + uri(at).object());
    return answers.empty() ? others() : std::exchange(answers, {});
  }
  std::vector<std::string> heard() {
    const std::scoped_lock lock(mutex);
    return said;
  }
  void answer(others next) {
    const std::scoped_lock lock(mutex);
    answers = std::move(next);
  }
  std::mutex mutex{};
  std::vector<std::string> said{};
  others answers{};
};
ENGINE_EXPOSE(counting_names, enroll, renew)
ENGINE_MARK(counting_names, enroll, .wire_name = "register")

enrolled_as leased(const daemon& names, std::chrono::milliseconds lease) {
  return {.name = "one", .id = "the-one", .names = {.host = "127.0.0.1", .port = names.port(), .settings = quiet_settings()}, .lease = lease};
}

TEST(leases, of_a_daemon_are_renewed_and_lost_names_registered_anew) {
  NameServer none;
  counting_names counting;
  daemon names(on_loopback());
  names.expose(none, name_server_id, {.shared = true});
  names.expose(counting, live_names_id);
  greeter object;
  daemon host(on_loopback());
  host.expose(object, leased(names, 100ms));
  ASSERT_TRUE(eventually([&] { return counting.heard().size() >= 4; }));
  auto said = counting.heard();
  EXPECT_EQ(said[0], "register one the-one 0.100000");
  for (std::size_t i = 1; i < said.size(); ++i) EXPECT_EQ(said[i], "renew one the-one");
  counting.answer({{"one", "PYRO:other@h:1"}});
  const auto before = said.size();
  ASSERT_TRUE(eventually([&] { return counting.heard().size() >= before + 3; }));
  said = counting.heard();
  EXPECT_EQ(std::ranges::count(said, "register one the-one 0.100000"), 1) << "somebody else has it now";
  counting.answer({{"one", std::nullopt}});
  EXPECT_TRUE(eventually([&] { return std::ranges::count(counting.heard(), "register one the-one 0.100000 safe") == 1; })) << "who is quicker keeps it";
}

TEST(leases, of_a_daemon_survive_the_restart_of_a_name_server_that_forgets) {
  name_server_options o;
  o.settings = quiet_settings();
  o.host = "127.0.0.1";
  o.port = 0;
  auto running = std::make_unique<name_server_host>(o);
  o.port = running->daemon().port();
  greeter object;
  daemon host(on_loopback());
  auto how = leased(running->daemon(), 2s);
  const uri where = host.expose(object, how);
  running = nullptr;
  running = std::make_unique<name_server_host>(o);
  EXPECT_TRUE(eventually([&] { return running->names().count() == 2; }));
  EXPECT_EQ(running->names().lookup("one", std::nullopt).where, where);
  host.close();
  EXPECT_EQ(running->names().count(), 1);
}

TEST(leases, are_not_to_be_had_from_pyros_name_server) {
  NameServer pyros;
  daemon names(on_loopback());
  names.expose(pyros, name_server_id, {.shared = true});
  greeter object;
  daemon host(on_loopback());
  EXPECT_EQ(failure_text([&] { host.expose(object, leased(names, 10s)); }),
            "Pyro4.errors.NamingError: this name server gives no leases: it is not one of ours (engine-ns)");
  EXPECT_EQ(failure_text([&] { host.uri_for(object); }), "Pyro4.errors.DaemonError: object isn't registered in this daemon");
}

}  // namespace
}  // namespace engine::test
