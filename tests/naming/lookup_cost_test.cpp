// What a lookup costs once it is steady: no more system calls than its budget, and the allocations that its answer needs, counted on both sides.
#include <gtest/gtest.h>

#include <engine/core/core.hpp>
#include <naming/host.hpp>
#include <naming/locate.hpp>
#include <tests/engine/object/call_budgets.hpp>
#include <tests/engine/object/object_support.hpp>
#include <tests/support/allocations.hpp>

namespace engine::test {

/// Beside the names, on the core that answers for them.
class core_meter {
 public:
  std::uint64_t allocated() { return testing_support::allocations_here().calls; }
  std::uint64_t system_calls() { return core::current()->io().counters().system_calls; }
  bool is_uring() { return core::current()->io().name() == "io_uring"; }
};
ENGINE_EXPOSE(core_meter, allocated, system_calls, is_uring)

namespace {

constexpr const char* name = "example.name";

class steady_lookups : public testing::Test {
 protected:
  static name_server_options options() {
    name_server_options all{.host = "127.0.0.1", .broadcast = false, .settings = quiet_settings()};
    all.port = 0;
    return all;
  }
  void SetUp() override {
    client.enroll(name, uri("PYRO:o@h:1"), false, std::nullopt);
    look(budget.units);
  }
  void look(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) ASSERT_EQ(client.lookup(name).port(), 1);
  }

  const call_budget& budget = budget_of("lookup");
  name_server_host names{options()};
  core_meter counts;
  proxy<name_server> client{names.daemon().uri_for(name_server_id), quiet_proxy()};
  proxy<core_meter> meter{names.daemon().expose(counts), quiet_proxy()};
};

TEST_F(steady_lookups, keep_to_their_system_calls) {
  const auto made_here = [&] { return detail::proxy_access::of(client)->counted().system_calls; };
  const std::uint64_t there = meter.system_calls(), here = made_here();
  look(budget.units);
  EXPECT_LE(made_here() - here, budget.client);
  EXPECT_LE(meter.system_calls() - there, meter.is_uring() ? budget.uring : budget.epoll);
}

/// Heap allocations of so many lookups: the client's, and those of the core, which is asked without any.
struct allocated {
  std::uint64_t here, there;
};

TEST_F(steady_lookups, allocate_nothing_but_what_a_long_uri_needs) {
  const auto cost = [&] {
    const std::uint64_t there = meter.allocated(), here = testing_support::allocations_here().calls;
    look(budget.units);
    const std::uint64_t spent = testing_support::allocations_here().calls - here;
    return allocated{spent, meter.allocated() - there};
  };
  cost();
  const allocated of_short = cost();
  EXPECT_EQ(of_short.here, 0u);
  EXPECT_EQ(of_short.there, 0u);
  client.enroll(name, uri("PYRO:obj_0123456789abcdef0123456789abcdef@" + std::string(40, 'h') + ":1"), false, std::nullopt);
  cost();
  const allocated of_long = cost();
  EXPECT_LE(of_long.here, 2u * budget.units);  // its object and its host
  EXPECT_LE(of_long.there, 2u * budget.units);
}

}  // namespace
}  // namespace engine::test
