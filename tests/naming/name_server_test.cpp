// Pyro's name server: every method, filter and complaint (WIRE §9), called as its callers do, over a real daemon.
#include <naming/name_server.hpp>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <naming/locate.hpp>

#include "naming_support.hpp"

namespace engine::test {
namespace {

using tags = std::vector<std::string>;

class naming : public ::testing::TestWithParam<const char*> {
 protected:
  naming() {
    auto how = quiet_proxy();
    how.serializer = GetParam();
    const uri where = host.expose(object, name_server_id, {.shared = true});
    names = proxy<name_server>(where, how);
    any = proxy<>(where, how);
  }
  static daemon_options everything() {
    auto options = on_loopback();
    options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
    return options;
  }
  std::map<std::string, uri> list(std::optional<std::string> prefix, std::optional<std::string> regex = {}, std::optional<tags> all = {},
                                  std::optional<tags> some = {}) {
    return names.list(std::move(prefix), std::move(regex), std::move(all), std::move(some));
  }
  static tags names_of(const std::map<std::string, uri>& found) {
    tags all;
    for (const auto& [name, at] : found) all.push_back(name);
    return all;
  }

  NameServer object;
  daemon host{everything()};
  proxy<name_server> names;
  proxy<> any;
};
INSTANTIATE_TEST_SUITE_P(formats, naming, ::testing::Values("serpent", "json", "marshal", "msgpack", "pickle"),
                         [](const auto& i) { return std::string(i.param); });

TEST_P(naming, finds_what_was_registered) {
  names.ping();
  names.enroll("a.b", "PYRO:obj@host:1234");
  EXPECT_EQ(names.lookup("a.b"), uri("PYRO:obj@host:1234"));
  EXPECT_EQ(names.count(), 1);
  EXPECT_EQ(failure_text([&] { names.lookup("a"); }), "Pyro4.errors.NamingError: unknown name: a");
  names.enroll("a.b", "PYRO:other@./u:/tmp/s");
  EXPECT_EQ(names.lookup("a.b"), uri("PYRO:other@./u:/tmp/s")) << "a second registration replaces the first";
  EXPECT_EQ(failure_text([&] { names.enroll("a.b", "PYRO:third@host:1", true); }), "Pyro4.errors.NamingError: name already registered: a.b");
  EXPECT_EQ(names.lookup("a.b"), uri("PYRO:other@./u:/tmp/s"));
}

TEST_P(naming, takes_uris_as_texts_too_and_refuses_what_is_none) {
  any["register"]("text", "PYRO:obj@host:1234");
  EXPECT_EQ(names.lookup("text"), uri("PYRO:obj@host:1234"));
  EXPECT_EQ(failure_text([&] { any["register"]("x", "nonsense"); }), "Pyro4.errors.PyroError: invalid uri");
  EXPECT_EQ(failure_text([&] { any["register"]("x", 5); }), "builtins.TypeError: only URIs or strings can be registered");
  EXPECT_EQ(failure_text([&] { any["register"]("x", proxy<>("PYRO:obj@host:1234")); }), "builtins.TypeError: only URIs or strings can be registered");
  EXPECT_EQ(failure_text([&] { any["register"](5, "PYRO:obj@host:1234"); }), "builtins.TypeError: name must be a str");
  EXPECT_EQ(names.count(), 1);
}

TEST_P(naming, gives_tags_with_lookups_and_lists) {
  names.enroll("x", "PYRO:x@h:1", std::nullopt, tags{"m2", "m1", "m2"});
  names.enroll("y", "PYRO:y@h:1");
  const bool marshal = std::string(GetParam()) == "marshal";
  if (!marshal) {
    const value found = any["lookup"]("x", kw("return_metadata", true));
    EXPECT_EQ(found[0].as<uri>(), uri("PYRO:x@h:1"));
    EXPECT_EQ(found[1].as<tags>(), (tags{"m1", "m2"}));
  }
  const value all = any["list"](kw("return_metadata", true));
  EXPECT_EQ(all["x"][0], "PYRO:x@h:1");
  EXPECT_EQ(all["x"][1].as<tags>(), (tags{"m1", "m2"}));
  EXPECT_EQ(all["y"][1].size(), 0u);
  names.set_metadata("y", tags{"m3"});
  names.set_metadata("x", tags{});
  EXPECT_EQ(names_of(list({}, {}, tags{"m3"})), tags{"y"});
  EXPECT_EQ(failure_text([&] { names.set_metadata("z", tags{}); }), "Pyro4.errors.NamingError: unknown name: z");
  names.enroll("y", "PYRO:y@h:2");
  EXPECT_EQ(names_of(list({}, {}, tags{"m3"})), tags{}) << "a second registration takes the tags away";
}

TEST_P(naming, lists_by_prefix_expression_and_tags) {
  names.enroll("one.a", "PYRO:a@h:1", std::nullopt, tags{"red", "round"});
  names.enroll("one.b", "PYRO:b@h:1", std::nullopt, tags{"red"});
  names.enroll("two.a", "PYRO:c@h:1", std::nullopt, tags{"round"});
  EXPECT_EQ(names_of(list({})), (tags{"one.a", "one.b", "two.a"}));
  EXPECT_EQ(names_of(list("one.")), (tags{"one.a", "one.b"}));
  EXPECT_EQ(names_of(list("ONE")), tags{});
  EXPECT_EQ(names_of(list("")), (tags{"one.a", "one.b", "two.a"}));
  EXPECT_EQ(names_of(list({}, ".*a")), (tags{"one.a", "two.a"}));
  EXPECT_EQ(names_of(list({}, "two")), tags{"two.a"}) << "anchored at the beginning only";
  EXPECT_EQ(names_of(list({}, "wo")), tags{});
  EXPECT_EQ(names_of(list({}, {}, tags{"red", "round"})), tags{"one.a"});
  EXPECT_EQ(names_of(list({}, {}, {}, tags{"red", "round"})), (tags{"one.a", "one.b", "two.a"}));
  EXPECT_EQ(names_of(list({}, {}, tags{})), (tags{"one.a", "one.b", "two.a"})) << "no tags filter nothing";
  EXPECT_EQ(names_of(list({}, {}, {}, tags{"blue"})), tags{});
}

TEST_P(naming, complains_of_filters_in_pyros_words) {
  EXPECT_EQ(failure_text([&] { list("a", "b"); }), "builtins.ValueError: you can only filter on one thing at a time");
  EXPECT_EQ(failure_text([&] { list("", {}, tags{}); }), "builtins.ValueError: you can only filter on one thing at a time");
  EXPECT_EQ(failure_text([&] { any["list"](kw("metadata_all", "x")); }),
            "builtins.TypeError: metadata_all should not be a str, but another iterable (set, list, etc)");
  EXPECT_EQ(failure_text([&] { any["list"](kw("metadata_any", "x")); }),
            "builtins.TypeError: metadata_any should not be a str, but another iterable (set, list, etc)");
  EXPECT_EQ(failure_text([&] { any["register"]("x", "PYRO:x@h:1", kw("metadata", "tag")); }),
            "builtins.TypeError: metadata should not be a str, but another iterable (set, list, etc)");
  EXPECT_TRUE(failure_text([&] { list({}, "(("); }).starts_with("Pyro4.errors.NamingError: invalid regex: "));
  EXPECT_TRUE(failure_text([&] { list({}, "(?=x)"); }).starts_with("Pyro4.errors.NamingError: invalid regex: "));
  EXPECT_EQ(names.count(), 0);
}

TEST_P(naming, removes_by_name_prefix_and_expression_but_never_its_own_entry) {
  for (const char* name : {"a.1", "a.2", "b.1", "b.2", name_server_id}) names.enroll(name, "PYRO:x@h:1");
  EXPECT_EQ(names.remove("nobody"), 0);
  EXPECT_EQ(names.remove(name_server_id), 0);
  EXPECT_EQ(names.remove("a.1"), 1);
  EXPECT_EQ(names.remove("a.1"), 0);
  EXPECT_EQ(names.remove(std::nullopt, "a."), 1);
  EXPECT_EQ(names.remove(std::nullopt, std::nullopt, ".*1"), 1);
  EXPECT_EQ(names.remove(std::nullopt, "Pyro"), 0);
  EXPECT_EQ(names.remove(std::nullopt, std::nullopt, ".*"), 1);
  EXPECT_EQ(names.remove(), 0);
  EXPECT_EQ(names_of(list({})), tags{name_server_id});
}

TEST(name_servers, answer_expressions_that_blow_up_elsewhere_at_once) {
  NameServer object;
  object.keep(std::string(5000, 'a') + "!", {.uri = "PYRO:x@h:1"});
  EXPECT_EQ(object.list({}, "(a+)+$", {}, {}, false).names.size(), 0u);
  EXPECT_THROW(object.list({}, "(((a{1,1000}){1,1000}){1,1000})", {}, {}, false), naming_error);
}

TEST(name_servers, read_expressions_as_re2_does_where_that_differs_from_python) {
  NameServer object;
  for (const char* name : {"x\u00e9", "xxy", "x{,2}y", "x\n"}) object.keep(name, {.uri = "PYRO:x@h:1"});
  const auto found = [&](const char* regex) {
    std::vector<std::string> names;
    for (auto& each : object.list({}, regex, {}, {}, false).names) names.push_back(each.name);
    return names;
  };
  EXPECT_EQ(found("x\\w$"), std::vector<std::string>{}) << "classes are ASCII";
  EXPECT_EQ(found("x{,2}y"), std::vector<std::string>{"x{,2}y"}) << "a bound needs its first number";
  EXPECT_EQ(found("x$"), std::vector<std::string>{}) << "the end is no line's end";
  EXPECT_EQ(failure_text([&] { found("x{1001}"); }), "Pyro4.errors.NamingError: invalid regex: invalid repetition size: {1001}");
}

class a_hundred_thousand_names : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int all = 100'000, at_once = 1000;
  struct served {
    explicit served(const std::string& storage) : object(open_storage(storage)) {}
    NameServer object;
    daemon host{on_loopback()};
    proxy<name_server> names{host.expose(object, name_server_id, {.shared = true}), quiet_proxy()};
  };

