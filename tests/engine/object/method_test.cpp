// Member pointers as methods: every kind of parameter and result, const and noexcept, borrowed views, marks and properties.
#include <engine/object/method.hpp>

#include <array>
#include <unordered_map>
#include <variant>

#include <gtest/gtest.h>

#include <codec/shape.hpp>
#include <tests/support/encoded.hpp>

#include "dispatch_support.hpp"

namespace engine::test {

struct point {
  double x = 0, y = 0;
};
ENGINE_SHAPE(point, x, y)

enum class colour { red = 1, blue = 2 };

class kinds {
 public:
  bool flip(bool b) { return !b; }
  std::int64_t wide(std::int64_t n) const { return n; }
  std::uint8_t narrow(std::uint8_t n) noexcept { return n; }
  double half(double d) const noexcept { return d / 2; }
  std::complex<double> turn(std::complex<double> z) { return z * std::complex<double>(0, 1); }
  integer huge(const integer& n) { return n; }
  std::string text(const std::string& s) { return s + "!"; }
  std::string_view view(std::string_view s) { return kept = std::string(s); }
  std::span<const std::byte> bytes_of(std::span<const std::byte> b) { return b; }
  std::vector<std::byte> owned(std::vector<std::byte> b) { return b; }
  std::vector<int> doubled(std::vector<int> v) { v.insert(v.end(), v.begin(), v.end()); return v; }
  std::array<int, 2> swapped(std::array<int, 2> a) { return {a[1], a[0]}; }
  std::map<std::string, int> ordered(std::map<std::string, int> m) { return m; }
  std::unordered_map<std::string, int> hashed(std::unordered_map<std::string, int> m) { return m; }
  std::set<int> distinct(std::vector<int> v) { return {v.begin(), v.end()}; }
  std::tuple<int, std::string> both(std::tuple<int, std::string> t) { return t; }
  std::pair<int, int> reversed(std::pair<int, int> p) { return {p.second, p.first}; }
  std::optional<int> maybe(std::optional<int> n) { return n; }
  std::variant<int, std::string> either(std::variant<int, std::string> v) { return v; }
  colour other(colour c) { return c == colour::red ? colour::blue : colour::red; }
  std::chrono::milliseconds longer(std::chrono::milliseconds d) { return d * 2; }
  point mirrored(point p) { return {p.y, p.x}; }
  value anything(value v) { return v; }
  const std::string& reference() { return kept; }
  int changed(int& n) { return ++n; }
  std::size_t moved(std::string&& s) { return std::string(std::move(s)).size(); }
  void nothing() {}
  wire_exception as_value() { return {.type = "builtins.ValueError", .args = {"kept"}}; }

