// Exceptions of the user's own classes: thrown over there, caught here as themselves.
#include <engine/object/error_class.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <engine/object/batch.hpp>

#include "object_support.hpp"

namespace engine::test {
namespace {

struct out_of_stock : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::string item;
  std::vector<int> asked;
  int left = 0;
};
ENGINE_EXPOSE_ERROR(out_of_stock, "warehouse.OutOfStock", item, asked, left)

struct sold_out : out_of_stock {
  using out_of_stock::out_of_stock;
};
ENGINE_EXPOSE_ERROR(sold_out, "warehouse.SoldOut")

/// Not known: its callers see what it derives from.
struct sold_out_today : sold_out {
  using sold_out::sold_out;
};

class bad_order : public raised {
 public:
  using raised::raised;
};
ENGINE_EXPOSE_ERROR(bad_order, "warehouse.BadOrder")

struct closed_for_good final : std::exception {
  const char* what() const noexcept override { return ""; }
};
ENGINE_EXPOSE_ERROR(closed_for_good, "warehouse.Closed")

class warehouse {
 public:
  int take(std::string item) {
    if (item == "bike") {
      out_of_stock e("no bikes today");
      e.item = "bike";
      e.asked = {1, 2, 3};
      e.left = -1;
      throw e;
    }
    if (item == "car") throw sold_out("no cars");
    if (item == "bus") throw sold_out_today("no buses");
    if (item == "order") throw bad_order("what is that?");
    if (item == "args") throw bad_order(wire_exception{.args = {value("two"), value(2)}});
    if (item == "closed") throw closed_for_good();
    if (item == "misfit") throw raised("warehouse.OutOfStock", {value("as Python says")});
    if (item == "broken") {
      wire_exception e{.type = "warehouse.OutOfStock", .args = {value("broken")}};
      e.attributes.set("left", "none at all");
      throw raised(e);
    }
    return 7;
  }
  task<int> take_later(std::string item) { co_return take(std::move(item)); }
};
ENGINE_EXPOSE(warehouse, take, take_later)

class branch {
 public:
  int pass_on(proxy<warehouse> to, std::string item) { return to.take(std::move(item)); }
};
ENGINE_EXPOSE(branch, pass_on)
ENGINE_MARK(branch, pass_on, .blocking = true)

class exposed_errors : public ::testing::TestWithParam<const char*> {
 protected:
  static daemon_options everything() {
    auto options = on_loopback();
    options.settings->serializers_accepted = {"serpent", "json", "marshal", "msgpack", "pickle"};
    return options;
  }
  static proxy_options speaking(const char* format) {
    auto how = quiet_proxy();
    how.serializer = format;
    return how;
  }
  template <class Error> Error caught(auto call) {
    try {
      call();
    } catch (const Error& e) {
      return e;
    }
    throw std::logic_error("nothing was thrown");
  }
  warehouse object;
  daemon host{everything()};
  uri where = host.expose(object, "warehouse");
  proxy<warehouse> client{where, speaking(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(formats, exposed_errors, ::testing::Values("serpent", "json", "marshal", "msgpack", "pickle"),
                         [](const auto& i) { return std::string(i.param); });

TEST_P(exposed_errors, are_caught_as_themselves_with_text_and_attributes) {
  const auto e = caught<out_of_stock>([&] { client.take("bike"); });
  EXPECT_STREQ(e.what(), "no bikes today");
  EXPECT_EQ(e.item, "bike");
  EXPECT_EQ(e.asked, (std::vector{1, 2, 3}));
  EXPECT_EQ(e.left, -1);
}

TEST_P(exposed_errors, bring_the_traceback_nested_in_them) {
  try {
    client.take("bike");
    FAIL();
  } catch (const out_of_stock& e) {
    const auto cause = caught<raised>([&] { std::rethrow_if_nested(e); });
    EXPECT_EQ(cause.type(), "warehouse.OutOfStock");
    EXPECT_NE(cause.traceback().find("in warehouse.take"), std::string::npos) << cause.traceback();
  }
}

TEST_P(exposed_errors, are_the_most_derived_class_that_is_known) {
  EXPECT_STREQ(caught<sold_out>([&] { client.take("car"); }).what(), "no cars");
  EXPECT_STREQ(caught<sold_out>([&] { client.take("bus"); }).what(), "no buses");
  EXPECT_STREQ(caught<out_of_stock>([&] { client.take("car"); }).what(), "no cars") << "a base catches it, as ever";
}

TEST_P(exposed_errors, keep_arguments_and_traceback_where_they_derive_from_raised) {
  const auto e = caught<bad_order>([&] { client.take("order"); });
  EXPECT_EQ(e.type(), "warehouse.BadOrder");
  EXPECT_STREQ(e.what(), "what is that?");
  EXPECT_FALSE(e.traceback().empty());
  EXPECT_EQ(caught<bad_order>([&] { client.take("args"); }).arguments().size(), 2u);
}

TEST_P(exposed_errors, may_say_nothing) { EXPECT_STREQ(caught<closed_for_good>([&] { client.take("closed"); }).what(), ""); }

TEST_P(exposed_errors, whose_attributes_do_not_come_keep_their_defaults) {
  const auto e = caught<out_of_stock>([&] { client.take("misfit"); });
  EXPECT_STREQ(e.what(), "as Python says");
  EXPECT_EQ(e.left, 0);
}

TEST_P(exposed_errors, whose_attributes_do_not_fit_arrive_as_raised) {
  EXPECT_EQ(caught<raised>([&] { client.take("broken"); }).type(), "warehouse.OutOfStock");
}

TEST_P(exposed_errors, are_kept_by_attempts_futures_and_batches) {
  const auto tried = attempt(client).take("bike");
  ASSERT_FALSE(tried.has_value());
  EXPECT_TRUE(tried.error().is<out_of_stock>());
  EXPECT_EQ(tried.error().type(), "warehouse.OutOfStock");
  EXPECT_EQ(tried.error().text(), "no bikes today");
  auto asked = async(client).take_later("bike");
  EXPECT_EQ(caught<out_of_stock>([&] { asked.get(); }).item, "bike");
  batch together(client);
  auto good = together.take("apple");
  auto bad = together.take("car");
  together.send();
  EXPECT_EQ(*good, 7);
  EXPECT_STREQ(caught<sold_out>([&] { *bad; }).what(), "no cars");
}

TEST_P(exposed_errors, go_through_a_third_program_with_its_traceback) {
  branch between;
  daemon there(everything());
  proxy<branch> other(there.expose(between), speaking(GetParam()));
  try {
    other.pass_on(client, "bike");
    FAIL();
  } catch (const out_of_stock& e) {
    EXPECT_EQ(e.item, "bike");
    const std::string trace = caught<raised>([&] { std::rethrow_if_nested(e); }).traceback();
    EXPECT_NE(trace.find("in branch.pass_on"), std::string::npos) << trace;
    EXPECT_NE(trace.find("in warehouse.take"), std::string::npos) << trace;
  }
}

}  // namespace
}  // namespace engine::test
