// Arguments into parameters: by position, by keyword, left out, and the rest; with CPython's words when they do not fit.
#include <engine/object/arguments.hpp>

#include <gtest/gtest.h>

#include <codec/serializer.hpp>
#include <tests/support/encoded.hpp>

namespace engine {
namespace {

/// Reads "(arguments)" and "{keywords}" into parameters P… as a method named C.f would.
template <class... P> struct fixture {
  using list = detail::parameter_list<P...>;
  explicit fixture(const char* parameters = nullptr) : signature(call_signature::of("f", list::shape, parameters)) { signature.qualify("C"); }

  /// "" if it was read, else the error's text; its class must be TypeError unless told.
  std::string read(std::string_view arguments, std::string_view keywords = "{}") {
    values.emplace();
    text = "('o','f'," + std::string(arguments) + "," + std::string(keywords) + ")";
    in = serpent().make_reader();
    in->start(test::as_bytes(text));
    std::string_view object, method;
    EXPECT_TRUE(in->begin_call(object, method));
    if (values->read(*in, signature)) return "";
    EXPECT_EQ(in->error().type, type);
    return in->error().text;
  }
  template <class F> auto got(F f) { return values->apply(f); }

  call_signature signature;
  std::optional<typename list::storage> values;
  std::string text;
  std::unique_ptr<reader> in;
  std::string_view type = wire_class::type_error;
};

TEST(arguments, by_position) {
  fixture<int, std::string_view> f;
  EXPECT_EQ(f.read("(1,'two')"), "");
  f.got([](int a, std::string_view b) {
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, "two");
  });
  EXPECT_EQ(f.read("[1,'two']"), "");
}

TEST(arguments, by_keyword_in_any_order) {
  fixture<int, int, int> f("a, b, c");
  EXPECT_EQ(f.read("(1,)", "{'c':3,'b':2}"), "");
  EXPECT_EQ(f.got([](int a, int b, int c) { return a * 100 + b * 10 + c; }), 123);
}

TEST(arguments, missing_ones_are_named_as_python_does) {
  fixture<int> one("a");
  EXPECT_EQ(one.read("()"), "C.f() missing 1 required positional argument: 'a'");
  fixture<int, int> two("a, b");
  EXPECT_EQ(two.read("()"), "C.f() missing 2 required positional arguments: 'a' and 'b'");
  EXPECT_EQ(two.read("()", "{'b':1}"), "C.f() missing 1 required positional argument: 'a'");
  fixture<int, int, int> three("a, b, c");
  EXPECT_EQ(three.read("()"), "C.f() missing 3 required positional arguments: 'a', 'b', and 'c'");
  fixture<int, int> unnamed;
  EXPECT_EQ(unnamed.read("(1,)"), "C.f() missing 1 required positional argument: 'arg2'");
}

TEST(arguments, of_another_type_are_named) {
  fixture<int, std::string> named("count, word");
  EXPECT_EQ(named.read("('x','y')"), "C.f() argument 'count': expected int, not str");
  EXPECT_EQ(named.read("(1,2)"), "C.f() argument 'word': expected str, not int");
  EXPECT_EQ(named.read("(1,)", "{'word':2.5}"), "C.f() argument 'word': expected str, not float");
  fixture<int, std::vector<int>> unnamed;
  EXPECT_EQ(unnamed.read("(1,[2,None])"), "C.f() argument 2: expected int, not NoneType");
  named.type = wire_class::syntax_error;
  EXPECT_EQ(named.read("(1,]").find("C.f()"), std::string::npos) << "what is no value at all is nobody's argument";
}

TEST(arguments, too_many_count_the_object_too) {
  fixture<> none;
  EXPECT_EQ(none.read("(1,)"), "C.f() takes 1 positional argument but 2 were given");
  EXPECT_EQ(none.read("(1,[2,3])"), "C.f() takes 1 positional argument but 3 were given");
  fixture<int> one("a");
  EXPECT_EQ(one.read("(1,2,3)"), "C.f() takes 2 positional arguments but 4 were given");
  fixture<int, int> some("a, b=2");
  EXPECT_EQ(some.read("(1,2,3)"), "C.f() takes from 2 to 3 positional arguments but 4 were given");
}

TEST(arguments, given_twice_or_unknown) {
  fixture<int, int> f("a, b");
  EXPECT_EQ(f.read("(1,2)", "{'a':3}"), "C.f() got multiple values for argument 'a'");
  EXPECT_EQ(f.read("(1,2)", "{'z':3}"), "C.f() got an unexpected keyword argument 'z'");
  EXPECT_EQ(f.read("(1,2)", "None"), "C.f() argument after ** must be a mapping, not NoneType");
}

TEST(arguments, keywords_need_names) {
  fixture<int> f;
  EXPECT_EQ(f.read("()", "{'a':1}"), "C.f() takes no keyword arguments: its parameters are not named (got 'a')");
  fixture<> none;
  EXPECT_EQ(none.read("()", "{'a':1}"), "C.f() got an unexpected keyword argument 'a'");
}

TEST(arguments, defaults_are_python_literals) {
  fixture<int, std::string, std::vector<int>, bool> f("a, b='x,y', c=[1, (2)], d=True");
  EXPECT_EQ(f.read("(1,)"), "");
  f.got([](int, const std::string& b, const std::vector<int>& c, bool d) {
    EXPECT_EQ(b, "x,y");
    EXPECT_EQ(c, (std::vector<int>{1, 2}));
    EXPECT_TRUE(d);
  });
  EXPECT_EQ(f.read("(1,)", "{'d':False}"), "");
  EXPECT_FALSE(f.got([](int, const std::string&, const std::vector<int>&, bool d) { return d; }));
}

TEST(arguments, a_bad_default_is_told_to_the_caller) {
  fixture<int> f("a='text'");
  EXPECT_TRUE(f.read("()").starts_with("bad default 'text': ")) << f.in->error().text;
}

TEST(arguments, a_trailing_optional_may_be_left_out) {
  fixture<int, std::optional<int>> f("a, b");
  EXPECT_EQ(f.read("(1,)"), "");
  EXPECT_EQ(f.got([](int, std::optional<int> b) { return b; }), std::nullopt);
  EXPECT_EQ(f.read("(1,)", "{'b':5}"), "");
  EXPECT_EQ(f.got([](int, std::optional<int> b) { return b; }), 5);
  EXPECT_EQ(f.read("(1,None)"), "");
  EXPECT_EQ(f.got([](int, std::optional<int> b) { return b; }), std::nullopt);
}

TEST(arguments, the_rest_goes_to_args_and_kwargs) {
  fixture<int, args, kwargs> f("a");
  EXPECT_EQ(f.read("(1,'two',3)", "{'x':4,'y':'z'}"), "");
  f.got([](int a, const args& rest, const kwargs& named) {
    EXPECT_EQ(a, 1);
    ASSERT_EQ(rest.size(), 2u);
    EXPECT_EQ(rest[0], value("two"));
    EXPECT_EQ(rest[1], value(3));
    EXPECT_EQ(value(named.items), value(value::dict{{"x", 4}, {"y", "z"}}));
  });
  EXPECT_EQ(f.read("()", "{'a':7,'b':8}"), "");
  EXPECT_EQ(f.got([](int a, const args& rest, const kwargs& named) { return a + static_cast<int>(rest.size() + named.items.size()); }), 8);
}

TEST(arguments, that_do_not_fit_their_type_are_refused) {
  fixture<int> f("a");
  EXPECT_NE(f.read("('x',)"), "");
  f.type = wire_class::overflow_error;
  EXPECT_NE(f.read("(99999999999,)"), "");
  fixture<std::uint8_t> small("a");
  small.type = wire_class::overflow_error;
  EXPECT_NE(small.read("(256,)"), "");
}

TEST(arguments, text_and_bytes_are_borrowed_from_the_request) {
  fixture<std::string_view> f;
  EXPECT_EQ(f.read("('hello',)"), "");
  const char* at = f.got([](std::string_view s) { return s.data(); });
  EXPECT_GE(at, f.text.data());
  EXPECT_LT(at, f.text.data() + f.text.size());
}

TEST(arguments, junk_behind_the_call_is_refused) {
  fixture<int> f("a");
  f.type = wire_class::value_error;  // as Python: that would be a call
  EXPECT_NE(f.read("(1,)", "{}) ("), "");
}

TEST(arguments, naming_another_number_of_parameters_is_the_programmers_fault) {
  using list = detail::parameter_list<int, int>;
  EXPECT_THROW(call_signature::of("f", list::shape, "a"), std::invalid_argument);
  EXPECT_THROW(call_signature::of("f", list::shape, "a, b, c"), std::invalid_argument);
  EXPECT_NO_THROW(call_signature::of("f", list::shape, " a ,b = {'x': (1, 2)} "));
}

TEST(arguments, sixty_four_parameters_are_counted_right) {
  using p = int;
  fixture<p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p,
          p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p> f;
  std::string all = "(";
  for (int i = 0; i < 64; ++i) all += std::to_string(i) + ",";
  EXPECT_EQ(f.read(all + ")"), "");
  EXPECT_EQ(f.read(all + "64,)"), "C.f() takes 65 positional arguments but 66 were given");
}

}  // namespace
}  // namespace engine
