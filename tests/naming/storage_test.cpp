// Registrations in SQLite: written through, read at the start, all or nothing; and what is wrong with a file is said.
#include <naming/storage.hpp>

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <naming/journal.hpp>
#include <naming/locate.hpp>
#include <naming/name_server.hpp>

#include "naming_support.hpp"

namespace engine::test {
namespace {

using kept_names = std::map<std::string, registration>;

kept_names loaded(const std::string& file) {
  kept_names all;
  for (auto& [name, at] : open_sqlite_storage(file)->load()) EXPECT_TRUE(all.emplace(std::move(name), std::move(at)).second);
  return all;
}

/// The names and their URIs, as any program of SQLite's reads them.
std::map<std::string, std::string> read_by_others(const std::string& file) {
  sqlite3* db = nullptr;
  std::map<std::string, std::string> all;
  const auto note = [](void* into, int, char** columns, char**) {
    static_cast<std::map<std::string, std::string>*>(into)->emplace(columns[0], columns[1]);
    return 0;
  };
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, "SELECT name, uri FROM pyro_names", note, &all, nullptr), SQLITE_OK);
  sqlite3_close(db);
  return all;
}

TEST(storages, are_chosen_by_pyros_words) {
  const temporary_folder here;
  EXPECT_EQ(open_storage("memory"), nullptr);
  EXPECT_NE(open_storage("sql:" + here.file("n.db")), nullptr);
  EXPECT_THROW(open_storage("sql:"), std::invalid_argument);
  EXPECT_THROW(open_storage("paper"), std::invalid_argument);
  EXPECT_TRUE(failure_text([] { open_storage("dbm:file"); }).starts_with("Pyro4.errors.NamingError: dbm storage is not supported"));
}

TEST(sqlite_storages, keep_what_is_written_and_forget_what_is_removed) {
  const temporary_folder here;
  const std::string file = here.file("n.db");
  const registration first{.uri = "PYRO:a@h:1", .tags = {"", "m1", "m2"}}, second{.uri = "PYRO:b@h:2"};
  {
    const auto kept = open_sqlite_storage(file);
    kept->write(std::vector<registration_change>{{"a", first}, {"b", second}, {"c", second}});
    kept->write(std::vector<registration_change>{{"a", registration{.uri = "PYRO:ignored@h:1", .tags = {"m3"}}, true}, {"unknown", first, true}});
    EXPECT_EQ(kept->load().size(), 3u);
    EXPECT_EQ(kept->load()[0].at, (registration{.uri = first.uri, .tags = {"m3"}})) << "tags alone are of what is kept";
    kept->write(std::vector<registration_change>{{"a", first}, {"c", std::nullopt}, {"nobody", std::nullopt}, {"b", registration{.uri = "PYRO:b@h:3", .tags = {"x"}}}});
  }
  const kept_names expected{{"a", first}, {"b", {.uri = "PYRO:b@h:3", .tags = {"x"}}}};
  EXPECT_EQ(loaded(file), expected);
}

TEST(sqlite_storages, keep_odd_names) {
  const temporary_folder here;
  const std::string file = here.file("n.db"), odd = "it's \"%_\\ \xc3\xa9\xf0\x9f\x90\x8d; DROP TABLE pyro_names";
  open_sqlite_storage(file)->write(std::vector<registration_change>{{odd, registration{.uri = "PYRO:o@h:1", .tags = {odd}}}});
  EXPECT_EQ(loaded(file).at(odd).tags.at(0), odd);
}

TEST(sqlite_storages, say_what_is_wrong_with_a_file) {
  const temporary_folder here;
  EXPECT_TRUE(failure_text([&] { open_sqlite_storage(here.file("nowhere/n.db")); }).starts_with("Pyro4.errors.NamingError: sqlite error in open "));
  std::ofstream(here.file("text")) << std::string(5000, 'x');
  EXPECT_TRUE(failure_text([&] { open_sqlite_storage(here.file("text")); }).ends_with("file is not a database"));
}

TEST(sqlite_storages, have_one_owner_at_a_time_and_any_readers) {
  const temporary_folder here;
  const std::string file = here.file("n.db"), link = here.file("link.db");
  auto first = open_sqlite_storage(file);
  std::filesystem::create_symlink(file, link);
  const std::string refusal = "Pyro4.errors.NamingError: " + std::filesystem::canonical(file).string() + " is used by another name server";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failure_text([&] { open_sqlite_storage(file); }), refusal);
    EXPECT_EQ(failure_text([&] { open_sqlite_storage(link); }), refusal) << "by whichever path";
  }
  first->write(std::vector<registration_change>{{"a", registration{.uri = "PYRO:a@h:1"}}});
  EXPECT_EQ(read_by_others(file), (std::map<std::string, std::string>{{"a", "PYRO:a@h:1"}}));
  first.reset();
  EXPECT_EQ(open_sqlite_storage(link)->load().size(), 1u);
  EXPECT_NE(open_sqlite_storage(":memory:"), nullptr);
}

