// Structs described by one line, in a namespace of the user's own.
#include <codec/shape.hpp>

#include <gtest/gtest.h>

#include <map>

#include <codec/convert.hpp>
#include <codec/value_reader.hpp>
#include <tests/support/encoded.hpp>

namespace shop {

struct point {
  double x = 0, y = 1;
};
ENGINE_SHAPE(point, x, y)

struct part {
  std::string name;
  std::vector<part> parts;
  std::optional<point> place;
};
ENGINE_SHAPE_AS(part, "shop.Part", name, parts, place)

struct bolt {
  int length = 0;
};
ENGINE_SHAPE_AS(bolt, "shop.Bolt", length)

struct nothing {};
ENGINE_SHAPE(nothing)

struct wide {
  int a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0, a8 = 0, a9 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0,
      b6 = 0, b7 = 0, b8 = 0, b9 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, c8 = 0, c9 = 0, d0 = 0, d1 = 0,
      d2 = 0, d3 = 0, d4 = 0, d5 = 0, d6 = 0, d7 = 0, d8 = 0, d9 = 0;
};
ENGINE_SHAPE(wide, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8,
             c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9)

}  // namespace shop

using namespace engine;

namespace {

value as_value(const auto& object) {
  const auto payload = test::encoded(msgpack(), object);
  return payload ? *test::decoded<value>(msgpack(), test::as_bytes(*payload)) : value(payload.error().text);
}

#define LISTED(C, name) C #name
static_assert(std::string_view(ENGINE_EACH(LISTED, ".", a, b, c)) == ".a.b.c");
static_assert(std::array{ENGINE_EACH_COMMA(LISTED, "", a, b)}.size() == 2);
static_assert(std::string_view("" ENGINE_EACH(LISTED, ".")).empty());

TEST(Shape, travels_as_a_dict_in_the_order_of_its_members) {
  EXPECT_EQ(to_repr(as_value(shop::point{1, 2.5})), "{'x': 1.0, 'y': 2.5}");
  EXPECT_EQ(to_repr(as_value(shop::nothing{})), "{}");
}

TEST(Shape, travels_with_its_class_last) {
  EXPECT_EQ(to_repr(as_value(shop::part{"wheel", {{"spoke", {}, {}}}, shop::point{}})),
            "{'name': 'wheel', 'parts': [{'name': 'spoke', 'parts': [], 'place': None, '__class__': 'shop.Part'}], "
            "'place': {'x': 0.0, 'y': 1.0}, '__class__': 'shop.Part'}");
}

TEST(Shape, reads_keys_in_any_order_skips_unknown_ones_and_keeps_defaults) {
  const value v = value::dict{{"z", value::list{1, value::dict{}}}, {5, 6}, {"x", 3}};
  const auto p = v.as<shop::point>();
  EXPECT_EQ(p.x, 3);
  EXPECT_EQ(p.y, 1);
  const auto q = value(value::dict{{"y", 3}, {"x", 4}}).as<shop::point>();
  EXPECT_EQ(q.x, 4);
  EXPECT_EQ(q.y, 3);
}

TEST(Shape, reads_back_what_it_wrote) {
  const shop::part wheel{"wheel", {{"spoke", {}, {}}, {"rim", {}, shop::point{3, 4}}}, {}};
  const auto back = as_value(wheel).as<shop::part>();
  ASSERT_EQ(back.parts.size(), 2u);
  EXPECT_EQ(back.parts[1].place->y, 4);
}

TEST(Shape, checks_the_class_if_there_is_one) {
  EXPECT_EQ(value(value::dict{{"length", 4}}).as<shop::bolt>().length, 4);
  EXPECT_EQ(value(value::dict{{"__class__", "shop.Bolt"}, {"length", 4}}).as<shop::bolt>().length, 4);
  try {
    static_cast<void>(value(value::dict{{"length", 4}, {"__class__", "shop.Part"}}).as<shop::bolt>());
    FAIL();
  } catch (const bad_value& e) {
    EXPECT_STREQ(e.what(), "expected class shop.Bolt, not shop.Part");
  }
  EXPECT_THROW(static_cast<void>(value(value::list{}).as<shop::bolt>()), bad_value);
}

TEST(Shape, is_chosen_by_its_class_among_alternatives) {
  using either = std::variant<shop::bolt, shop::part>;
  EXPECT_TRUE(std::holds_alternative<shop::part>(as_value(shop::part{"rim", {}, {}}).as<either>()));
  EXPECT_TRUE(std::holds_alternative<shop::bolt>(as_value(shop::bolt{3}).as<either>()));
  EXPECT_TRUE(std::holds_alternative<shop::bolt>(value(value::dict{{"length", 4}}).as<either>()));
}

TEST(Shape, has_forty_members_if_need_be) {
  shop::wide w;
  w.d9 = 9;
  EXPECT_EQ(as_value(w).size(), 40u);
  EXPECT_EQ(as_value(w).as<shop::wide>().d9, 9);
}

}  // namespace