  std::string storage() const { return std::string(GetParam()) == "sql" ? "sql:" + here.file("names.db") : "memory"; }
  /// As callers do, many under way at once.
  static void enroll(proxy<name_server>& names) {
    for (int first = 0; first < all; first += at_once) {
      std::vector<future<void>> enrolling;
      for (int i = first; i < first + at_once; ++i)
        enrolling.push_back(async(names).enroll("name." + std::to_string(i), uri("PYRO:obj@host:1"), true, tags{i % 100 == 0 ? "rare" : "usual", "any"}));
      for (auto& each : enrolling) each.get();
    }
  }
  static void expect_listed(proxy<name_server>& names) {
    constexpr std::nullopt_t no = std::nullopt;
    EXPECT_EQ(names.count(), all);
    EXPECT_EQ(names.list("name.9999").size(), 11u);
    EXPECT_EQ(names.list(no, "name\\.\\d+7$").size(), 9999u) << "name.7 has one digit only";
    EXPECT_EQ(names.list(no, no, tags{"rare", "any"}).size(), 1000u);
    EXPECT_EQ(names.list(no, no, no, tags{"rare", "nobody's"}).size(), 1000u);
    EXPECT_EQ(names.list(no, no, tags{"rare", "usual"}).size(), 0u);
    const auto found = list_with_tags(names);
    EXPECT_EQ(found.size(), std::size_t{all});
    EXPECT_EQ(found.at("name.99900"), (tagged_uri{"PYRO:obj@host:1", {"any", "rare"}}));
  }
  static void expect_removable(proxy<name_server>& names) {
    constexpr std::nullopt_t no = std::nullopt;
    EXPECT_EQ(names.remove(no, "name.9999"), 11);
    EXPECT_EQ(names.remove(no, no, "name\\.\\d+7$"), 9998);
    EXPECT_EQ(names.count(), all - 11 - 9998);
  }

