// The connections that lookups share: counted where they arrive, lost, and left behind by the end of the program.
#include <engine/object/name_servers.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <naming/name_server.hpp>

#include "naming_support.hpp"

namespace engine::test {
namespace {

/// A name server that counts who comes.
class counting_name_server {
 public:
  explicit counting_name_server(std::uint16_t port = 0, const std::string& hmac_key = {}) {
    auto options = on_loopback();
    options.port = port;
    options.hmac_key = hmac_key;
    options.validate_handshake = [this](const std::string&, const value&) {
      ++came;
      return value("hello");
    };
    serving = std::make_unique<daemon>(options);
    names.keep("a.name", {.uri = "PYRO:x@host:1", .tags = {"tag"}});
    serving->expose(names, name_server_id, {.shared = true});
  }
  std::string named(const std::string& protocol, const std::string& what) const { return protocol + ":" + what + "@" + serving->location(); }
  void expect_found() const { EXPECT_EQ(resolve(named("PYRONAME", "a.name"), quiet_proxy()), uri("PYRO:x@host:1")); }

  NameServer names{};
  std::atomic<int> came = 0;
  std::unique_ptr<daemon> serving{};
};

TEST(lookups, share_one_connection) {
  const counting_name_server at;
  for (int i = 0; i < 100; ++i) {
    at.expect_found();
    EXPECT_EQ(resolve(at.named("PYROMETA", "tag"), quiet_proxy()), uri("PYRO:x@host:1"));
    EXPECT_EQ(failure_text([&] { resolve(at.named("PYRONAME", "nobody"), quiet_proxy()); }), "Pyro4.errors.NamingError: unknown name: nobody");
  }
  EXPECT_EQ(at.came, 1);
}

TEST(lookups, share_it_among_threads) {
  const counting_name_server at;
  at.expect_found();
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < 8; ++t)
      all.emplace_back([&] {
        for (int i = 0; i < 50; ++i) at.expect_found();
      });
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(resolve_later(at.named("PYRONAME", "a.name"), quiet_proxy()).get(), uri("PYRO:x@host:1"));
  EXPECT_EQ(at.came, 1);
}

TEST(lookups, go_on_with_the_next_name_server_at_the_same_place) {
  auto first = std::make_unique<counting_name_server>();
  first->expect_found();
  const std::uint16_t port = first->serving->port();
  first.reset();
  const counting_name_server second(port);
  second.expect_found();
  second.expect_found();
  EXPECT_EQ(second.came, 1);
}

TEST(lookups, say_so_when_there_is_none_any_more) {
  auto gone = std::make_unique<counting_name_server>();
  gone->expect_found();
  const std::string name = gone->named("PYRONAME", "a.name");
  gone.reset();
  EXPECT_EQ(failure_text([&] { resolve(name, quiet_proxy()); }), "Pyro4.errors.NamingError: Failed to locate the nameserver");
}

TEST(lookups, do_not_share_what_was_opened_with_another_key) {
  const counting_name_server at(0, "secret");
  auto keyed = quiet_proxy();
  keyed.hmac_key = "secret";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(resolve(at.named("PYRONAME", "a.name"), keyed), uri("PYRO:x@host:1"));
    EXPECT_THROW(resolve(at.named("PYRONAME", "a.name"), quiet_proxy()), naming_error);
  }
  EXPECT_EQ(at.came, 1);
}

TEST(lookups, keep_few_connections) {
  std::vector<std::unique_ptr<counting_name_server>> all;
  for (int i = 0; i < 20; ++i) all.push_back(std::make_unique<counting_name_server>());
  for (const auto& each : all) each->expect_found();
  EXPECT_TRUE(eventually([&] {
    std::size_t open = 0;
    for (const auto& each : all) open += each->serving->connections();
    return open == 8;
  }));
}

TEST(lookups, of_a_forked_child_have_a_connection_of_their_own) {
  const counting_name_server at;
  at.expect_found();
  const pid_t child = ::fork();
  if (child == 0) {
    detail::name_servers::instance().give_up();
    ::_exit(resolve(at.named("PYRONAME", "a.name"), quiet_proxy()) == uri("PYRO:x@host:1") ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  at.expect_found();
  EXPECT_EQ(at.came, 2) << "the child's, and not the parent's again";
}

TEST(lookups_DeathTest, that_still_wait_do_not_hold_up_the_end_of_the_program) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        counting_name_server at;
        const auto never = resolve_later(at.named("PYRONAME", "nobody"), quiet_proxy(), std::chrono::hours(1));
        eventually([&] { return at.came == 1; });
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace engine::test
