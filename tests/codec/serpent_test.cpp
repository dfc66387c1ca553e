// Serpent's words one by one: what is written, byte for byte, calls as captured from Pyro4 (WIRE §4.1), the places where pull
// reading could trip, and the bounds.
#include <codec/serpent.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include <tests/support/encoded.hpp>
#include <tests/support/random_value.hpp>
#include <tests/support/seeds.hpp>

namespace engine {
namespace {

using test::as_bytes;

constexpr std::string_view header = "# serpent utf-8 python3.2\n";

// What `write` writes, without the header line; an error as "class: text".
template <class Write> std::string written(Write write, serpent_bytes form = serpent_bytes::base64) {
  output out;
  const auto to = make_serpent_writer(form);
  to->start(out);
  write(*to);
  if (!to->ok()) return std::string(to->error().type) + ": " + to->error().text;
  const std::string all = test::flat(out);
  EXPECT_TRUE(all.starts_with(header));
  return all.substr(header.size());
}

std::string string_text(std::string_view text) {
  return written([&](writer& out) { out.string(text); });
}
std::string real_text(double value) {
  return written([&](writer& out) { out.real(value); });
}
std::string value_text(const value& v) {
  return written([&](writer& out) { encode(out, v); });
}
value value_of(std::string_view text) {
  const auto read = test::decoded<value>(serpent(), as_bytes(text));
  EXPECT_TRUE(read.has_value()) << text << ": " << (read ? "" : read.error().text);
  return read.value_or(value());
}
std::string refusal_of(std::string_view text) {
  const auto read = test::decoded<value>(serpent(), as_bytes(text));
  return read ? "read" : std::string(read.error().type) + ": " + read.error().text;
}

TEST(SerpentWriter, writes_scalars_as_python_does) {
  EXPECT_EQ(written([](writer& out) { out.none(); }), "None");
  EXPECT_EQ(written([](writer& out) { out.boolean(true); }), "True");
  EXPECT_EQ(written([](writer& out) { out.boolean(false); }), "False");
  EXPECT_EQ(written([](writer& out) { out.signed_integer(std::numeric_limits<std::int64_t>::min()); }), "-9223372036854775808");
  EXPECT_EQ(written([](writer& out) { out.unsigned_integer(std::numeric_limits<std::uint64_t>::max()); }), "18446744073709551615");
  EXPECT_EQ(written([](writer& out) { out.big_integer(*integer::from_decimal("-18446744073709551616")); }), "-18446744073709551616");
  EXPECT_EQ(written([](writer& out) { out.duration(86402.000003); }), "86402.000003");
}

TEST(SerpentWriter, writes_floats_as_python_does) {
  EXPECT_EQ(real_text(1), "1.0");
  EXPECT_EQ(real_text(-0.0), "-0.0");
  EXPECT_EQ(real_text(1e16), "1e+16");
  EXPECT_EQ(real_text(1e-5), "1e-05");
  EXPECT_EQ(real_text(std::numeric_limits<double>::infinity()), "1e30000");
  EXPECT_EQ(real_text(-std::numeric_limits<double>::infinity()), "-1e30000");
  EXPECT_EQ(real_text(std::nan("")), "{'__class__':'float','value':'nan'}");
}

TEST(SerpentWriter, writes_complex_numbers_that_can_be_read) {
  EXPECT_EQ(written([](writer& out) { out.complex({1, 2}); }), "(1.0+2.0j)");
  EXPECT_EQ(written([](writer& out) { out.complex({-1.5, -0.5}); }), "(-1.5-0.5j)");
  EXPECT_EQ(written([](writer& out) { out.complex({0, -0.0}); }), "(0.0-0.0j)");
  EXPECT_TRUE(written([](writer& out) { out.complex({0, std::nan("")}); }).starts_with("builtins.ValueError"));
}

TEST(SerpentWriter, writes_strings_as_repr) {
  EXPECT_EQ(string_text(""), "''");
  EXPECT_EQ(string_text("it's"), "\"it's\"");
  EXPECT_EQ(string_text("\"it's\""), "'\"it\\'s\"'");
  EXPECT_EQ(string_text("a\\b\n\r\t\x07\x7f"), "'a\\\\b\\n\\r\\t\\x07\\x7f'");
  EXPECT_EQ(string_text(std::string_view("\0", 1)), "'\\x00'");
  EXPECT_EQ(string_text("gr\u00fc\u00df \u20ac \U0001f600"), "'gr\u00fc\u00df \u20ac \U0001f600'");
  EXPECT_EQ(string_text("\u0080\u00a0\u2028\U000e0001\uffff\U0010ffff"), "'\\x80\\xa0\\u2028\\U000e0001\\uffff\\U0010ffff'");
  EXPECT_EQ(string_text("a\xed\xa0\x80z"), "'a\\ud800z'");
  EXPECT_EQ(string_text("a long text with nothing special in it but this: \u2028"), "'a long text with nothing special in it but this: \\u2028'");
}

TEST(SerpentWriter, refuses_text_that_is_not_utf8) {
  EXPECT_EQ(string_text("ab\xff"), "builtins.UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 2: invalid start byte");
}

TEST(SerpentWriter, writes_bytes_as_a_dict_of_base64) {
  const std::string_view abc = "abc";
  EXPECT_EQ(written([&](writer& out) { out.bytes(as_bytes(abc)); }), "{'data': 'YWJj', 'encoding': 'base64'}");
  EXPECT_EQ(written([&](writer& out) { out.bytes({}); }), "{'data': '', 'encoding': 'base64'}");
}

TEST(SerpentWriter, writes_containers_without_blanks) {
  EXPECT_EQ(value_text(value::list{}), "[]");
  EXPECT_EQ(value_text(value::list{1, 2}), "[1,2]");
  EXPECT_EQ(value_text(value::tuple{}), "()");
  EXPECT_EQ(value_text(value::tuple{1}), "(1,)");
  EXPECT_EQ(value_text(value::tuple{1, 2}), "(1,2)");
  EXPECT_EQ(value_text(value::dict{}), "{}");
  EXPECT_EQ(value_text(value::dict{{"a", 1}, {2.5, "b"}, {value::tuple{1, 2}, 3}}), "{'a':1,2.5:'b',(1,2):3}");
  EXPECT_EQ(value_text(value::set{1}), "{1}");
  EXPECT_EQ(value_text(value::set{}), "()");
  EXPECT_EQ(value_text(value::list{value::list{}, value::tuple{value::set{}}}), "[[],((),)]");
}

TEST(SerpentWriter, writes_moments_as_iso_strings) {
  const datetime when{{2020, 1, 2}, {3, 4, 5, 678, {}}};
  EXPECT_EQ(written([&](writer& out) { out.at(when); }), "'2020-01-02T03:04:05.000678'");
  EXPECT_EQ(written([&](writer& out) { out.at(when.day); }), "'2020-01-02'");
  EXPECT_EQ(written([&](writer& out) { out.at(when.time); }), "'03:04:05.000678'");
}

TEST(SerpentWriter, refuses_keys_nobody_can_read) {
  const std::string tail = "'>. Use simple types as keys or use a list or tuple as container.";
  const std::string none = "builtins.TypeError: one of the keys in a dict or set is not of a primitive hashable type: <class 'NoneType" + tail;
  EXPECT_EQ(value_text(value::dict{{value(), 1}}), none);
  EXPECT_EQ(written([](writer& out) { out.begin(kind::set, 1); out.none(); }), none);
  EXPECT_EQ(written([](writer& out) { out.begin(kind::dict, 1); out.begin(kind::list, 0); }),
            "builtins.TypeError: one of the keys in a dict or set is not of a primitive hashable type: <class 'list" + tail);
  EXPECT_EQ(written([](writer& out) { out.begin(kind::set, 1); out.begin(kind::tuple, 1); out.begin(kind::set, 0); }),
            "builtins.TypeError: unhashable type: 'set'");
  EXPECT_EQ(value_text(value::dict{{value::tuple{value(), 1}, 1}}), "{(None,1):1}");
  EXPECT_TRUE(value_text(value::dict{{std::nan(""), 1}}).starts_with("builtins.TypeError"));
  EXPECT_EQ(value_text(value::dict{{"a", value()}}), "{'a':None}");
}

TEST(SerpentWriter, nests_two_hundred_levels_and_no_more) {
  const auto nested = [](int lists, bool inner) {
    return written([&](writer& out) {
      for (int i = 0; i < lists; ++i) out.begin(kind::list, i + 1 < lists || inner ? 1 : 0);
      if (inner) out.none();
      for (int i = 0; i < lists; ++i) out.end();
    });
  };
  EXPECT_EQ(nested(201, false), std::string(201, '[') + std::string(201, ']'));
  EXPECT_EQ(nested(201, true),
            "builtins.ValueError: Object graph nesting too deep. Increase serializer.maximum_level if you think you need more,  "
            "but this may cause a RecursionError instead if Python's recursion limit doesn't allow it.");
}

TEST(SerpentWriter, refuses_integers_of_more_than_4300_digits) {
  const auto of_digits = [](std::size_t n) {
    const integer number = *integer::from_decimal("-" + std::string(n, '9'));
    return written([&](writer& out) { out.big_integer(number); });
  };
  EXPECT_EQ(of_digits(4300), "-" + std::string(4300, '9'));
  const std::string refusal = "builtins.ValueError: Exceeds the limit (4300 digits) for integer string conversion; use "
                              "sys.set_int_max_str_digits() to increase the limit";
  EXPECT_EQ(of_digits(4301), refusal);
  EXPECT_EQ(of_digits(9000), refusal);
}

TEST(SerpentCalls, are_written_as_captured) {
  EXPECT_EQ(written([](writer& out) {
              out.begin_call("thing", "add", 1);
              out.signed_integer(1);
              out.begin_keywords(1);
              out.string("b");
              out.signed_integer(2);
              out.end_call();
            }), "('thing','add',(1,),{'b':2})");
  EXPECT_EQ(written([](writer& out) {
              out.begin_call("thing", "__getattr__", 1);
              out.string("value");
              out.no_keywords();
              out.end_call();
            }), "('thing','__getattr__',('value',),None)");
  EXPECT_EQ(written([](writer& out) {
              out.begin_call("thing", "nop", 0);
              out.begin_keywords(0);
              out.end_call();
            }), "('thing','nop',(),{})");
}

TEST(SerpentCalls, are_read_in_all_forms_python_takes) {
  const auto in = make_serpent_reader();
  for (const std::string_view call :
       {"# serpent utf-8 python3.2\n('thing','add',(1,),{'b':2})", "['thing','add',[1],{'b':2}]", "'thing','add',(1,),{'b':2}",
        "(('thing', 'add', [1,], {'b':2,},))", " ('th' 'ing' , 'add' , ([1]) , ({'b':(2)}) , ) "}) {
    SCOPED_TRACE(call);
    in->start(as_bytes(call));
    std::string_view object, method, key;
    std::size_t hint = 0;
    std::int64_t first = 0, second = 0;
    ASSERT_TRUE(in->begin_call(object, method)) << in->error().text;
    EXPECT_EQ(object, "thing");
    EXPECT_EQ(method, "add");
    ASSERT_TRUE(in->enter_sequence(hint) && in->more() && in->read_integer(first));
    EXPECT_FALSE(in->more());
    ASSERT_TRUE(in->begin_keywords());
    EXPECT_EQ(in->peek(), kind::dict);
    ASSERT_TRUE(in->enter_dict(hint) && in->more() && in->read_string(key) && in->read_integer(second));
    EXPECT_FALSE(in->more());
    EXPECT_TRUE(in->end_call()) << in->error().text;
    EXPECT_EQ(first + second, 3);
    EXPECT_EQ(key, "b");
  }
}

TEST(SerpentCalls, of_another_number_of_parts_are_refused_in_pythons_words) {
  const auto refusal = [](std::string_view call) {
    const auto in = make_serpent_reader();
    in->start(as_bytes(call));
    std::string_view object, method;
    if (in->begin_call(object, method) && in->skip() && in->begin_keywords() && in->skip() && in->end_call()) return std::string("read");
    return in->error().text;
  };
  EXPECT_EQ(refusal("('o','m',(),None)"), "read");
  EXPECT_EQ(refusal("('o','m',())"), "not enough values to unpack (expected 4, got 3)");
  EXPECT_EQ(refusal("()"), "not enough values to unpack (expected 4, got 0)");
  EXPECT_EQ(refusal("('o','m',(),{},1)"), "too many values to unpack (expected 4)");
  EXPECT_EQ(refusal("('o','m',(),{}),"), "not enough values to unpack (expected 4, got 1)");
  EXPECT_EQ(refusal("1"), "cannot unpack non-iterable int object");
  EXPECT_EQ(refusal("('o','m',(),{}) 1"), "invalid syntax (<unknown>, line 1)");
  EXPECT_EQ(refusal("('o','m',(),{}"), "'(' was never closed (<unknown>, line 1)");
  EXPECT_EQ(refusal("('o','m',[nothing, '\xc3\xa9', \xc3\xa9],{})"), "malformed node or string on line 1: name 'nothing'") << "who stops at a letter beyond ASCII knows of no bracket";
}

TEST(SerpentReader, keeps_views_of_plain_strings_in_the_payload_and_of_others_until_the_next_start) {
  std::string payload = "['plain'";
  for (int i = 0; i < 500; ++i) payload += ",'line\\n" + std::to_string(i) + "'";
  payload += "]";
  const auto in = make_serpent_reader();
  in->start(as_bytes(payload));
  std::size_t hint = 0;
  std::vector<std::string_view> views;
  ASSERT_TRUE(in->enter_sequence(hint));
  while (in->more()) ASSERT_TRUE(in->read_string(views.emplace_back()));
  EXPECT_EQ(views[0].data(), payload.data() + 2);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(views[static_cast<std::size_t>(i) + 1], "line\n" + std::to_string(i));
  EXPECT_TRUE(in->finish());
}

TEST(SerpentReader, reads_the_literals_that_the_writer_makes_of_bytes_where_it_is_asked_to) {
  using namespace std::string_view_literals;
  const std::pair<std::string_view, const char*> as_serpent_with_bytes_repr[] = {
      {""sv, "b''"},
      {"abc"sv, "b'abc'"},
      {"it's"sv, "b\"it's\""},
      {"\"it's\""sv, "b'\"it\\'s\"'"},
      {"\\\011\012\015"sv, "b'\\\\\\t\\n\\r'"},
      {"\000\001\002\003\004\005\006\007\010\011\012\013\177\200\377"sv, "b'\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\t\\n\\x0b\\x7f\\x80\\xff'"},
  };
  for (const auto& [data, text] : as_serpent_with_bytes_repr) {
    EXPECT_EQ(written([&](writer& out) { out.bytes(as_bytes(data)); }, serpent_bytes::literal), text);
    EXPECT_EQ(test::decoded<bytes>(serpent(), as_bytes(text)), bytes(as_bytes(data).begin(), as_bytes(data).end()));
  }
  const value keys = value::dict{{value(bytes(1, std::byte{'k'})), 1}};
  EXPECT_EQ(written([&](writer& out) { encode(out, keys); }, serpent_bytes::literal), "{b'k':1}");
}

TEST(SerpentReader, takes_bytes_in_both_spellings) {
  const auto bytes_text = [](std::string_view text) {
    const auto in = make_serpent_reader();
    in->start(as_bytes(text));
    std::span<const std::byte> data;
    if (!in->read_bytes(data) || !in->finish()) return in->error().text;
    return std::string(reinterpret_cast<const char*>(data.data()), data.size());
  };
  EXPECT_EQ(bytes_text("{'data': 'YWJj', 'encoding': 'base64'}"), "abc");
  EXPECT_EQ(bytes_text("{'encoding':'base64','data':'YW' 'I=','more':[1]}"), "ab");
  EXPECT_EQ(bytes_text("b'abc'"), "abc");
  EXPECT_EQ(bytes_text("(b'abc')"), "abc");
  EXPECT_EQ(bytes_text("{'data': 'YWJ', 'encoding': 'base64'}"), "Incorrect padding");
  EXPECT_EQ(bytes_text("{'data': 'YWJj'}"), "argument is neither bytes nor serpent base64 encoded bytes dict");
  EXPECT_EQ(bytes_text("'abc'"), "expected bytes, not str");
}

TEST(SerpentReader, gives_a_variant_its_bytes_in_both_spellings) {
  using text_or_bytes = std::variant<std::string_view, std::span<const std::byte>>;
  for (const std::string_view payload : {"{'data': 'YWJj', 'encoding': 'base64'}", "b'abc'"}) {
    const auto in = make_serpent_reader();
    in->start(as_bytes(payload));
    text_or_bytes out;
    ASSERT_TRUE(decode(*in, out)) << in->error().text;
    EXPECT_EQ(std::get<1>(out).size(), 3u);
  }
  const auto in = make_serpent_reader();
  in->start(as_bytes("{'a': 1}"));
  text_or_bytes out;
  EXPECT_FALSE(decode(*in, out));
  EXPECT_EQ(in->error().text, "argument is neither bytes nor serpent base64 encoded bytes dict");
}

TEST(SerpentReader, reads_the_dictionary_of_a_nan_as_a_float) {
  EXPECT_TRUE(std::isnan(value_of("{'__class__':'float','value':'nan'}").as<double>()));
  EXPECT_TRUE(std::isnan(value_of("[{ 'value' : \"NaN\", '__class__' : 'float', }]")[0].as<double>()));
  EXPECT_EQ(value_of("{'__class__':'float','value':'-inf'}").as<double>(), -std::numeric_limits<double>::infinity());
  const auto in = make_serpent_reader();
  for (const std::string_view other : {"{'__class__':'float'}", "{'__class__':'floor','value':'nan'}", "{'value':'nan'}", "{'__class__':'float','value':'x'}"}) {
    in->start(as_bytes(other));
    EXPECT_EQ(in->peek(), kind::dict) << other;
  }
  EXPECT_EQ(refusal_of("{{'__class__':'float','value':'nan'}}"), "builtins.TypeError: unhashable type: 'dict'");
  EXPECT_EQ(refusal_of("{1,{'__class__':'float','value':'nan'}}"), "builtins.TypeError: unhashable type: 'dict'");
}

TEST(SerpentReader, finds_the_class_of_a_dict_and_goes_back) {
  const auto in = make_serpent_reader();
  const std::string_view text = "({'a':[1,{2:(3,)}],(4,):{},'__class__':'x.Y'}, 7)";
  in->start(as_bytes(text));
  std::size_t hint = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_EQ(in->class_name(), "x.Y");
  EXPECT_EQ(in->class_name(), "x.Y");
  EXPECT_TRUE(in->skip() && in->more());
  EXPECT_EQ(in->class_name(), std::nullopt);
  std::int64_t seven = 0;
  EXPECT_TRUE(in->read_integer(seven));
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish());
}

TEST(SerpentReader, goes_back_to_a_container_in_parentheses) {
  const auto in = make_serpent_reader();
  const std::string_view text = "[0,(([1,2])),3]";
  in->start(as_bytes(text));
  std::size_t hint = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more() && in->skip() && in->more());
  EXPECT_EQ(in->peek(), kind::list);
  const reader::mark mark = in->here();
  ASSERT_TRUE(in->skip());
  in->rewind(mark);
  ASSERT_TRUE(in->skip() && in->more() && in->skip());
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish()) << in->error().text;
}