TEST(sqlite_storages, have_another_owner_when_the_first_is_over_though_a_child_of_it_lives) {
  const temporary_folder here;
  const std::string file = here.file("n.db");
  int until[2];
  ASSERT_EQ(::pipe(until), 0);
  auto first = open_sqlite_storage(file);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(until[1]);
    char nothing = 0;
    ::_exit(::read(until[0], &nothing, 1) == 0 ? 0 : 1);
  }
  first.reset();
  EXPECT_EQ(open_sqlite_storage(file)->load().size(), 0u);
  ::close(until[1]);
  ::close(until[0]);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(journals, write_in_order_and_tell_when_it_is_durable) {
  const temporary_folder here;
  const std::string file = here.file("n.db");
  const auto kept = open_sqlite_storage(file);
  {
    journal through(*kept);
    std::vector<future<void>> durable;
    for (int i = 0; i < 300; ++i) durable.push_back(through.write({{"n" + std::to_string(i % 10), registration{.uri = "PYRO:x@h:" + std::to_string(i + 1)}}}));
    durable.back().get();
    EXPECT_EQ(read_by_others(file).at("n9"), "PYRO:x@h:300");
    for (auto& d : durable)
      if (d.valid()) d.get();
    static_cast<void>(through.write({{"last", registration{.uri = "PYRO:x@h:1"}}}));
  }
  EXPECT_TRUE(read_by_others(file).contains("last")) << "its end waits for what is under way";
}

/// Fails for everything.
class broken_storage final : public storage {
 public:
  std::vector<named_registration> load() override { return {}; }
  void write(std::span<const registration_change>) override { throw naming_error("disk full"); }
};

TEST(name_servers, tell_their_caller_when_something_could_not_be_kept) {
  NameServer object(std::make_unique<broken_storage>());
  daemon host(on_loopback());
  proxy<> any(host.expose(object, name_server_id, {.shared = true}), quiet_proxy());
  EXPECT_EQ(failure_text([&] { any["register"]("x", "PYRO:x@h:1"); }), "Pyro4.errors.NamingError: disk full");
  EXPECT_EQ(failure_text([&] { object.keep("y", {.uri = "PYRO:y@h:1"}); }), "Pyro4.errors.NamingError: disk full");
  EXPECT_EQ(any["count"](), value(0)) << "what is not kept is not there";
}

/// Fails for as long as it is told to, and not before it may.
class failing_storage final : public storage {
 public:
  std::vector<named_registration> load() override { return {{"x", {.uri = "PYRO:kept@h:1"}}}; }
  void write(std::span<const registration_change>) override {
    may_go.wait(false);
    if (fails) throw naming_error("disk full");
  }
  std::atomic<bool> may_go{false}, fails{true};
};

TEST(name_servers, that_could_not_keep_several_changes_of_a_name_have_the_one_that_was_kept) {
  auto made = std::make_unique<failing_storage>();
  failing_storage& kept_in = *made;
  NameServer object(std::move(made));
  daemon host(on_loopback());
  const proxy<name_server> names(host.expose(object, name_server_id, {.shared = true}), quiet_proxy());
  const auto stands_for = [&] { return object.lookup("x", false).where.to_string(); };
  auto first = async(names).enroll("x", uri("PYRO:first@h:1"), false, std::vector<std::string>{});
  auto second = async(names).enroll("x", uri("PYRO:second@h:1"), false, std::vector<std::string>{});
  EXPECT_TRUE(eventually([&] { return first.wait_for(1ms) || stands_for() == "PYRO:second@h:1"; }));
  kept_in.may_go = true;
  kept_in.may_go.notify_all();
  EXPECT_THROW(first.get(), naming_error);
  EXPECT_THROW(second.get(), naming_error);
  EXPECT_EQ(stands_for(), "PYRO:kept@h:1");
  kept_in.fails = false;
  object.keep("x", {.uri = "PYRO:third@h:1"});
  kept_in.fails = true;
  EXPECT_THROW(object.keep("x", {.uri = "PYRO:fourth@h:1"}), naming_error);
  EXPECT_EQ(stands_for(), "PYRO:third@h:1");
  object.drop_if("x", "PYRO:another@h:1");
  EXPECT_EQ(stands_for(), "PYRO:third@h:1") << "it stands for something else by now";
  kept_in.fails = false;
  object.drop_if("x", "PYRO:third@h:1");
  EXPECT_EQ(object.count(), 0);
}

/// Fails its first write, and does something while it is at it.
class recovering_storage final : public storage {
 public:
  recovering_storage(kept_names& kept, std::function<void()> meanwhile) : kept_(kept), meanwhile_(std::move(meanwhile)) {}
  std::vector<named_registration> load() override { return {{"known", kept_.at("known")}}; }
  void write(std::span<const registration_change> changes) override {
    if (const auto once = std::exchange(meanwhile_, {})) return once(), throw naming_error("disk full");
    for (const registration_change& each : changes) {
      EXPECT_TRUE(each.tags_only);
      if (const auto at = kept_.find(each.name); at != kept_.end()) at->second.tags = each.now->tags;
    }
  }

