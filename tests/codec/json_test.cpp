// json against what Pyro's JsonSerializer writes and what Python's json says of broken texts (both taken from Python 3.11), and
// against peers that nest, count and repeat without end. tests/interop/mutation_differential.py compares many more texts.
#include <codec/json.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <codec/serializer.hpp>
#include <codec/shape.hpp>
#include <tests/support/allocations.hpp>
#include <tests/support/encoded.hpp>
#include <tests/support/random_value.hpp>

namespace json_test {
struct point { double x = 0, y = 0; std::optional<std::string> label{}; };
ENGINE_SHAPE_AS(point, "geometry.Point", x, y, label)
}  // namespace json_test

using namespace engine;
using json_test::point;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string in_words(const decode_error& e) { return std::string(e.type.substr(e.type.rfind('.') + 1)) + ": " + e.text; }

template <class T> std::string write(const T& v) {
  const auto payload = test::encoded(json(), v);
  return payload ? *payload : in_words(payload.error());
}

/// repr of the one value in `text`, or the error.
std::string read(std::string_view text, const decode_limits& limits = {}) {
  const auto v = test::decoded<value>(json(), test::as_bytes(text), limits);
  return v ? to_repr(*v) : in_words(v.error());
}

template <class T> std::string read_as(std::string_view text) {
  const auto v = test::decoded<T>(json(), test::as_bytes(text));
  return v ? to_repr(value(*v)) : in_words(v.error());
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  while (times-- > 0) all += part;
  return all;
}

/// "object.method(arguments, keywords)" or the error.
std::string call(reader& in, std::string_view text) {
  in.start(test::as_bytes(text));
  std::string_view object, method;
  std::vector<value> arguments;
  value keywords;
  if (!in.begin_call(object, method) || !decode(in, arguments) || !in.begin_keywords() || !decode(in, keywords) || !in.end_call())
    return in_words(in.error());
  return std::string(object) + "." + std::string(method) + "(" + to_repr(value(value::list(arguments))) + ", " +
         to_repr(keywords) + ")";
}
std::string call(std::string_view text) { return call(*json().make_reader(), text); }

TEST(Json, has_the_numbers_of_both_protocols) {
  EXPECT_EQ(json().name, "json");
  EXPECT_EQ(json().id_48, 2);
  EXPECT_EQ(json().id_502, 3);
}

TEST(Json, writes_the_calls_pyro_writes) {
  output out;
  const auto to = json().make_writer();
  to->start(out);
  to->begin_call("thing", "add", 1);
  to->signed_integer(1);
  to->begin_keywords(1);
  to->string("b");
  to->signed_integer(2);
  to->end_call();
  EXPECT_EQ(test::flat(out), R"({"object": "thing", "method": "add", "params": [1], "kwargs": {"b": 2}})");
  out.clear();
  to->start(out);
  to->begin_call("thing", "__getattr__", 1);
  to->string("value");
  to->no_keywords();
  to->end_call();
  EXPECT_EQ(test::flat(out), R"({"object": "thing", "method": "__getattr__", "params": ["value"], "kwargs": null})");
}