TEST(SerpentReader, names_what_was_expected_and_what_is_there) {
  const auto in = make_serpent_reader();
  const std::string_view text = "['a']";
  in->start(as_bytes(text));
  std::size_t hint = 0;
  std::int64_t number = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_FALSE(in->read_integer(number));
  EXPECT_EQ(in->error().type, wire_class::type_error);
  EXPECT_EQ(in->error().text, "expected int, not str");
  EXPECT_EQ(in->error().offset, 1u);
  EXPECT_EQ(in->peek(), kind::error);
  EXPECT_FALSE(in->more());
  EXPECT_FALSE(in->finish());
}

TEST(SerpentReader, takes_a_set_for_no_dict_and_a_dict_for_no_sequence) {
  const auto in = make_serpent_reader();
  std::size_t hint = 0;
  const std::string_view set = "[{1,2}]", dict = "[{1:2}]";
  std::int64_t number = 0;
  in->start(as_bytes(set));
  ASSERT_TRUE(in->enter_sequence(hint) && in->more() && in->enter_dict(hint) && in->more());
  EXPECT_FALSE(in->read_integer(number));
  EXPECT_EQ(in->error().text, "expected dict, not set");
  in->start(as_bytes(dict));
  ASSERT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_FALSE(in->enter_sequence(hint));
  EXPECT_EQ(in->error().text, "expected list, tuple or set, not dict");
}

