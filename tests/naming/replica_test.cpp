// A name server that follows another one: lookups from its copy, changes brought over there, and what happens while the other one is gone.
#include <naming/replica.hpp>

#include <algorithm>
#include <map>
#include <mutex>

#include <gtest/gtest.h>

#include <naming/host.hpp>

#include "watched.hpp"

namespace engine::test {
namespace {

using names_and_uris = std::map<std::string, std::string>;

/// Two hosts; the lines that the replica tells.
class replicas : public ::testing::Test {
 protected:
  static name_server_options options() {
    name_server_options o;
    o.settings = quiet_settings();
    o.host = "127.0.0.1";
    o.port = 0;
    return o;
  }
  std::unique_ptr<name_server_host> start_replica(name_server_options o = options()) {
    if (o.replica_of.empty()) o.replica_of = "127.0.0.1:" + std::to_string(port);
    o.replica_told = [this](const std::string& line) {
      const std::scoped_lock lock(mutex);
      lines.push_back(line);
    };
    return std::make_unique<name_server_host>(o);
  }
  void restart_first() {
    first = nullptr;
    auto o = options();
    o.port = port;
    first = std::make_unique<name_server_host>(o);
  }
  std::vector<std::string> told() {
    const std::scoped_lock lock(mutex);
    return lines;
  }
  static proxy<name_server> at(const name_server_host& host, const std::string& key = {}) {
    return locate_name_server({.host = "127.0.0.1", .port = const_cast<name_server_host&>(host).daemon().port(), .hmac_key = key, .settings = quiet_settings()});
  }
  static names_and_uris known(name_server_host& host) {
    names_and_uris all;
    for (const auto& each : host.names().everything())
      if (each.name != name_server_id) all[each.name] = each.at.uri;
    return all;
  }
  std::string first_at() const { return "127.0.0.1:" + std::to_string(port); }