TEST(Json, writes_the_values_pyro_writes) {
  EXPECT_EQ(write(value()), "null");
  EXPECT_EQ(write(value(value::list{true, false, 33, -1})), "[true, false, 33, -1]");
  EXPECT_EQ(write(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(write(*integer::from_decimal("-1000000000000000000000000000000")), "-1000000000000000000000000000000");
  EXPECT_EQ(write(value(value::list{std::nan(""), -infinity, infinity, 1e16, -0.0, 2.5, 1e-5})), "[NaN, -Infinity, Infinity, 1e+16, -0.0, 2.5, 1e-05]");
  EXPECT_EQ(write(std::string("\0\x1f\x7f\xe2\x80\xa8\"\\/\b\f\n\r\t", 14)), "\"\\u0000\\u001f\x7f\xe2\x80\xa8\\\"\\\\/\\b\\f\\n\\r\\t\"");
  EXPECT_EQ(write(value(value::tuple{1, value::tuple{2}})), "[1, [2]]");
  EXPECT_EQ(write(value(value::set{1})), "[1]");
  EXPECT_EQ(write(value(value::list{value::list{}, value::dict{}})), "[[], {}]");
  EXPECT_EQ(write(*parse_datetime("2020-01-02T03:04:05.000678+00:00")), "\"2020-01-02T03:04:05.000678+00:00\"");
  EXPECT_EQ(write(date{2020, 1, 2}), "\"2020-01-02\"");
  EXPECT_EQ(write(value(value::dict{{"__class__", "Pyro4.core.URI"}, {"state", value::tuple{"PYRO", "x", {}, "h", 1}}})),
            R"({"__class__": "Pyro4.core.URI", "state": ["PYRO", "x", null, "h", 1]})");
  EXPECT_EQ(write(point{1, 2, {}}), R"({"x": 1.0, "y": 2.0, "label": null, "__class__": "geometry.Point"})");
}

TEST(Json, makes_keys_text_as_python_does) {
  EXPECT_EQ(write(value(value::dict{{1, 3}, {2.5, 1}, {value(), 4}, {std::nan(""), 5}, {infinity, 6}, {1e16, 7}, {"k", value::list{8}}})),
            R"({"1": 3, "2.5": 1, "null": 4, "NaN": 5, "Infinity": 6, "1e+16": 7, "k": [8]})");
  EXPECT_EQ(write(value(value::dict{{true, *integer::from_decimal("18446744073709551616")}})), R"({"true": 18446744073709551616})");
  const auto refused = [](value key) { return write(value(value::dict{{std::move(key), 1}})); };
  const std::string words = "TypeError: keys must be str, int, float, bool or None, not ";
  EXPECT_EQ(refused(value::tuple{1}), words + "tuple");
  EXPECT_EQ(refused(value(bytes(1))), words + "bytes");
  EXPECT_EQ(refused(std::complex<double>(0, 1)), words + "complex");
  EXPECT_EQ(refused(value::frozenset{}), words + "frozenset");
  EXPECT_EQ(refused(date{2020, 1, 1}), words + "datetime.date");
  EXPECT_EQ(refused(datetime{}), words + "datetime.datetime");
}

TEST(Json, refuses_to_write_what_pyro_could_not) {
  const auto words = [](std::string_view name) {
    return "SerializeError: don't know how to serialize class <class '" + std::string(name) +
           "'> using serializer JsonSerializer. Give it vars() or an appropriate __getstate__";
  };
  EXPECT_EQ(write(bytes(1)), words("bytes"));
  EXPECT_EQ(write(value(value::list{1, value::frozenset{1}})), words("frozenset"));
  EXPECT_EQ(write(std::complex<double>(0, 1)), words("complex"));
  EXPECT_EQ(write(time_of_day{}), words("datetime.time"));
  EXPECT_EQ(write(std::chrono::seconds(1)), words("datetime.timedelta"));
  EXPECT_EQ(write(*integer::from_decimal("1" + std::string(4300, '0'))),
            "ValueError: Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit");
  EXPECT_EQ(write("\xff"), "UnicodeEncodeError: text is not UTF-8: invalid start byte at byte 0");
}

TEST(Json, refuses_lone_surrogates_by_their_place_in_the_whole_text) {
  EXPECT_EQ(write("a\xed\xa0\x80"), "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 2: surrogates not allowed");
  EXPECT_EQ(write(value(value::list{"\xc3\xa9", "\n\xed\xa0\x80\xed\xa0\x81" "b"})),
            "UnicodeEncodeError: 'utf-8' codec can't encode characters in position 9-10: surrogates not allowed");
}

TEST(Json, reads_every_form) {
  EXPECT_EQ(read(" \t\r\n[ null , true,false ,\"\" ,{ } , {\"a\" : [ ] } ] \n"), "[None, True, False, '', {}, {'a': []}]");
  EXPECT_EQ(read("[0, -0, 9223372036854775807, -9223372036854775808, 9223372036854775808, -9223372036854775809, 12345678901234567890123]"),
            "[0, 0, 9223372036854775807, -9223372036854775808, 9223372036854775808, -9223372036854775809, 12345678901234567890123]");
  EXPECT_EQ(read("[1.5, -0.0, 1E5, 1e-7, 12e+3, 0.1e1, 1e400, -1e400, 1e-400, NaN, Infinity, -Infinity]"),
            "[1.5, -0.0, 100000.0, 1e-07, 12000.0, 1.0, inf, -inf, 0.0, nan, inf, -inf]");
  EXPECT_EQ(read("{\"a\": 1, \"b\": 2, \"a\": 3}"), "{'a': 3, 'b': 2}");
}

TEST(Json, reads_every_float_to_the_last_bit) {
  test::random_value random(3, {.nan_and_infinity = false});
  for (int i = 0; i < 20000; ++i) {
    const double x = random.real();
    const auto back = test::decoded<double>(json(), test::as_bytes(write(x)));
    ASSERT_TRUE(back && std::bit_cast<std::uint64_t>(*back) == std::bit_cast<std::uint64_t>(x)) << write(x);
  }
  EXPECT_EQ(read("[9007199254740993.0, 9007199254740992.5, 123456789012345678.9, 1e22, 1e23, 0.30000000000000004, 0.000000000000000000001]"),
            "[9007199254740992.0, 9007199254740992.0, 1.2345678901234568e+17, 1e+22, 1e+23, 0.30000000000000004, 1e-21]");
}

TEST(Json, resolves_escapes) {
  const auto text = [](std::string_view json_text) { return *test::decoded<std::string>(json(), test::as_bytes(json_text)); };
  EXPECT_EQ(text(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00")"), "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(text(R"("\ud800")"), "\xed\xa0\x80");
  EXPECT_EQ(text(R"("\udc00\ud800\ud800\udc00\ud800\u0041")"), "\xed\xb0\x80\xed\xa0\x80\xf0\x90\x80\x80\xed\xa0\x80" "A");
  EXPECT_EQ(text("\"" + std::string(100, 'x') + "\\n" + std::string(100, 'y') + "\""), std::string(100, 'x') + "\n" + std::string(100, 'y'));
}

TEST(Json, keeps_the_views_of_all_strings_of_a_message) {
  std::string text = "[";
  for (int i = 0; i < 2000; ++i) text += (i == 0 ? "\"\\n" : ", \"\\n") + std::to_string(i) + "\"";
  text += "]";
  const auto in = json().make_reader();
  in->start(test::as_bytes(text));
  std::vector<std::string_view> views;
  ASSERT_TRUE(decode(*in, views) && in->finish());
  for (std::size_t i = 0; i < 2000; ++i) EXPECT_EQ(views[i], "\n" + std::to_string(i));
}

TEST(Json, words_faults_as_python_does) {
  const auto refused = [](std::string_view text, std::string_view words) { EXPECT_EQ(read(text), "JSONDecodeError: " + std::string(words)) << text; };
  refused("", "Expecting value: line 1 column 1 (char 0)");
  refused(" ", "Expecting value: line 1 column 2 (char 1)");
  refused("\xef\xbb\xbf" "1", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)");
  refused("1.", "Extra data: line 1 column 2 (char 1)");
  refused("01", "Extra data: line 1 column 2 (char 1)");
  refused("1e+", "Extra data: line 1 column 2 (char 1)");
  refused("1 2", "Extra data: line 1 column 3 (char 2)");
  for (const char* none : {"-", "+1", ".5", "tru", "nul", "-Inf", "Inf", "nan", "True", "'a'", "x", "\f1", "]"})
    refused(none, "Expecting value: line 1 column 1 (char 0)");
  refused("\"a", "Unterminated string starting at: line 1 column 1 (char 0)");
  refused("\"\\", "Unterminated string starting at: line 1 column 1 (char 0)");
  refused("\"\x01\"", "Invalid control character at: line 1 column 2 (char 1)");
  refused("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)");
  refused("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)");
  refused("\"\\u1234", "Invalid \\uXXXX escape: line 1 column 3 (char 2)");
  refused("\"\\ud800\\u12\"", "Invalid \\uXXXX escape: line 1 column 9 (char 8)");
  refused("[", "Expecting value: line 1 column 2 (char 1)");
  refused("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)");
  refused("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)");
  refused("[1}", "Expecting ',' delimiter: line 1 column 3 (char 2)");
  refused("[1,]", "Expecting value: line 1 column 4 (char 3)");
  refused("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
  refused("{1:2}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
  refused("{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)");
  refused("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)");
  refused("{\"a\": 1", "Expecting ',' delimiter: line 1 column 8 (char 7)");
}

TEST(Json, counts_lines_and_columns_in_characters) {
  EXPECT_EQ(read("[\"\xc3\xa9\n\", x"), "JSONDecodeError: Invalid control character at: line 1 column 4 (char 3)");
  EXPECT_EQ(read("[\"\xf0\x9f\x98\x80\",\n\n \"\xe2\x82\xac\" x"), "JSONDecodeError: Expecting ',' delimiter: line 3 column 6 (char 12)");
}

TEST(Json, refuses_what_is_not_utf8_before_anything_else) {
  EXPECT_EQ(read("\xff"), "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte");
  EXPECT_EQ(read("x \"\xed\xa0\x80\""), "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xed in position 3: invalid continuation byte");
}

TEST(Json, bounds_depth_digits_and_elements) {
  EXPECT_EQ(read(repeated("[", 200) + "1" + repeated("]", 200)).size(), 401u);
  EXPECT_EQ(read(repeated("[", 201) + "1" + repeated("]", 201)), "ValueError: containers nested too deeply");
  EXPECT_EQ(read(repeated("{\"a\":", 201)), "ValueError: containers nested too deeply");
  EXPECT_EQ(read(repeated("[", 1000000)), "ValueError: containers nested too deeply");
  EXPECT_EQ(read("[1, 2, 3]", {.elements = 4}), "[1, 2, 3]");
  EXPECT_EQ(read("[1, 2, 3]", {.elements = 3}), "ValueError: too many values in one message");
  EXPECT_EQ(read("{\"a\": []}", {.elements = 2}), "ValueError: too many values in one message");
  EXPECT_EQ(read("-" + std::string(4300, '9')).size(), 4301u);
  for (const char* sign : {"", "-"})
    EXPECT_EQ(read(sign + std::string(4301, '9')), "ValueError: Exceeds the limit (4300 digits) for integer string conversion: value has 4301 "
                                                   "digits; use sys.set_int_max_str_digits() to increase the limit");
}

TEST(Json, stands_floods_of_keys_and_digits) {
  std::string keys = "{";
  for (int i = 0; i < 50000; ++i) keys += (i == 0 ? "\"" : ", \"") + std::to_string(i) + "\": 0";
  const auto v = test::decoded<value>(json(), test::as_bytes(keys + "}"));
  ASSERT_TRUE(v);
  EXPECT_EQ(v->size(), 50000u);
  EXPECT_EQ(read("0." + std::string(1000000, '1')), "0.1111111111111111");
  EXPECT_EQ(read("1e" + std::string(1000000, '9')), "inf");
}

TEST(Json, reads_calls_in_any_order) {
  const auto in = json().make_reader();
  const std::string_view expected = "thing.add([1, 'x'], {'b': 2})";
  for (int round = 0; round < 2; ++round) {  // a reader is used many times
    EXPECT_EQ(call(*in, R"({"object": "thing", "method": "add", "params": [1, "x"], "kwargs": {"b": 2}})"), expected);
    EXPECT_EQ(call(*in, R"({"kwargs": {"b": 2}, "params": [1, "x"], "method": "add", "object": "thing"})"), expected);
    EXPECT_EQ(call(*in, R"({"object": "thing", "method": "add", "kwargs": {"b": 2}, "params": [1, "x"]})"), expected);
    EXPECT_EQ(call(*in, R"({"x": [{}], "object": "thing", "method": "add", "params": [1, "x"], "y": 1, "kwargs": {"b": 2}, "z": null})"), expected);
    EXPECT_EQ(call(*in, R"({"object": "thing", "method": "add", "params": [1, "x"], "y": {"z": []}, "kwargs": {"b": 2}, "z": null})"), expected);
    EXPECT_EQ(call(*in, R"({"object": 1, "method": 2, "object": "thing", "params": 3, "kwargs": {"b": 2}, "params": [1, "x"], "method": "add"})"), expected);
    EXPECT_EQ(call(*in, R"({"\u006fbject": "thing", "method": "\u0061dd", "params": [1, "x"], "kwargs": {"b": 2}})"), expected);
  }
  EXPECT_EQ(call(R"({"object": "o", "method": "__getattr__", "params": ["x"], "kwargs": null})"), "o.__getattr__(['x'], None)");
}

TEST(Json, refuses_broken_calls_in_pythons_words) {
  EXPECT_EQ(call("{}"), "KeyError: params");
  EXPECT_EQ(call(R"({"params": [], "object": 1})"), "KeyError: kwargs");
  EXPECT_EQ(call(R"({"object": "o", "method": "m", "params": []})"), "KeyError: kwargs");
  EXPECT_EQ(call(R"({"params": [], "kwargs": {}, "object": 1})"), "KeyError: method");
  EXPECT_EQ(call(R"({"params": [], "kwargs": {}, "method": 1})"), "KeyError: object");
  EXPECT_EQ(call("[]"), "TypeError: list indices must be integers or slices, not str");
  EXPECT_EQ(call("\"x\""), "TypeError: string indices must be integers, not 'str'");
  EXPECT_EQ(call("null"), "TypeError: 'NoneType' object is not subscriptable");
  EXPECT_EQ(call("1.5"), "TypeError: 'float' object is not subscriptable");
  EXPECT_EQ(call("[x"), "JSONDecodeError: Expecting value: line 1 column 2 (char 1)");
  EXPECT_EQ(call("{} x"), "JSONDecodeError: Extra data: line 1 column 4 (char 3)");
  EXPECT_EQ(call(R"({"object": "o", "method": "m", "params": [], "kwargs": {}} x)"), "JSONDecodeError: Extra data: line 1 column 60 (char 59)");
  EXPECT_EQ(call(R"({"object": 5, "method": "m", "params": [], "kwargs": {}})"), "TypeError: expected str, not int");
  EXPECT_EQ(call(R"({"object": "o", "method": "m", "params": 7, "kwargs": {}})"), "TypeError: expected list, not int");
  EXPECT_EQ(call(R"({"object": "o", "method": "m", "params": [], "kwargs": {}, "params": [1]})"), "ValueError: 'params' is given twice in one call");
}

TEST(Json, names_a_broken_text_before_a_value_that_does_not_fit) {
  EXPECT_EQ(read_as<std::int64_t>("\"a\""), "TypeError: expected int, not str");
  EXPECT_EQ((test::decoded<std::vector<int>>(json(), test::as_bytes("[1, \"a\", {\"b\": 2}]")).error().text), "expected int, not str");
  EXPECT_EQ((test::decoded<std::vector<int>>(json(), test::as_bytes("[1, \"a\", {\"b\" 2}]")).error().text),
            "Expecting ':' delimiter: line 1 column 15 (char 14)");
  EXPECT_EQ(read_as<std::int64_t>("9223372036854775808"), "OverflowError: int 9223372036854775808 does not fit int64");
  EXPECT_EQ(read_as<std::string>("{}"), "TypeError: expected str, not dict");
}

TEST(Json, reads_straight_into_cpp_types) {
  const auto p = test::decoded<point>(json(), test::as_bytes(R"({"y": 2, "more": [{}], "x": 1.5, "__class__": "geometry.Point", "label": "l"})"));
  ASSERT_TRUE(p) << p.error().text;
  EXPECT_EQ(p->x, 1.5);
  EXPECT_EQ(p->y, 2);
  EXPECT_EQ(p->label, "l");
  EXPECT_EQ(*test::decoded<std::uint64_t>(json(), test::as_bytes("18446744073709551615")), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*test::decoded<double>(json(), test::as_bytes("100000000000000000000")), 1e20);
  EXPECT_EQ(*test::decoded<date>(json(), test::as_bytes("\"2020-01-02\"")), (date{2020, 1, 2}));
}

TEST(Json, keeps_the_first_error_and_its_place) {
  const auto in = json().make_reader();
  in->start(test::as_bytes("[\"a\", 1]"));
  std::size_t hint = 0;
  std::int64_t n = 0;
  std::string_view text;
  EXPECT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_FALSE(in->read_integer(n));
  EXPECT_FALSE(in->read_string(text));
  EXPECT_FALSE(in->more());
  EXPECT_EQ(in->peek(), kind::error);
  EXPECT_EQ(in->error().text, "expected int, not str");
  EXPECT_EQ(in->error().offset, 1u);
}

TEST(Json, sees_the_class_ahead) {
  const auto in = json().make_reader();
  in->start(test::as_bytes(R"([{"a": [1, 2], "__class__": "B"}, 5])"));
  std::size_t hint = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_EQ(in->class_name(), "B");
  EXPECT_EQ(in->offset(), 1u);
  ASSERT_TRUE(in->skip() && in->more());
  EXPECT_EQ(in->class_name(), std::nullopt);
  ASSERT_TRUE(in->skip());
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish());
}

TEST(Json, fails_on_every_truncation_and_survives_every_changed_byte) {
  const std::string whole = R"({"a": [1, -2.5e3, "t\u00e9\n\"", null, true], "b": {"c": {}}, "d": 123456789012345678901})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));  // nothing behind it, not even a zero
    EXPECT_FALSE(test::decoded<value>(json(), std::as_bytes(std::span(part)))) << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto in = json().make_reader();
      in->start(test::as_bytes(changed));
      EXPECT_EQ(test::decoded<value>(json(), test::as_bytes(changed)).has_value(), in->skip() && in->finish()) << at << ' ' << byte;
    }
  }
}