TEST(SerpentReader, sees_the_comma_behind_a_document_wherever_it_may_be) {
  const auto in = make_serpent_reader();
  for (const std::string text : {"[1],", "[1] ,", "[1]\t,[2]", "[1]\f,", "[1]\\\n,[2]", "{'a]': 1},", "([1]) ,2"}) {
    in->start(as_bytes(text));
    EXPECT_EQ(in->peek(), kind::tuple) << text;
  }
  for (const std::string text : {"[1]", "[1]\n", "[1]#,", "[[1], [2]]", "['],']", "([1])"}) {
    in->start(as_bytes(text));
    EXPECT_EQ(in->peek(), kind::list) << text;
  }
}

TEST(SerpentReader, counts_the_elements_of_short_flat_lists_ahead) {
#ifndef __SSE2__
  GTEST_SKIP() << "only with SSE2";
#endif
  const auto in = make_serpent_reader();
  const std::string space(16, ' ');  // counting takes sixteen bytes at a time
  const auto hint_of = [&](const std::string& text) {
    const std::string padded = text + space;
    std::size_t hint = 99;
    in->start(as_bytes(padded));
    EXPECT_TRUE(in->enter_sequence(hint)) << text;
    return hint;
  };
  EXPECT_EQ(hint_of("[]"), 0u);
  EXPECT_EQ(hint_of("[7]"), 1u);
  EXPECT_EQ(hint_of("[1,2.5,None,-4]"), 4u);
  EXPECT_EQ(hint_of("[1,2,]"), 2u);
  EXPECT_EQ(hint_of("[100000,200000,300000,400000]"), 4u);
  EXPECT_EQ(hint_of("[1,'a,b']"), 0u);
  EXPECT_EQ(hint_of("[1,[2,3]]"), 0u);
}