  const temporary_folder here{};
};
INSTANTIATE_TEST_SUITE_P(in, a_hundred_thousand_names, ::testing::Values("memory", "sql"), [](const auto& i) { return std::string(i.param); });

TEST_P(a_hundred_thousand_names, are_listed_by_prefix_expression_and_tags_also_after_a_restart) {
  {
    served first(storage());
    enroll(first.names);
    expect_listed(first.names);
    if (storage() == "memory") return expect_removable(first.names);
  }
  served again(storage());
  expect_listed(again.names);
  expect_removable(again.names);
}

TEST(name_servers, are_used_by_many_at_once) {
  NameServer object;
  daemon host(on_loopback(2));
  const uri where = host.expose(object, name_server_id, {.shared = true});
  std::atomic<int> right = 0;
  std::vector<std::thread> users;
  for (int t = 0; t < 4; ++t)
    users.emplace_back([&, t] {
      proxy<name_server> names(where, quiet_proxy());
      for (int i = 0; i < 200; ++i) {
        const std::string name = std::to_string(t) + "." + std::to_string(i);
        names.enroll(name, "PYRO:obj@host:" + std::to_string(i + 1));
        right += names.lookup(name).port() == i + 1;
        if (i % 2) right += names.remove(name) == 1;
      }
    });
  for (auto& u : users) u.join();
  EXPECT_EQ(right, 4 * 300);
  EXPECT_EQ(object.count(), 400);
}

}  // namespace
}  // namespace engine::test