 private:
  kept_names& kept_;
  std::function<void()> meanwhile_;
};

TEST(name_servers, do_not_keep_what_failed_through_the_tags_it_was_given_meanwhile) {
  const std::vector<std::string> none, tags{"tag"};
  kept_names kept{{"known", {.uri = "PYRO:old@h:1"}}};
  proxy<name_server> names;
  future<void> tagging_known, tagging_new;
  std::unique_ptr<NameServer> object;
  const auto tag_both = [&] {
    tagging_known = async(names).set_metadata("known", tags);
    tagging_new = async(names).set_metadata("new", tags);
    EXPECT_TRUE(eventually([&] { return tagging_new.wait_for(1ms) || object->list({}, {}, {.given = true, .tags = tags}, {}, false).names.size() == 2; }));
  };
  object = std::make_unique<NameServer>(std::make_unique<recovering_storage>(kept, tag_both), [] {});
  daemon host(on_loopback());
  names = proxy<name_server>(host.expose(*object, name_server_id, {.shared = true}), quiet_proxy());
  auto again = async(names).enroll("known", uri("PYRO:new@h:1"), false, none);
  auto enrolled = async(names).enroll("new", uri("PYRO:new@h:1"), false, none);
  ASSERT_TRUE(eventually([&] { return enrolled.wait_for(1ms) || (object->count() == 2 && object->lookup("known", false).where.object() == "new"); }));
  object->write_waiting();
  EXPECT_EQ(failure_text([&] { again.get(); }), "Pyro4.errors.NamingError: disk full");
  EXPECT_EQ(failure_text([&] { enrolled.get(); }), "Pyro4.errors.NamingError: disk full");
  object->write_waiting();
  tagging_known.get();
  EXPECT_EQ(failure_text([&] { tagging_new.get(); }), "Pyro4.errors.NamingError: unknown name: new");
  release(names);
  const kept_names expected{{"known", {.uri = "PYRO:old@h:1", .tags = tags}}};
  EXPECT_EQ(kept, expected);
  kept_names listed;
  for (auto& [name, at] : object->everything()) listed.emplace(name, at);
  EXPECT_EQ(listed, expected);
}

TEST(name_servers, refuse_texts_that_neither_a_database_nor_most_clients_can_take) {
  NameServer object;
  daemon host(on_loopback());
  proxy_options how = quiet_proxy();
  how.serializer = "serpent";
  const proxy<> any(host.expose(object, name_server_id, {.shared = true}), how);
  const std::string lone = "sur\xed\xa0\x80";
  const auto refusal = [](const char* what) { return "builtins.ValueError: " + std::string(what) + " has lone surrogates in it"; };
  EXPECT_EQ(failure_text([&] { any["register"](lone, "PYRO:x@h:1"); }), refusal("name"));
  EXPECT_EQ(failure_text([&] { any["register"]("x", "PYRO:" + lone + "@h:1"); }), refusal("uri"));
  EXPECT_EQ(failure_text([&] { any["register"]("x", "PYRO:x@h:1", false, value(value::list{lone})); }), refusal("metadata"));
  any["register"]("x", "PYRO:x@h:1");
  EXPECT_EQ(failure_text([&] { any["set_metadata"]("x", value(value::list{lone})); }), refusal("metadata"));
  EXPECT_EQ(failure_text([&] { object.keep(lone, {.uri = "PYRO:x@h:1"}); }), refusal("name")) << "the program's own names too";
  EXPECT_EQ(failure_text([&] { object.keep("y", {.uri = "PYRO:" + lone + "@h:1"}); }), refusal("uri"));
  EXPECT_EQ(failure_text([&] { object.keep("y", {.uri = "PYRO:x@h:1", .tags = {"sound", lone}}); }), refusal("metadata"));
  EXPECT_EQ(failure_text([&] { object.keep("y", {.uri = "nonsense"}); }), "Pyro4.errors.PyroError: invalid uri") << "no lookup could answer with it";
  EXPECT_EQ(object.count(), 1);
}

TEST(name_servers, know_at_the_start_what_was_kept) {
  const temporary_folder here;
  const std::string which = "sql:" + here.file("n.db");
  {
    NameServer object(open_storage(which));
    object.keep("a", {.uri = "PYRO:a@h:1", .tags = {"t"}});
    object.keep("b", {.uri = "PYRO:b@h:1"});
    object.drop("b");
  }
  NameServer again(open_storage(which));
  EXPECT_EQ(again.count(), 1);
  EXPECT_EQ(again.lookup("a", true).tags, std::vector<std::string>{"t"});
}

}  // namespace
}  // namespace engine::test