TEST(SerpentReader, refuses_more_than_the_limits) {
  decode_limits limits;
  limits.depth = 3;
  limits.elements = 5;
  limits.digits = 20;
  const auto refusal = [&](std::string_view text) {
    const auto read = test::decoded<value>(serpent(), as_bytes(text), limits);
    return read ? "read" : read.error().text;
  };
  EXPECT_EQ(refusal("[[[]]]"), "read");
  EXPECT_EQ(refusal("[[[[]]]]"), "too many nested parentheses (<unknown>, line 1)");
  EXPECT_EQ(refusal("[1,2,3,4]"), "read");
  EXPECT_EQ(refusal("[1,2,3,4,5]"), "more than 5 values in one message");
  EXPECT_EQ(refusal("12345678901234567890"), "read");
  EXPECT_TRUE(refusal("123456789012345678901").starts_with("Exceeds the limit (20 digits) for integer string conversion: value has 21 digits"));
}

TEST(SerpentReader, bounds_integers_in_every_base) {
  const std::size_t bits = bits_of_digits(4300);  // 14285
  const std::string most = "1" + std::string(bits - 1, '0');
  EXPECT_EQ(value_of("0b" + most).get<integer>().bit_length(), bits);
  EXPECT_EQ(value_of("0b000_" + most).get<integer>().bit_length(), bits) << "zeros ahead do not count";
  EXPECT_EQ(value_of("0x" + std::string(bits / 4, 'f')).get<integer>().bit_length(), bits / 4 * 4);
  const std::string fault = "builtins.SyntaxError: Exceeds the limit (4300 digits) for integers";
  EXPECT_TRUE(refusal_of("0b" + most + "0").starts_with(fault));
  EXPECT_TRUE(refusal_of("-0b" + most + "0").starts_with(fault));
  EXPECT_TRUE(refusal_of("0x2" + std::string(bits / 4, '0')).starts_with(fault));
  EXPECT_TRUE(refusal_of("0o40" + std::string(bits / 3 - 1, '0')).starts_with(fault));
  // Its decimal digits would take minutes, and the text of this error is made of them.
  std::int64_t small = 0;
  const std::string megabytes = "0x" + std::string(8'000'000, 'f');
  const auto in = serpent().make_reader();
  in->start(as_bytes(megabytes));
  EXPECT_FALSE(in->read_integer(small));
  EXPECT_TRUE(in->error().text.starts_with("Exceeds the limit (4300 digits) for integers")) << in->error().text.substr(0, 100);
}