  std::string kept = "kept";
};
ENGINE_EXPOSE(kinds, flip, wide, narrow, half, turn, huge, text, view, bytes_of, owned, doubled, swapped, ordered, hashed, distinct, both, reversed,
              maybe, either, other, longer, mirrored, anything, reference, changed, moved, nothing, as_value)

namespace {

class methods : public dispatching {
 protected:
  methods() { host.objects.add({.id = "kinds", .object = &object_of_kinds, .table = &interface_of<kinds>()}, false); }
  value ask_kinds(std::string_view method, std::string_view arguments) {
    const auto all = ask(call_frame("kinds", method, arguments));
    if (all.size() != 1 || all[0].flags != 0) {
      ADD_FAILURE() << method << ": " << (all.empty() ? "no answer" : all[0].payload);
      return {};
    }
    return all[0].body();
  }
  kinds object_of_kinds;
};

TEST_F(methods, take_and_give_every_kind_of_value) {
  const struct { const char *method, *arguments; value expected; } table[] = {
      {"flip", "(True,)", false},
      {"wide", "(-9223372036854775808,)", std::numeric_limits<std::int64_t>::min()},
      {"narrow", "(255,)", 255},
      {"half", "(3,)", 1.5},
      {"turn", "((1+2j),)", std::complex<double>(-2, 1)},
      {"text", "('hé',)", "hé!"},
      {"view", "('abc',)", "abc"},
      {"doubled", "([1,2],)", value::list{1, 2, 1, 2}},
      {"doubled", "((1,2),)", value::list{1, 2, 1, 2}},
      {"swapped", "([1,2],)", value::list{2, 1}},
      {"ordered", "({'b':2,'a':1},)", value::dict{{"a", 1}, {"b", 2}}},
      {"hashed", "({'b':2,'a':1},)", value::dict{{"a", 1}, {"b", 2}}},
      {"distinct", "([3,1,3],)", value::set{1, 3}},
      {"both", "((1,'x'),)", value::tuple{1, "x"}},
      {"reversed", "((1,2),)", value::tuple{2, 1}},
      {"maybe", "(None,)", nullptr},
      {"maybe", "()", nullptr},
      {"maybe", "(4,)", 4},
      {"either", "('x',)", "x"},
      {"either", "(5,)", 5},
      {"other", "(1,)", 2},
      {"mirrored", "({'x':1.0,'y':2.0},)", value::dict{{"x", 2.0}, {"y", 1.0}}},
      {"anything", "({'a':[1,(2,),{3}]},)", value::dict{{"a", value::list{1, value::tuple{2}, value::set{3}}}}},
      {"reference", "()", "abc"},
      {"changed", "(1,)", 2},
      {"moved", "('four',)", 4},
      {"nothing", "()", nullptr},
      {"longer", "(1.5,)", 3.0},
  };
  for (const auto& row : table) {
    const value got = ask_kinds(row.method, row.arguments);
    EXPECT_EQ(got, row.expected) << row.method << row.arguments << " gave " << to_repr(got);
  }
  EXPECT_EQ(to_repr(ask_kinds("huge", "(123456789012345678901234567890,)")), "123456789012345678901234567890");
}

TEST_F(methods, bytes_come_in_serpents_spelling_and_go_back_so) {
  for (const char* method : {"bytes_of", "owned"}) {
    const auto all = ask(call_frame("kinds", method, "({'data':'YWI=','encoding':'base64'},)"));
    EXPECT_EQ(decoded<bytes>(serpent(), as_bytes(all.at(0).payload)).value(), from_hex("6162")) << method;
  }
}

TEST_F(methods, may_return_an_exception_as_a_value) { EXPECT_EQ(ask_kinds("as_value", "()")["__class__"], value("builtins.ValueError")); }

TEST_F(methods, keep_their_class_in_error_texts) {
  EXPECT_EQ(failure("greet"), "builtins.TypeError: thing.greet() missing 1 required positional argument: 'name'");
}

TEST_F(methods, marks_give_names_defaults_and_keywords) {
  EXPECT_EQ(result("greet", "('Ann',)"), value("hello Ann"));
  EXPECT_EQ(result("greet", "()", "{'name':'Ann','times':3,'greeting':'hi'}"), value("hi Ann 3"));
  EXPECT_EQ(result("__len__"), value(3));
  EXPECT_EQ(result("all", "(1,2)", "{'x':1}"), value("2,1"));
}

TEST(interfaces, are_tables_sorted_by_wire_name) {
  const interface_table& table = interface_of<thing>();
  EXPECT_EQ(table.class_name(), "thing");
  EXPECT_TRUE(std::ranges::is_sorted(table.methods(), {}, &method_entry::name));
  EXPECT_NE(table.find_method("__len__"), nullptr);
  EXPECT_EQ(table.find_method("size"), nullptr);
  EXPECT_EQ(table.find_method("temperature"), nullptr);
  EXPECT_TRUE(table.find_method("fire")->traits.oneway);
  EXPECT_TRUE(table.find_method("called_back")->traits.callback);
  ASSERT_NE(table.find_attribute("temperature"), nullptr);
  EXPECT_NE(table.find_attribute("temperature")->set, nullptr);
  EXPECT_EQ(table.find_attribute("get_temperature"), nullptr);
  EXPECT_EQ(table.find_attribute("mood")->set, nullptr);
  EXPECT_EQ(table.find_attribute("serial")->set, nullptr);
  EXPECT_EQ(table.find_attribute("fixed")->set, nullptr);
  EXPECT_NE(table.find_attribute("label")->set, nullptr);
  EXPECT_EQ(&interface_of<thing>(), &table);
}

TEST(interfaces, metadata_is_lists_or_sets_without_private_names) {
  const value lists = metadata_of(interface_of<thing>(), true), sets = metadata_of(interface_of<thing>(), false);
  EXPECT_EQ(lists["oneway"], value(value::list{"fire"}));
  EXPECT_EQ(sets["oneway"], value(value::set{"fire"}));
  EXPECT_EQ(sets["attrs"].kind(), kind::set);
  for (const value& name : lists["methods"]) EXPECT_NE(name, value("_hidden"));
}

// What a caller gets: views become owners, attributes are read without and assigned with an argument.
static_assert(std::is_same_v<detail::result_type<std::string_view>, std::string>);
static_assert(std::is_same_v<detail::result_type<std::span<const std::byte>>, bytes>);
static_assert(std::is_same_v<detail::result_type<const std::string&>, std::string>);
static_assert(std::is_same_v<decltype(std::declval<proxy<kinds>&>().view("x")), std::string>);
static_assert(std::is_same_v<decltype(std::declval<proxy<kinds>&>().nothing()), void>);
static_assert(std::is_same_v<decltype(std::declval<proxy<thing>&>().label()), std::string>);
static_assert(std::is_same_v<decltype(std::declval<proxy<thing>&>().label("x")), void>);
static_assert(std::is_same_v<decltype(async(std::declval<proxy<thing>&>()).add(1, 2)), future<int>>);
static_assert(std::is_same_v<decltype(attempt(std::declval<proxy<thing>&>()).add(1, 2)), std::expected<int, failure>>);
static_assert(std::is_same_v<decltype(oneway(std::declval<proxy<thing>&>()).add(1, 2)), void>);
static_assert(detail::wire_name<thing, &thing::size> == "__len__" && detail::wire_name<thing, &thing::add> == "add");

}  // namespace
}  // namespace engine::test
