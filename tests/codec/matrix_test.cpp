// One value through every format: it comes back the same, but for what the table says (WIRE §23), and it makes no difference where
// in a message it stands: alone, in containers, as argument and keyword of a call, or in a call of a batch.
#include <cmath>
#include <limits>
#include <optional>
#include <variant>

#include <gtest/gtest.h>

#include <tests/support/encoded.hpp>

using namespace engine;

namespace {

struct refusal {
  std::string_view type, begins;
};
using outcome = std::variant<value, refusal>;
/// What becomes of a value in the formats that do not keep it as it is.
struct exception {
  std::string_view format;
  outcome what;
  std::optional<outcome> as_a_part{};  ///< inside of another value, if it is another there
};
struct row {
  const char* name;
  value sent;
  std::vector<exception> exceptions{};
};

bytes data(std::string_view text) {
  const auto all = test::as_bytes(text);
  return {all.begin(), all.end()};
}
value whole(std::string_view digits) { return *integer::from_decimal(digits); }
constexpr datetime when{.day = {2020, 1, 2}, .time = {3, 4, 5, 678}}, in_a_zone{.day = {2020, 1, 2}, .time = {3, 4, 5, 678, 3600}};

constexpr refusal no_class{wire_class::serialize_error, "don't know how to serialize class <class '"};
constexpr refusal no_key{wire_class::type_error, "one of the keys in a dict or set is not of a primitive hashable type"};
constexpr refusal no_json_key{wire_class::type_error, "keys must be str, int, float, bool or None, not "};
constexpr refusal no_msgpack_key{wire_class::value_error, ""};
constexpr refusal no_text{wire_class::unicode_encode_error, "'utf-8' codec can't encode character '\\ud800' in position "};
/// What Pyro converts for marshal only if it is a whole argument or result.
constexpr refusal no_part{wire_class::value_error, "unmarshallable object"};

// What is not listed comes back the same.
const std::vector<row>& rows() {
  static const std::vector<row> all{
      {"none", {}},
      {"booleans", value::list{true, false}},
      {"integers", value::list{0, 42, -1, INT64_MIN, INT64_MAX}},
      {"integers_beyond_64_bits", value::list{std::uint64_t(-1), whole("18446744073709551616"), whole("-1000000000000000000000000000000")}},
      {"floats", value::list{2.5, -0.0, 5e-324, 1.7976931348623157e308, 1e16, 1e-5}},
      {"numbers_that_are_none", value::list{std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}},
      {"complex", std::complex<double>(1.5, -2), {{"json", no_class}}},
      {"complex_with_a_negative_zero", std::complex<double>(0.5, -0.0), {{"serpent", value(std::complex<double>(0.5, 0.0))}, {"json", no_class}}},
      {"text", value::list{"", "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8d", "it's \"so\"\\\n\t\r\x07\x7f", std::string("a\0b", 3), std::string(70'000, 'x')}},
      {"half_a_surrogate", "\xed\xa0\x80", {{"json", no_text}, {"msgpack", no_text}}},
      {"bytes", value(data("\x01\xff")), {{"serpent", value(value::dict{{"data", "Af8="}, {"encoding", "base64"}})}, {"json", no_class}}},
      {"list", value::list{1, value::list{2, value::list{}}}},
      {"tuple", value::tuple{1, value::tuple{"a"}, value::tuple{}},
       {{"json", value(value::list{1, value::list{"a"}, value::list{}})}, {"msgpack", value(value::list{1, value::list{"a"}, value::list{}})}}},
      {"dict_of_text", value::dict{{"b", 1}, {"a", value::dict{{"c", value::list{value()}}}}, {"", value::dict{}}}},
      {"dict_of_integers", value::dict{{1, "a"}}, {{"json", value(value::dict{{"1", "a"}})}, {"msgpack", no_msgpack_key}}},
      {"dict_of_floats", value::dict{{1.5, "a"}}, {{"json", value(value::dict{{"1.5", "a"}})}, {"msgpack", no_msgpack_key}}},
      {"dict_of_booleans", value::dict{{true, "a"}}, {{"json", value(value::dict{{"true", "a"}})}, {"msgpack", no_msgpack_key}}},
      {"dict_of_none", value::dict{{value(), "a"}},
       {{"serpent", no_key}, {"json", value(value::dict{{"null", "a"}})}, {"msgpack", no_msgpack_key}}},
      {"dict_of_tuples", value::dict{{value::tuple{1, "b"}, 2}}, {{"json", no_json_key}, {"msgpack", no_msgpack_key}}},
      {"dict_of_bytes", value::dict{{value(data("k")), 1}}, {{"serpent", no_key}, {"json", no_json_key}}},
      {"set", value::set{1, "c"}, {{"json", value(value::list{1, "c"})}, {"msgpack", value(value::list{1, "c"})}}},
      {"set_of_nothing", value::set{}, {{"serpent", value(value::tuple{})}, {"json", value(value::list{})}, {"msgpack", value(value::list{})}}},
      {"frozenset", value::frozenset{1, "b"}, {{"serpent", value(value::set{1, "b"})}, {"json", no_class}, {"msgpack", no_class}}},
      {"datetime", when,
       {{"serpent", value("2020-01-02T03:04:05.000678")}, {"json", value("2020-01-02T03:04:05.000678")}, {"marshal", no_class, no_part}}},
      {"datetime_with_a_zone", in_a_zone,
       {{"serpent", value("2020-01-02T03:04:05.000678+01:00")}, {"json", value("2020-01-02T03:04:05.000678+01:00")}, {"marshal", no_class, no_part},
        {"msgpack", refusal{wire_class::serialize_error, "msgpack cannot serialize datetime with timezone info"}}}},
      {"date", when.day, {{"serpent", value("2020-01-02")}, {"json", value("2020-01-02")}, {"marshal", no_class, no_part}}},
      {"class_dictionary", value::dict{{"x", 1}, {"__class__", "some.Where"}}},
  };
  return all;
}

/// dill and cloudpickle are pickle under other numbers.
std::string_view column(const serializer& format) { return format.make_writer == pickle().make_writer ? "pickle" : format.name; }

outcome expected(const row& r, const serializer& format, bool as_a_part) {
  for (const exception& one : r.exceptions) {
    if (one.format == column(format)) return as_a_part ? one.as_a_part.value_or(one.what) : one.what;
  }
  return r.sent;
}

/// A way of a value into a message and out of it.
struct place {
  const char* name;
  bool as_a_part;
  void (*write)(writer& out, const value& v);
  bool (*read)(reader& in, value& v);
};

void write_alone(writer& out, const value& v) { encode(out, v); }
bool read_alone(reader& in, value& v) { return decode(in, v) && in.finish(); }

void write_nested(writer& out, const value& v) {
  out.begin(kind::list, 2);
  out.begin(kind::dict, 1);
  out.string("k");
  out.begin(kind::list, 1);
  encode(out, v);
  out.end();
  out.end();
  out.string("next");
  out.end();
}
bool read_nested(reader& in, value& v) {
  value all;
  if (!decode(in, all) || !in.finish()) return false;
  v = all[0]["k"][0];
  return all.size() == 2 && all[1] == "next";
}

bool one_of(reader& in, value& v) {
  std::size_t count = 0;
  return in.enter_sequence(count) && in.more() && decode(in, v) && !in.more();
}
bool keyword(reader& in, value& v) {
  std::size_t count = 0;
  std::string_view name;
  return in.enter_dict(count) && in.next_member(name) && name == "k" && decode(in, v) && !in.more();
}

void write_argument(writer& out, const value& v) {
  out.begin_call("object", "method", 1);
  encode(out, v);
  out.begin_keywords(1);
  out.string("k");
  encode(out, v);
  out.end_call();
}
bool read_argument(reader& in, value& v) {
  std::string_view object, method;
  value by_name;
  return in.begin_call(object, method) && one_of(in, v) && in.open_keywords() && keyword(in, by_name) && in.close_call() && same(v, by_name);
}

void write_batch(writer& out, const value& v) {
  out.begin_call("object", "<batch>", 2);
  for (const char* const method : {"first", "second"}) {
    out.begin(kind::tuple, 3);
    out.string(method);
    out.begin(kind::tuple, 1);
    encode(out, v);
    out.end();
    out.begin(kind::dict, 1);
    out.string("k");
    encode(out, v);
    out.end();
    out.end();
  }
  out.no_keywords();
  out.end_call();
}
bool read_batch(reader& in, value& v) {
  std::string_view object, method;
  std::size_t count = 0;
  if (!in.begin_call(object, method) || method != "<batch>" || !in.enter_sequence(count)) return false;
  for (const std::string_view expected_method : {"first", "second"}) {
    value by_name;
    if (!in.more() || !in.begin_entry(method) || method != expected_method) return false;
    if (!one_of(in, v) || !in.open_keywords() || !keyword(in, by_name) || !in.close_call() || !same(v, by_name)) return false;
  }
  return !in.more() && in.begin_keywords() && in.read_none() && in.end_call();
}

constexpr place places[] = {
    {"alone", false, write_alone, read_alone},
    {"in_containers", true, write_nested, read_nested},
    {"as_an_argument", false, write_argument, read_argument},
    {"in_a_batch", true, write_batch, read_batch},
};

class Matrix : public testing::TestWithParam<std::tuple<const serializer*, place>> {};

void expect_refused(const writer& out, const refusal& expected) {
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().type, expected.type);
  EXPECT_TRUE(out.error().text.starts_with(expected.begins)) << out.error().text;
}

TEST_P(Matrix, every_value_comes_back_as_the_table_says) {
  const auto& [format, at] = GetParam();
  for (const row& r : rows()) {
    SCOPED_TRACE(r.name);
    output message;
    const auto out = format->make_writer();
    out->start(message);
    at.write(*out, r.sent);
    const outcome wanted = expected(r, *format, at.as_a_part);
    if (const auto* refused = std::get_if<refusal>(&wanted)) {
      expect_refused(*out, *refused);
      continue;
    }
    ASSERT_TRUE(out->ok()) << out->error().text;
    const std::string payload = test::flat(message);
    const auto in = format->make_reader();
    in->start(test::as_bytes(payload));
    value back;
    ASSERT_TRUE(at.read(*in, back)) << in->error().text;
    EXPECT_TRUE(same(back, std::get<value>(wanted))) << to_repr(back);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Matrix, testing::Combine(testing::ValuesIn(serializers().begin(), serializers().end()), testing::ValuesIn(places)),
                         [](const auto& one) { return std::string(std::get<0>(one.param)->name) + "_" + std::get<1>(one.param).name; });

}  // namespace
