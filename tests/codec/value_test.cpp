// value behaves as Python's objects do: construction, equality, keys, repr.
#include <codec/value.hpp>

#include <gtest/gtest.h>

#include <cmath>

#include <codec/value_reader.hpp>
#include <tests/support/random_value.hpp>

using namespace engine;

namespace {

const integer beyond = *integer::from_decimal("18446744073709551616");
bytes some_bytes(std::initializer_list<int> list) {
  bytes made;
  for (const int b : list) made.push_back(static_cast<std::byte>(b));
  return made;
}

TEST(Value, is_made_from_plain_things) {
  EXPECT_EQ(value().kind(), kind::none);
  EXPECT_EQ(value(true).kind(), kind::boolean);
  EXPECT_EQ(value(5).kind(), kind::integer);
  EXPECT_EQ(value(std::uint8_t(5)).get<std::int64_t>(), 5);
  EXPECT_EQ(value(~std::uint64_t(0)).kind(), kind::big_integer);
  EXPECT_EQ(value(integer(5)).kind(), kind::integer);
  EXPECT_EQ(value(beyond).kind(), kind::big_integer);
  EXPECT_EQ(value(2.5f).kind(), kind::real);
  EXPECT_EQ(value(std::complex<double>(1, 2)).kind(), kind::complex);
  EXPECT_EQ(value("text").kind(), kind::string);
  EXPECT_EQ(value(bytes()).kind(), kind::bytes);
  EXPECT_EQ(value(value::list{1, "a", 2.5}).kind(), kind::list);
  EXPECT_EQ(value(value::tuple{}).kind(), kind::tuple);
  EXPECT_EQ(value(value::set{1}).kind(), kind::set);
  EXPECT_EQ(value(value::frozenset{1}).kind(), kind::frozenset);
  EXPECT_EQ(value(value::dict{{"a", 1}}).kind(), kind::dict);
  EXPECT_EQ(value(datetime{}).kind(), kind::datetime);
  EXPECT_EQ(value(date{}).kind(), kind::date);
}

TEST(Value, gives_items_elements_and_sizes) {
  const value v = value::dict{{"name", "bike"}, {"sizes", value::list{52, 54.5}}, {1, nullptr}};
  EXPECT_EQ(v["name"], "bike");
  EXPECT_EQ(v["sizes"][1], 54.5);
  EXPECT_EQ(v.size(), 3u);
  EXPECT_TRUE(v.get<value::dict>().find(1)->is_none());
  EXPECT_EQ(value("four").size(), 4u);
  std::int64_t sum = 0;
  for (const value& element : value(value::tuple{1, 2, 3})) sum += element.get<std::int64_t>();
  EXPECT_EQ(sum, 6);
}

TEST(Value, says_what_is_wrong_when_asked_for_something_else) {
  const auto complaint = [](auto ask) -> std::string {
    try {
      ask();
    } catch (const bad_value& e) {
      return std::string(e.type()) + ": " + e.what();
    }
    return "nothing";
  };
  const value dict = value::dict{{"a", 1}};
  EXPECT_EQ(complaint([&] { static_cast<void>(dict["b"]); }), "builtins.KeyError: 'b'");
  EXPECT_EQ(complaint([&] { static_cast<void>(dict[0]); }), "builtins.TypeError: expected list, not dict");
  EXPECT_EQ(complaint([&] { static_cast<void>(value(value::tuple{1})[1]); }), "builtins.IndexError: tuple index out of range");
  EXPECT_EQ(complaint([&] { static_cast<void>(value(5).as<std::string>()); }), "builtins.TypeError: expected str, not int");
  EXPECT_EQ(complaint([&] { static_cast<void>(value(300).as<std::uint8_t>()); }), "builtins.OverflowError: int 300 does not fit uint8");
  EXPECT_EQ(complaint([&] { static_cast<void>(value(5).size()); }), "builtins.TypeError: object of type 'int' has no size");
  EXPECT_EQ(complaint([&] { value::dict{}.set(value::list{}, 1); }), "builtins.TypeError: unhashable type: 'list'");
  EXPECT_EQ(complaint([&] { value::set{}.insert(value::tuple{value::set{}}); }), "builtins.TypeError: unhashable type: 'set'");
}

TEST(Value, converts_to_typed_values) {
  const value v = value::dict{{"a", value::list{1, 2}}, {"b", value::tuple{}}};
  const auto map = v.as<std::map<std::string, std::vector<int>>>();
  EXPECT_EQ(map.at("a"), (std::vector{1, 2}));
  EXPECT_EQ(value("text").as<std::string_view>(), "text");
  EXPECT_EQ(value(beyond).as<integer>(), beyond);
  EXPECT_EQ(value(beyond).as<double>(), 0x1p64);
  EXPECT_EQ(value(7).as<value>(), 7);
}

TEST(Value, compares_numbers_by_value) {
  EXPECT_EQ(value(1), value(1.0));
  EXPECT_EQ(value(1), value(true));
  EXPECT_EQ(value(0.0), value(-0.0));
  EXPECT_EQ(value(std::complex<double>(2, 0)), value(2));
  EXPECT_EQ(value(beyond), value(0x1p64));
  EXPECT_NE(value(beyond), value(std::nextafter(0x1p64, HUGE_VAL)));
  EXPECT_NE(value(std::int64_t(9007199254740993)), value(9007199254740992.0));
  EXPECT_NE(value(std::nan("")), value(std::nan("")));
  EXPECT_NE(value(1), value("1"));
  EXPECT_NE(value(0), value());
  EXPECT_EQ(value(HUGE_VAL), value(HUGE_VAL));
}

TEST(Value, keeps_the_containers_apart_as_python_does) {
  EXPECT_NE(value(value::list{1}), value(value::tuple{1}));
  EXPECT_EQ(value(value::set{1, 2}), value(value::frozenset{2, 1}));
  EXPECT_NE(value(value::set{1, 2}), value(value::set{1, 3}));
  EXPECT_EQ(value(value::dict{{"a", 1}, {"b", 2}}), value(value::dict{{"b", 2.0}, {"a", 1}}));
  EXPECT_NE(value("a"), value(some_bytes({'a'})));
  EXPECT_FALSE(same(value::dict{{"a", 1}, {"b", 2}}, value::dict{{"b", 2}, {"a", 1}}));
  EXPECT_TRUE(same(value::set{1, 2}, value::set{2, 1}));
}

TEST(Value, same_tells_apart_what_equality_does_not) {
  EXPECT_FALSE(same(1, 1.0));
  EXPECT_FALSE(same(0.0, -0.0));
  EXPECT_FALSE(same(value::set{1}, value::frozenset{1}));
  EXPECT_TRUE(same(std::nan(""), std::nan("")));
  EXPECT_TRUE(same(value::list{std::nan("")}, value::list{std::nan("")}));
  EXPECT_TRUE(same(value::set{std::nan(""), 1}, value::set{1, std::nan("")}));
}

TEST(Value, compares_aware_datetimes_as_instants) {
  datetime a = *parse_datetime("2020-01-01T12:00:00+00:00"), b = *parse_datetime("2020-01-01T13:00:00+01:00");
  EXPECT_EQ(value(a), value(b));
  EXPECT_EQ(hash_of(a), hash_of(b));
  EXPECT_FALSE(same(a, b));
  a.time.offset_seconds.reset();
  EXPECT_NE(value(a), value(b));
}

TEST(Value, collapses_equal_keys_the_first_stays_and_the_last_item_wins) {
  value::dict dict{{1, "a"}, {1.0, "b"}, {true, "c"}};
  ASSERT_EQ(dict.size(), 1u);
  EXPECT_EQ(dict.begin()->key.kind(), kind::integer);
  EXPECT_EQ(dict.begin()->item, "c");
  EXPECT_EQ((value::set{true, 1, 1.0, std::complex<double>(1, 0)}).size(), 1u);
}

TEST(Value, keeps_the_order_of_keys_in_large_dicts) {
  value::dict dict;
  for (int i = 0; i < 1000; ++i) dict.set("key" + std::to_string(i * 7919 % 1000), i);
  int expected = 0;
  for (const auto& [key, item] : dict) EXPECT_EQ(item, expected++);
  EXPECT_EQ(*dict.find("key7"), value(dict).as<value>()["key7"]);
  const value::dict copy = dict;
  EXPECT_TRUE(dict.erase("key0"));
  EXPECT_FALSE(dict.contains("key0"));
  EXPECT_FALSE(dict.erase("key0"));
  EXPECT_EQ(dict.size(), 999u);
  EXPECT_TRUE(copy.contains(std::string("key0")));
  EXPECT_TRUE(copy.contains(value("key999")));
  EXPECT_FALSE(copy.contains(value(value::list{})));
}

TEST(Value, can_be_emptied_and_filled_again) {
  value::dict dict{{"a", 1}};
  EXPECT_TRUE(dict.erase("a"));
  EXPECT_EQ(dict.find("a"), nullptr);
  dict.set("a", 2);
  EXPECT_EQ(*dict.find("a"), 2);
  value::dict moved = std::move(dict);
  dict = value::dict{{"b", 1}};
  EXPECT_TRUE(dict.contains("b") && moved.contains("a"));
}

TEST(Value, finds_containers_as_keys) {
  value::dict dict{{value::tuple{1, "a"}, 1}, {value::frozenset{1, 2}, 2}};
  EXPECT_EQ(*dict.find(value::tuple{1.0, "a"}), 1);
  EXPECT_EQ(*dict.find(value(value::frozenset{2, 1})), 2);
  EXPECT_EQ(dict.find(value::tuple{2, "a"}), nullptr);
}

TEST(Value, takes_many_keys_in_about_linear_time) {
  value::dict numbers;
  for (std::int64_t i = 0; i < 200000; ++i) numbers.set(i << 40, i);
  EXPECT_EQ(numbers.size(), 200000u);
  value::set nans;
  for (int i = 0; i < 200000; ++i) nans.insert(std::nan(""));
  EXPECT_EQ(nans.size(), 200000u);
  value::set same_double;  // integers that are all the same double
  for (int i = 0; i < 2000; ++i)
    same_double.insert(integer::from_digits({static_cast<std::uint32_t>(i), 0, 0, 0, 0, 1}, false));
  EXPECT_EQ(same_double.size(), 2000u);
}

TEST(Value, compares_deeply_nested_sets_without_blowing_up) {
  value a = value::frozenset{}, b = value::frozenset{};
  for (int i = 0; i < 100; ++i) {
    a = value::frozenset{a, i};
    b = value::frozenset{i, b};
  }
  EXPECT_EQ(a, b);
}

TEST(Value, equal_values_have_equal_hashes) {
  test::random_value random(3);
  for (int i = 0; i < 3000; ++i) {
    const value v = random.next();
    if (unhashable_part(v) != kind::none || v != v) continue;
    EXPECT_EQ(hash_of(v), hash_of(value(v)));
  }
  for (const auto& [a, b] : {std::pair<value, value>{1, 1.0}, {true, 1}, {beyond, 0x1p64}, {0.0, -0.0}, {-3, std::complex<double>(-3, -0.0)}}) {
    EXPECT_EQ(a, b);
    EXPECT_EQ(hash_of(a), hash_of(b));
  }
}

TEST(Value, prints_as_python_does) {
  EXPECT_EQ(to_repr({}), "None");
  EXPECT_EQ(to_repr(value::list{1, 2.0, 1e16, 1e-5, true, "it's", nullptr}), "[1, 2.0, 1e+16, 1e-05, True, \"it's\", None]");
  EXPECT_EQ(to_repr(value::tuple{1}), "(1,)");
  EXPECT_EQ(to_repr(value::tuple{}), "()");
  EXPECT_EQ(to_repr(value::set{}), "set()");
  EXPECT_EQ(to_repr(value::set{1}), "{1}");
  EXPECT_EQ(to_repr(value::frozenset{}), "frozenset()");
  EXPECT_EQ(to_repr(value::frozenset{1, 2}), "frozenset({1, 2})");
  EXPECT_EQ(to_repr(value::dict{{"a", 1}, {2, value::dict{}}}), "{'a': 1, 2: {}}");
  EXPECT_EQ(to_repr(value(some_bytes({'a', 0, 255, '\''}))), "b\"a\\x00\\xff'\"");
  EXPECT_EQ(to_repr("a\n\\'\"\x01\u00e9\u00a0\U0001f600\u200b"), "'a\\n\\\\\\'\"\\x01\u00e9\\xa0\U0001f600\\u200b'");
  EXPECT_EQ(to_repr(std::complex<double>(1, -2.5)), "(1-2.5j)");
  EXPECT_EQ(to_repr(std::complex<double>(0, 3)), "3j");
  EXPECT_EQ(to_repr(std::complex<double>(-0.0, 3)), "(-0+3j)");
  EXPECT_EQ(to_repr(beyond), "18446744073709551616");
  EXPECT_EQ(to_repr(*parse_datetime("2020-01-02T03:04:05.000678")), "datetime.datetime(2020, 1, 2, 3, 4, 5, 678)");
  EXPECT_EQ(to_repr(*parse_datetime("2020-01-02T03:04:00-01:00")),
            "datetime.datetime(2020, 1, 2, 3, 4, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=82800)))");
  EXPECT_EQ(to_repr(date{2020, 1, 2}), "datetime.date(2020, 1, 2)");
}

TEST(ValueReader, reads_a_value_back_as_itself) {
  test::random_value random(11);
  for (int i = 0; i < 3000; ++i) {
    const value v = random.next();
    EXPECT_TRUE(same(v, v.as<value>())) << to_repr(v);
  }
}

TEST(ValueReader, rewinds_and_looks_for_the_class) {
  const value v = value::list{value::dict{{"x", value::list{1}}, {1, 2}, {"__class__", "a.B"}}, 7};
  value_reader in(v);
  std::size_t hint = 0;
  ASSERT_TRUE(in.enter_sequence(hint) && in.more());
  EXPECT_EQ(in.class_name(), "a.B");
  EXPECT_EQ(in.peek(), kind::dict);
  ASSERT_TRUE(in.skip());
  EXPECT_EQ(in.class_name(), std::nullopt);
  std::int64_t n = 0;
  ASSERT_TRUE(in.read_integer(n));
  EXPECT_EQ(n, 7);
  EXPECT_FALSE(in.more());
  EXPECT_TRUE(in.finish());
}

TEST(ValueReader, reads_a_call) {
  const value v = value::tuple{"thing", "add", value::tuple{1}, value::dict{{"b", 2}}};
  value_reader in(v);
  std::string_view object, method;
  std::vector<int> arguments;
  std::map<std::string, int> keywords;
  EXPECT_TRUE(in.begin_call(object, method) && decode(in, arguments) && in.begin_keywords() && decode(in, keywords) && in.end_call());
  EXPECT_EQ(object, "thing");
  EXPECT_EQ(method, "add");
  EXPECT_EQ(keywords["b"], 2);
}

}  // namespace