TEST(SerpentReader, is_not_slowed_down_by_brackets_in_first_places) {
  // A look ahead that forgot its answers would take the square of the depth or of the length.
  std::string deep, wide;
  for (int i = 0; i < 3000; ++i) {
    for (int depth = 0; depth < 190; ++depth) deep += "(";
    deep += "[1]";
    for (int depth = 0; depth < 190; ++depth) deep += ",)";
    deep += ",";
    wide += "((((([1]))))),";
  }
  const auto in = make_serpent_reader();
  for (const std::string& text : {"[" + deep + "]", "[" + wide + "]", "(" + std::string("[") + deep + "],)"}) {
    in->start(as_bytes(text));
    EXPECT_TRUE(in->skip() && in->finish()) << in->error().text;
  }
}

TEST(SerpentReader, survives_bombs) {
  for (const std::string_view piece : {"[", "(", "{", "{1:", "((", "[(", "{(", "-", "1+", "'a'", "\\\n", "(1,", "[[],", "{'a':{", "'''", "set("}) {
    std::string text;
    while (text.size() < 100000) text += piece;
    const auto in = make_serpent_reader();
    in->start(as_bytes(text));
    if (in->skip()) static_cast<void>(in->finish());
    if (!in->ok()) {
      EXPECT_LE(in->error().offset, text.size());
    }
  }
}

TEST(Serpent, round_trips_random_values) {
  test::random_options options;
  options.kinds = test::without(test::all_kinds, {kind::frozenset, kind::datetime, kind::date, kind::bytes, kind::set});
  options.keys = test::without(options.kinds, {kind::none});
  options.nan_and_infinity = false;
  options.surrogates = true;
  for (const std::uint64_t seed : testing_support::seeds(300)) {
    const testing_support::seed_scope scope(seed);
    test::random_value random(seed, options);
    const value sent = random.next();
    const auto text = test::encoded(serpent(), sent);
    ASSERT_TRUE(text) << text.error().text;
    const auto back = test::decoded<value>(serpent(), as_bytes(*text));
    ASSERT_TRUE(back) << back.error().text << "\n" << *text;
    EXPECT_TRUE(*back == sent) << *text;
  }
}

}  // namespace
}  // namespace engine