  std::mutex mutex{};
  std::vector<std::string> lines{};
  std::unique_ptr<name_server_host> first = std::make_unique<name_server_host>(options());
  const std::uint16_t port = first->daemon().port();
};

TEST_F(replicas, answer_from_a_copy_and_follow_every_change) {
  at(*first).enroll("a", "PYRO:x@h:1", std::nullopt, name_server::tags{"t"});
  auto second = start_replica();
  auto names = at(*second);
  EXPECT_EQ(lookup_with_tags(names, "a"), (tagged_uri{"PYRO:x@h:1", {"t"}}));
  EXPECT_EQ(names.lookup(name_server_id), second->where()) << "its own entry is its own";
  EXPECT_EQ(names.count(), 2);
  at(*first).enroll("b", "PYRO:x@h:2");
  EXPECT_TRUE(eventually([&] { return names.count() == 3; }));
  at(*first).set_metadata("b", name_server::tags{"u"});
  EXPECT_TRUE(eventually([&] { return lookup_with_tags(names, "b").second == name_server::tags{"u"}; }));
  at(*first).remove("a");
  EXPECT_TRUE(eventually([&] { return names.count() == 2; }));
  EXPECT_EQ(failure_text([&] { names.lookup("a"); }), "Pyro4.errors.NamingError: unknown name: a");
  EXPECT_EQ(at(*first).lookup(name_server_id), first->where());
}

TEST_F(replicas, bring_changes_to_the_other_one_and_have_them_when_they_answer) {
  auto second = start_replica();
  auto names = at(*second);
  for (int i = 0; i < 50; ++i) {
    const std::string name = "a." + std::to_string(i);
    names.enroll(name, "PYRO:x@h:1", true, name_server::tags{"t"});
    ASSERT_EQ(lookup_with_tags(names, name), (tagged_uri{"PYRO:x@h:1", {"t"}}));
    names.set_metadata(name, name_server::tags{"u"});
    ASSERT_EQ(lookup_with_tags(names, name).second, name_server::tags{"u"});
  }
  EXPECT_EQ(failure_text([&] { names.enroll("a.1", "PYRO:x@h:1", true); }), "Pyro4.errors.NamingError: name already registered: a.1");
  EXPECT_EQ(failure_text([&] { names.set_metadata("nobody", name_server::tags{}); }), "Pyro4.errors.NamingError: unknown name: nobody");
  EXPECT_EQ(failure_text([&] { proxy<>(uri_of(names), quiet_proxy())["register"]("a", 5); }), "builtins.TypeError: only URIs or strings can be registered");
  EXPECT_EQ(names.remove("a.0"), 1);
  EXPECT_EQ(names.remove(std::nullopt, "a.1"), 11);
  EXPECT_EQ(names.remove(std::nullopt, std::nullopt, "a\\.2.*"), 11);
  EXPECT_EQ(names.remove("nobody"), 0);
  EXPECT_EQ(names.count(), 28);
  EXPECT_EQ(known(*first), known(*second));
  second->enroll("own", uri("PYRO:x@h:1"), {"t"});
  EXPECT_EQ(lookup_with_tags(at(*first), "own"), (tagged_uri{"PYRO:x@h:1", {"t"}}));
  EXPECT_EQ(names.lookup("own"), uri("PYRO:x@h:1"));
  second->remove("own");
  EXPECT_EQ(names.count(), 28);
}

TEST_F(replicas, lease_and_renew_at_the_other_one) {
  auto second = start_replica();
  auto leases = live_names_at(second->daemon().location(), {.settings = quiet_settings()});
  leases.enroll("a", "PYRO:x@h:1", 1000.0, std::nullopt, name_server::tags{"t"});
  EXPECT_EQ(lookup_with_tags(at(*second), "a"), (tagged_uri{"PYRO:x@h:1", {"t"}}));
  EXPECT_EQ(leases.renew(names_and_uris{{"a", "PYRO:x@h:1"}, {"b", "PYRO:x@h:1"}}), (std::map<std::string, std::optional<std::string>>{{"b", std::nullopt}}));
  leases.lease("a", 0.1);
  EXPECT_TRUE(eventually([&] { return at(*second).count() == 1; }));
  EXPECT_EQ(failure_text([&] { leases.lease("a", 1); }), "Pyro4.errors.NamingError: unknown name: a");
}

TEST_F(replicas, are_watched_and_followed_themselves) {
  auto second = start_replica();
  auto o = options();
  o.replica_of = second->daemon().location();
  auto third = start_replica(o);
  auto items = live_names_at(third->daemon().location(), {.settings = quiet_settings()}).watch("a", never);
  EXPECT_TRUE(next_of(items).starts_with("current"));
  at(*third).enroll("a", "PYRO:x@h:1");
  EXPECT_TRUE(next_of(items).starts_with("registered a PYRO:x@h:1"));
  EXPECT_EQ(known(*first), (names_and_uris{{"a", "PYRO:x@h:1"}}));
  at(*first).remove("a");
  EXPECT_TRUE(next_of(items).starts_with("removed a"));
}

TEST_F(replicas, go_on_without_the_other_one_refuse_changes_and_catch_up) {
  at(*first).enroll("stays", "PYRO:x@h:1");
  at(*first).enroll("goes", "PYRO:x@h:1");
  at(*first).enroll("changes", "PYRO:x@h:1");
  auto second = start_replica();
  auto items = live_names_at(second->daemon().location(), {.settings = quiet_settings()}).watch("", never);
  while (!next_of(items).starts_with("current")) {
  }
  auto names = at(*second);
  first = nullptr;
  ASSERT_TRUE(eventually([&] { return told().size() == 1; }));
  EXPECT_TRUE(told()[0].starts_with("Replica of " + first_at() + ": it cannot be reached (")) << told()[0];
  EXPECT_TRUE(told()[0].ends_with("). Names are answered from the copy, and changes refused.")) << told()[0];
  EXPECT_EQ(names.lookup("goes"), uri("PYRO:x@h:1"));
  EXPECT_EQ(names.count(), 4);
  for (const std::string& said : {failure_text([&] { names.enroll("new", "PYRO:x@h:1"); }), failure_text([&] { names.remove("goes"); }),
                                  failure_text([&] { names.set_metadata("goes", name_server::tags{}); }), failure_text([&] { second->enroll("new", uri("PYRO:x@h:1")); })})
    EXPECT_TRUE(said.starts_with("Pyro4.errors.NamingError: changes are refused: the name server at " + first_at() + ", which this one is a replica of, cannot be reached ("))
        << said;
  EXPECT_EQ(names.count(), 4);
  restart_first();
  first->enroll("stays", uri("PYRO:x@h:1"));
  first->enroll("changes", uri("PYRO:x@h:2"));
  first->enroll("comes", uri("PYRO:x@h:1"));
  ASSERT_TRUE(eventually([&] { return told().size() == 2; }));
  EXPECT_EQ(told()[1], "Replica of " + first_at() + ": it can be reached again, and the names are up to date.");
  EXPECT_TRUE(eventually([&] { return known(*second) == names_and_uris{{"stays", "PYRO:x@h:1"}, {"changes", "PYRO:x@h:2"}, {"comes", "PYRO:x@h:1"}}; }));
  names.enroll("new", "PYRO:x@h:1");
  EXPECT_EQ(names.lookup("new"), uri("PYRO:x@h:1"));
  EXPECT_EQ(told().size(), 2u);
  std::map<std::string, std::string> heard;
  while (!heard.contains("new")) {
    const auto next = items.get();
    heard[next->name] = next->what;
  }
  EXPECT_EQ(heard.at("goes"), "removed") << "who watches the replica is told as well";
  EXPECT_EQ(heard.at("changes"), "registered");
}

TEST_F(replicas, without_a_copy_say_so_instead_of_knowing_nothing) {
  const auto closed = first->daemon().port();
  first = nullptr;
  auto second = start_replica();
  auto names = at(*second);
  ASSERT_EQ(told().size(), 1u) << "the first attempt has been waited for";
  EXPECT_TRUE(told()[0].ends_with("). There is no copy of its names yet.")) << told()[0];
  const std::string none = "Pyro4.errors.NamingError: this replica has no copy yet of the names of 127.0.0.1:" + std::to_string(closed);
  EXPECT_EQ(failure_text([&] { names.lookup("a"); }), none);
  EXPECT_EQ(failure_text([&] { names.list(std::nullopt, std::nullopt, std::nullopt, std::nullopt); }), none);
  EXPECT_EQ(failure_text([&] { names.enroll("a", "PYRO:x@h:1"); }), none);
  EXPECT_EQ(failure_text([&] { auto items = live_names_at(second->daemon().location(), {.settings = quiet_settings()}).watch("", never); }), none);
  EXPECT_EQ(names.lookup(name_server_id), second->where());
  names.ping();
  restart_first();
  first->enroll("a", uri("PYRO:x@h:1"));
  EXPECT_TRUE(eventually([&] { return known(*second).contains("a"); }));
}

TEST_F(replicas, share_the_key_and_follow_over_unix_sockets) {
  const temporary_folder here;
  auto o = options();
  o.hmac_key = "secret";
  o.unix_socket = here.file("ns");
  name_server_host keyed(o);
  auto r = options();
  r.hmac_key = "secret";
  r.replica_of = "./u:" + o.unix_socket;
  auto second = start_replica(r);
  at(*second, "secret").enroll("a", "PYRO:x@h:1");
  EXPECT_EQ(at(keyed, "secret").lookup("a"), uri("PYRO:x@h:1"));
  r.hmac_key = "wrong";
  auto third = start_replica(r);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(replicas, refuse_what_makes_no_sense) {
  const temporary_folder here;
  auto o = options();
  o.replica_of = first_at();
  o.storage = "sql:" + here.file("names.db");
  const auto refusal = [&] {
    try {
      start_replica(o);
      return std::string("none");
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(refusal(), "a replica keeps its names in memory: it has no storage of its own");
  EXPECT_FALSE(std::filesystem::exists(here.file("names.db")));
  o.storage = "memory";
  for (const char* wrong : {"host:port", ":9090", "::1", "./u:"}) {
    o.replica_of = wrong;
    EXPECT_EQ(refusal(), "invalid address of a name server to follow: '" + std::string(wrong) + "'");
  }
}

TEST_F(replicas, do_not_follow_who_was_started_again_to_follow_them) {
  first->enroll("a", uri("PYRO:x@h:1"));
  auto second = start_replica();
  EXPECT_EQ(second->names().lineage(), (std::vector<std::string>{second->names().identity(), first->names().identity()}));
  first = nullptr;
  ASSERT_TRUE(eventually([&] { return told().size() == 1; }));
  auto o = options();
  o.port = port;
  o.replica_of = second->daemon().location();
  first = start_replica(o);
  EXPECT_EQ(known(*first), (names_and_uris{{"a", "PYRO:x@h:1"}}));
  // The second one has told already that it cannot reach the first, and goes on trying: what it is told by it now is in the answers to changes only.
  const auto refused = [&](name_server_host& where) { return failure_text([&] { at(where).enroll("b", "PYRO:x@h:2"); }); };
  ASSERT_TRUE(eventually([&] { return refused(*second).find("it follows this one itself") != std::string::npos; }));
  EXPECT_TRUE(refused(*first).find("it follows this one itself") != std::string::npos);
  EXPECT_EQ(known(*second), (names_and_uris{{"a", "PYRO:x@h:1"}}));
}

TEST_F(replicas, of_a_circle_get_no_copy_and_forward_nothing) {
  auto o = options();
  o.port = port;
  o.replica_of = first_at();
  first = nullptr;
  auto circle = start_replica(o);
  EXPECT_EQ(failure_text([&] { at(*circle).enroll("a", "PYRO:x@h:1"); }), "Pyro4.errors.NamingError: this replica has no copy yet of the names of " + first_at());
}

}  // namespace
}  // namespace engine::test