// What the format keeps: no tuples, sets, bytes, complex numbers or moments; keys are text.
constexpr test::random_options carried{
    .kinds = test::without(test::all_kinds, {kind::tuple, kind::set, kind::frozenset, kind::bytes, kind::complex, kind::datetime, kind::date}),
    .keys = test::one_of({kind::string})};

TEST(Json, reads_back_random_values) {
  test::random_value random(1, carried);
  for (int i = 0; i < 3000; ++i) {
    const value v = random.next();
    const auto payload = test::encoded(json(), v);
    ASSERT_TRUE(payload) << payload.error().text;
    const auto back = test::decoded<value>(json(), test::as_bytes(*payload));
    ASSERT_TRUE(back) << back.error().text << ' ' << to_repr(v);
    ASSERT_TRUE(same(*back, v)) << to_repr(*back) << " is not " << to_repr(v);
  }
}

TEST(Json, allocates_nothing_for_a_steady_small_call) {
  const auto in = json().make_reader();
  const auto to = json().make_writer();
  output out;
  const auto once = [&] {
    out.clear();
    to->start(out);
    to->begin_call("thing", "add", 2);
    to->string("line\nbreak");
    to->begin(kind::list, 1);
    to->real(0.1);
    to->end();
    to->begin_keywords(1);
    to->string("b");
    to->signed_integer(2);
    to->end_call();
    in->start({reinterpret_cast<const std::byte*>(out.at(0)), out.size()});
    std::string_view object, method;
    std::tuple<std::string_view, std::array<double, 1>> arguments;
    return in->begin_call(object, method) && decode(*in, arguments) && in->begin_keywords() && in->skip() && in->end_call() &&
           std::get<0>(arguments) == "line\nbreak";
  };
  ASSERT_TRUE(once());
  const auto before = testing_support::allocations_here().calls;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(once());
  EXPECT_EQ(testing_support::allocations_here().calls, before);
}

}  // namespace
