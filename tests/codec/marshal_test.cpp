// marshal against bytes that CPython wrote, in its five versions; faults against what CPython 3.11 says to the same bytes; and
// against peers that lie.
#include <codec/marshal.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <variant>

#include <codec/serializer.hpp>
#include <codec/shape.hpp>
#include <tests/codec/rest_of_call.hpp>
#include <tests/support/allocations.hpp>
#include <tests/support/encoded.hpp>
#include <tests/support/random_value.hpp>

using namespace engine;

namespace {

template <class T> std::string hex(const T& v) {
  const auto payload = test::encoded(engine::marshal(), v);
  return payload ? test::to_hex(*payload) : std::string(payload.error().type) + ": " + payload.error().text;
}

struct stock {
  std::string name;
  std::vector<std::int64_t> sizes;
  bool operator==(const stock&) const = default;
};
ENGINE_SHAPE(stock, name, sizes)

/// repr of the one value in `hex`, or the error.
std::string read(std::string_view hex, const decode_limits& limits = {}) {
  const bytes payload = test::from_hex(hex);
  const auto v = test::decoded<value>(engine::marshal(), payload, limits);
  return v ? to_repr(*v) : std::string(v.error().type.substr(v.error().type.rfind('.') + 1)) + ": " + v.error().text;
}

/// What skip() says to it.
std::string skipped(std::string_view hex, const decode_limits& limits = {}) {
  const bytes payload = test::from_hex(hex);
  const auto in = engine::marshal().make_reader();
  in->start(payload, limits);
  return in->skip() && in->finish() ? "fine" : in->error().text;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  while (times-- > 0) all += part;
  return all;
}

// ---- writing

TEST(Marshal, writes_calls_that_every_python_reads) {
  output out;
  const auto to = engine::marshal().make_writer();
  to->start(out);
  to->begin_call("thing", "add", 1);
  to->signed_integer(1);
  to->begin_keywords(1);
  to->string("b");
  to->signed_integer(2);
  to->end_call();
  EXPECT_EQ(test::to_hex(test::flat(out)), "29 04 7a 05 74 68 69 6e 67 7a 03 61 64 64 5b 01 00 00 00 69 01 00 00 00 7b 7a 01 62 69 02 00 00 00 30");

  out.clear();
  to->start(out);
  to->begin_call("thing", "__getattr__", 1);
  to->string("value");
  to->no_keywords();
  to->end_call();
  EXPECT_EQ(test::to_hex(test::flat(out)),
            "29 04 7a 05 74 68 69 6e 67 7a 0b 5f 5f 67 65 74 61 74 74 72 5f 5f 5b 01 00 00 00 7a 05 76 61 6c 75 65 4e");
}

TEST(Marshal, writes_values_as_version_4_without_references) {
  EXPECT_EQ(hex(value()), "4e");
  EXPECT_EQ(hex(true), "54");
  EXPECT_EQ(hex(false), "46");
  EXPECT_EQ(hex(5), "69 05 00 00 00");
  EXPECT_EQ(hex(-5), "69 fb ff ff ff");
  EXPECT_EQ(hex(std::int64_t(1) << 31), "6c 03 00 00 00 00 00 00 00 02 00");
  EXPECT_EQ(hex(-(std::int64_t(1) << 31)), "69 00 00 00 80");
  EXPECT_EQ(hex(-(std::int64_t(1) << 40)), "6c fd ff ff ff 00 00 00 00 00 04");
  EXPECT_EQ(hex(std::numeric_limits<std::int64_t>::min()), "6c fb ff ff ff 00 00 00 00 00 00 00 00 08 00");
  EXPECT_EQ(hex(std::numeric_limits<std::uint64_t>::max()), "6c 05 00 00 00 ff 7f ff 7f ff 7f ff 7f 0f 00");
  EXPECT_EQ(hex(*integer::from_decimal("100000000000000000000")), "6c 05 00 00 00 00 00 20 46 b5 78 3a 5e 56 00");
  EXPECT_EQ(hex(1.5), "67 00 00 00 00 00 00 f8 3f");
  EXPECT_EQ(hex(std::complex<double>(1, 2)), "79 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 40");
  EXPECT_EQ(hex("abc"), "7a 03 61 62 63");
  EXPECT_EQ(hex("h\u00e9"), "75 03 00 00 00 68 c3 a9");
  EXPECT_EQ(hex("\xed\xa0\x80"), "75 03 00 00 00 ed a0 80");
  EXPECT_EQ(hex(std::string(255, 'x')), "7a ff" + repeated(" 78", 255));
  EXPECT_EQ(hex(std::string(256, 'x')), "61 00 01 00 00" + repeated(" 78", 256));
  EXPECT_EQ(hex(bytes{std::byte('a'), std::byte('b')}), "73 02 00 00 00 61 62");
  EXPECT_EQ(hex(std::map<std::string, int>{{"a", 1}}), "7b 7a 01 61 69 01 00 00 00 30");
  EXPECT_EQ(hex(value(value::set{1, 2})), "3c 02 00 00 00 69 01 00 00 00 69 02 00 00 00");
  EXPECT_EQ(hex(value(value::frozenset{})), "3e 00 00 00 00");
  EXPECT_EQ(hex(value(value::list{value::tuple{}, value::dict{}})), "5b 02 00 00 00 29 00 7b 30");
  EXPECT_EQ(hex(value(value::tuple(std::vector<value>(256)))), "28 00 01 00 00" + repeated(" 4e", 256));
  EXPECT_EQ(hex(value(value::dict{{"__class__", "Pyro4.core.URI"}, {"state", value::tuple{"PYRO", "x", {}, "h", 1}}})),
            "7b 7a 09 5f 5f 63 6c 61 73 73 5f 5f 7a 0e 50 79 72 6f 34 2e 63 6f 72 65 2e 55 52 49 7a 05 73 74 61 74 65 29 05 7a 04 50 59 "
            "52 4f 7a 01 78 4e 7a 01 68 69 01 00 00 00 30");
}

TEST(Marshal, refuses_what_pyro_cannot_marshal) {
  const auto unknown = [](std::string_view name) {
    return "Pyro4.errors.SerializeError: don't know how to serialize class <class '" + std::string(name) +
           "'> using serializer MarshalSerializer. Give it vars() or an appropriate __getstate__";
  };
  EXPECT_EQ(hex(datetime{}), unknown("datetime.datetime"));
  EXPECT_EQ(hex(date{}), unknown("datetime.date"));
  EXPECT_EQ(hex(time_of_day{}), unknown("datetime.time"));
  EXPECT_EQ(hex(std::chrono::seconds(1)), unknown("datetime.timedelta"));
  EXPECT_EQ(hex(std::vector{date{}}), "builtins.ValueError: unmarshallable object");
  EXPECT_EQ(hex("\xff"), "builtins.UnicodeEncodeError: text is not UTF-8: invalid start byte at byte 0");
}

TEST(Marshal, writes_as_deep_as_python) {
  output out;
  const auto to = engine::marshal().make_writer();
  to->start(out);
  for (int i = 0; i < 1999; ++i) to->begin(kind::list, 1);
  to->none();
  EXPECT_TRUE(to->ok());
  for (int i = 0; i < 1999; ++i) to->end();
  to->start(out);
  for (int i = 0; i < 2000; ++i) to->begin(kind::list, 1);
  EXPECT_FALSE(to->ok());
  EXPECT_EQ(to->error().text, "object too deeply nested to marshal");
}

// ---- reading what CPython writes

struct dump { const char* repr; std::vector<const char*> versions; };  // the last stands for the versions after it too

TEST(Marshal, reads_every_version) {
  const dump dumps[] = {
      {"[5, -5, 2147483648, -1099511627776, 100000000000000000000, True, None]",
       {"5b 07 00 00 00 69 05 00 00 00 69 fb ff ff ff 6c 03 00 00 00 00 00 00 00 02 00 6c fd ff ff ff 00 00 00 00 00 04 6c 05 00 00 00 00 "
        "00 20 46 b5 78 3a 5e 56 00 54 4e",
        "db 07 00 00 00 e9 05 00 00 00 e9 fb ff ff ff ec 03 00 00 00 00 00 00 00 02 00 ec fd ff ff ff 00 00 00 00 00 04 ec 05 00 00 00 00 "
        "00 20 46 b5 78 3a 5e 56 00 54 4e"}},
      {"[1.5, -0.0, 1e+300, inf]",
       {"5b 04 00 00 00 66 03 31 2e 35 66 02 2d 30 66 17 31 2e 30 30 30 30 30 30 30 30 30 30 30 30 30 30 30 31 65 2b 33 30 30 66 03 69 6e 66",
        "5b 04 00 00 00 67 00 00 00 00 00 00 f8 3f 67 00 00 00 00 00 00 00 80 67 9c 75 00 88 3c e4 37 7e 67 00 00 00 00 00 00 f0 7f",
        "db 04 00 00 00 e7 00 00 00 00 00 00 f8 3f e7 00 00 00 00 00 00 00 80 e7 9c 75 00 88 3c e4 37 7e 67 00 00 00 00 00 00 f0 7f"}},
      {"[(1+2j)]",
       {"5b 01 00 00 00 78 01 31 01 32", "5b 01 00 00 00 79 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 40",
        "db 01 00 00 00 f9 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 40"}},
      {"['abc', 'h\u00e9', '', '\\ud800']",
       {"5b 04 00 00 00 75 03 00 00 00 61 62 63 75 03 00 00 00 68 c3 a9 75 00 00 00 00 75 03 00 00 00 ed a0 80",
        "db 04 00 00 00 f4 03 00 00 00 61 62 63 f5 03 00 00 00 68 c3 a9 f4 00 00 00 00 f5 03 00 00 00 ed a0 80",
        "db 04 00 00 00 da 03 61 62 63 f5 03 00 00 00 68 c3 a9 da 00 f5 03 00 00 00 ed a0 80"}},
      {"{'a': (1, [2], {3}), b'k': frozenset({4})}",
       {"7b 75 01 00 00 00 61 28 03 00 00 00 69 01 00 00 00 5b 01 00 00 00 69 02 00 00 00 3c 01 00 00 00 69 03 00 00 00 73 01 00 00 00 6b 3e "
        "01 00 00 00 69 04 00 00 00 30",
        "fb f4 01 00 00 00 61 28 03 00 00 00 e9 01 00 00 00 5b 01 00 00 00 e9 02 00 00 00 3c 01 00 00 00 e9 03 00 00 00 f3 01 00 00 00 6b 3e "
        "01 00 00 00 e9 04 00 00 00 30",
        "fb da 01 61 29 03 e9 01 00 00 00 5b 01 00 00 00 e9 02 00 00 00 3c 01 00 00 00 e9 03 00 00 00 f3 01 00 00 00 6b 3e 01 00 00 00 e9 04 "
        "00 00 00 30"}},
      {"['namex', 'namex', ('namex',)]",
       {"5b 03 00 00 00 75 05 00 00 00 6e 61 6d 65 78 75 05 00 00 00 6e 61 6d 65 78 28 01 00 00 00 75 05 00 00 00 6e 61 6d 65 78",
        "db 03 00 00 00 f5 05 00 00 00 6e 61 6d 65 78 72 01 00 00 00 28 01 00 00 00 72 01 00 00 00",
        "db 03 00 00 00 fa 05 6e 61 6d 65 78 72 01 00 00 00 29 01 72 01 00 00 00"}},
  };
  for (const dump& d : dumps) {
    for (const char* version : d.versions) {
      EXPECT_EQ(read(version), d.repr);
      EXPECT_EQ(skipped(version), "fine");
    }
  }
}

TEST(Marshal, reads_every_code) {
  EXPECT_EQ(read("49 00 00 00 00 00 00 00 80"), "-9223372036854775808");
  EXPECT_EQ(read("6c 00 00 00 00"), "0");
  EXPECT_EQ(read("6c ff ff ff ff 05 00"), "-5");
  EXPECT_EQ(read("6c 05 00 00 00 ff 7f ff 7f ff 7f ff 7f 07 00"), "9223372036854775807");
  EXPECT_EQ(read("6c 05 00 00 00 00 00 00 00 00 00 00 00 08 00"), "9223372036854775808");
  EXPECT_EQ(read("6c fb ff ff ff 00 00 00 00 00 00 00 00 08 00"), "-9223372036854775808");
  EXPECT_EQ(read("6c fb ff ff ff 01 00 00 00 00 00 00 00 08 00"), "-9223372036854775809");
  EXPECT_EQ(read("29 08 7a 01 61 5a 01 61 61 01 00 00 00 61 41 01 00 00 00 61 75 01 00 00 00 61 74 01 00 00 00 61 73 01 00 00 00 61 4e"),
            "('a', 'a', 'a', 'a', 'a', 'a', b'a', None)");
  EXPECT_EQ(read("28 02 00 00 00 46 54"), "(False, True)");
}

TEST(Marshal, takes_bytes_of_the_ascii_forms_for_latin_1) {
  EXPECT_EQ(read("29 03 7a 02 68 e9 61 02 00 00 00 80 ff 5a 01 41"), "('h\u00e9', '\\x80\u00ff', 'A')");
}

TEST(Marshal, reads_floats_of_the_first_versions_as_python) {
  for (const auto& [text, number] : std::map<std::string, double>{{"04 312e3500", 1.5}, {"03 2b2e35", 0.5}, {"05 3165393939", HUGE_VAL},
                                                                  {"08 496e66696e697479", HUGE_VAL}, {"04 2d494e46", -HUGE_VAL}}) {
    const bytes payload = test::from_hex("66" + text);
    EXPECT_EQ(test::decoded<double>(engine::marshal(), payload), number) << text;
  }
  EXPECT_EQ(read("66 04 2d 6e 61 6e"), "nan");
  EXPECT_EQ(read("66 03 31 65 5f"), "ValueError: could not convert string to float: '1e_'");
  EXPECT_EQ(read("66 00"), "ValueError: could not convert string to float: ''");
  EXPECT_EQ(read("66 02 ff fe"), "ValueError: could not convert string to float: '\ufffd\ufffd'");
  EXPECT_EQ(read("78 01 31 01 78"), "ValueError: could not convert string to float: 'x'");
}

TEST(Marshal, reads_calls_of_every_version) {
  for (const char* call : {"28 04 00 00 00 75 05 00 00 00 74 68 69 6e 67 75 03 00 00 00 61 64 64 5b 01 00 00 00 69 01 00 00 00 7b 75 01 00 00 00 62 69 02 "
                           "00 00 00 30",
                           "a8 04 00 00 00 f4 05 00 00 00 74 68 69 6e 67 f4 03 00 00 00 61 64 64 5b 01 00 00 00 e9 01 00 00 00 7b f4 01 00 00 00 62 e9 02 "
                           "00 00 00 30",
                           "29 04 fa 05 74 68 69 6e 67 da 03 61 64 64 db 01 00 00 00 e9 01 00 00 00 fb da 01 62 e9 02 00 00 00 30"}) {
    const bytes payload = test::from_hex(call);
    const auto in = engine::marshal().make_reader();
    for (int round = 0; round < 2; ++round) {  // a reader is used many times
      in->start(payload);
      std::string_view object, method;
      std::vector<int> arguments;
      std::map<std::string, int> keywords;
      ASSERT_TRUE(in->begin_call(object, method));
      ASSERT_TRUE(decode(*in, arguments));
      ASSERT_TRUE(in->begin_keywords());
      EXPECT_EQ(in->peek(), kind::dict);
      ASSERT_TRUE(decode(*in, keywords));
      ASSERT_TRUE(in->end_call());
      EXPECT_EQ(object, "thing");
      EXPECT_EQ(method, "add");
      EXPECT_EQ(arguments, std::vector{1});
      EXPECT_EQ(keywords["b"], 2);
    }
  }
}

TEST(Marshal, refuses_broken_calls_in_pythons_words) {
  const auto call = [](std::string_view hex) -> std::string {
    const bytes payload = test::from_hex(hex);
    const auto in = engine::marshal().make_reader();
    in->start(payload);
    std::string_view object, method;
    if (in->begin_call(object, method) && in->skip() && in->begin_keywords() && in->skip() && in->end_call()) return "fine";
    return in->error().text;
  };
  EXPECT_EQ(call("29 04 7a 01 61 7a 01 62 29 00 4e"), "fine");
  EXPECT_EQ(call("5b 04 00 00 00 7a 01 61 7a 01 62 29 00 7b 30"), "fine");
  EXPECT_EQ(call("29 04 7a 01 61 7a 01 62 29 00 4e ff"), "fine");
  EXPECT_EQ(call("29 03 7a 01 61 7a 01 62 29 00"), "not enough values to unpack (expected 4, got 3)");
  EXPECT_EQ(call("29 05 4e 4e 4e 4e 4e"), "too many values to unpack (expected 4)");
  EXPECT_EQ(call("29 05 4e 4e 4e 4e"), "EOF read where object expected");
  EXPECT_EQ(call("69 01 00 00 00"), "cannot unpack non-iterable int object");
  EXPECT_EQ(call("29 04 7a 01 61 69 05 00 00 00 29 00 4e"), "expected str, not int");
  EXPECT_EQ(call(""), "EOF read where object expected");
}

// ---- references

TEST(Marshal, comes_back_from_references) {
  EXPECT_EQ(read("db 02 00 00 00 da 01 61 72 01 00 00 00"), "['a', 'a']");
  EXPECT_EQ(read("db 03 00 00 00 db 02 00 00 00 e9 01 00 00 00 e9 02 00 00 00 72 01 00 00 00 72 03 00 00 00"), "[[1, 2], [1, 2], 2]");
  EXPECT_EQ(read("29 03 fb da 01 6b a9 01 72 01 00 00 00 30 72 00 00 00 00 7b 72 01 00 00 00 72 02 00 00 00 30"),
            "({'k': ('k',)}, {'k': ('k',)}, {'k': ('k',)})");
  EXPECT_EQ(read("29 03 be 01 00 00 00 e9 01 00 00 00 72 00 00 00 00 72 01 00 00 00"), "(frozenset({1}), frozenset({1}), 1)");
  EXPECT_EQ(read("29 03 e7 00 00 00 00 00 00 f8 3f 72 00 00 00 00 72 00 00 00 00"), "(1.5, 1.5, 1.5)");
  EXPECT_EQ(read("29 02 f3 01 00 00 00 61 72 00 00 00 00"), "(b'a', b'a')");
}

TEST(Marshal, gives_none_and_booleans_no_number) {
  EXPECT_EQ(read("29 05 ce d4 c6 da 01 61 72 00 00 00 00"), "(None, True, False, 'a', 'a')");
}

TEST(Marshal, refuses_references_to_nothing_and_cycles) {
  for (const char* wrong : {"72 00 00 00 00", "72 ff ff ff ff", "5b 02 00 00 00 72 00 00 00 00 da 01 61", "be 01 00 00 00 72 00 00 00 00", "5b 02 00 00 00 ce 72 00 00 00 00"}) {
    EXPECT_EQ(read(wrong), "ValueError: bad marshal data (invalid reference)") << wrong;
    EXPECT_EQ(skipped(wrong), "bad marshal data (invalid reference)") << wrong;
  }
  for (const char* cycle : {"db 01 00 00 00 72 00 00 00 00", "a9 01 72 00 00 00 00", "fb 7a 01 61 72 00 00 00 00 30", "bc 01 00 00 00 29 01 72 00 00 00 00",
                            "db 01 00 00 00 29 01 72 00 00 00 00"}) {
    EXPECT_EQ(read(cycle), "ValueError: bad marshal data (a container that holds itself)") << cycle;
    EXPECT_EQ(skipped(cycle), "bad marshal data (a container that holds itself)") << cycle;
  }
}

TEST(Marshal, reads_the_same_again_after_rewinding) {
  // A dict whose class comes last: looking for it passes objects that are numbered, and references to them.
  const bytes payload = test::from_hex("29 02 fb da 01 61 a9 01 e9 07 00 00 00 da 01 62 72 02 00 00 00 da 09 5f 5f 63 6c 61 73 73 5f 5f fa 01 43 30 72 01 00 00 00");
  const auto in = engine::marshal().make_reader();
  in->start(payload);
  std::size_t hint = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more());
  EXPECT_EQ(in->class_name(), "C");
  EXPECT_EQ(in->class_name(), "C");
  EXPECT_EQ(in->offset(), 2u);
  value object, text;
  ASSERT_TRUE(decode(*in, object) && in->more() && decode(*in, text));
  EXPECT_EQ(to_repr(object), "{'a': (7,), 'b': (7,), '__class__': 'C'}");
  EXPECT_EQ(text, "a");
  EXPECT_FALSE(in->more());
}

TEST(Marshal, does_not_take_what_lies_ahead_of_a_rewound_reference) {
  const bytes payload = test::from_hex("29 02 7b 72 00 00 00 00 4e 30 da 01 61");
  const auto in = engine::marshal().make_reader();
  in->start(payload);
  EXPECT_FALSE(in->skip());
  const bytes ahead = test::from_hex("29 03 da 01 61 72 00 00 00 00 da 01 62");
  in->start(ahead);
  const reader::mark start = in->here();
  ASSERT_TRUE(in->skip());
  in->rewind(start);
  std::tuple<std::string, std::string, std::string> all;
  ASSERT_TRUE(decode(*in, all));
  EXPECT_EQ(all, (std::tuple<std::string, std::string, std::string>("a", "a", "b")));
}

TEST(Marshal, looks_ahead_through_a_reference) {
  const bytes payload = test::from_hex("29 02 fb 7a 09 5f 5f 63 6c 61 73 73 5f 5f 7a 01 43 30 72 00 00 00 00");
  const auto in = engine::marshal().make_reader();
  in->start(payload);
  std::size_t hint = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more() && in->skip() && in->more());
  EXPECT_EQ(in->peek(), kind::dict);
  EXPECT_EQ(in->class_name(), "C");
  EXPECT_EQ(in->offset(), 18u);
  EXPECT_EQ(in->peek(), kind::dict);
  ASSERT_TRUE(in->skip());  // also after it was peeked at
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish());
}

TEST(Marshal, is_not_blown_up_by_shared_references) {
  // Each list holds the one before it ten times: 10**9 values in some 600 bytes.
  std::string laughs = "29 0a db 0a 00 00 00" + repeated("e9 01 00 00 00", 10);
  std::uint32_t before = 0;
  for (std::uint32_t i = 0; i < 9; ++i) {
    char reference[16];
    std::snprintf(reference, sizeof reference, "72 %02x 00 00 00", before);
    laughs += "db 0a 00 00 00" + repeated(reference, 10);
    before = before == 0 ? 11 : before + 1;
  }
  EXPECT_EQ(read(laughs, {.elements = 100000}), "ValueError: too many values in one message");
  EXPECT_EQ(skipped(laughs), "fine");  // skipping follows none
}

TEST(Marshal, is_not_blown_up_by_references_to_long_texts) {
  std::string text = "5b e9 03 00 00 e1 00 10 00 00" + repeated("61", 4096) + repeated("72 00 00 00 00", 1000);
  EXPECT_EQ(skipped(text, {.elements = 100000}), "fine");
  EXPECT_EQ(read(text, {.elements = 100000}), "ValueError: too many values in one message");
  EXPECT_EQ(read(text, {.elements = 300000}).size(), 1001u * 4100u);
}

// ---- bounds and faults

TEST(Marshal, words_faults_as_python_does) {
  EXPECT_EQ(read(""), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("30"), "TypeError: NULL object in marshal data for object");
  EXPECT_EQ(read("5b 01 00 00 00 30"), "TypeError: NULL object in marshal data for list");
  EXPECT_EQ(read("29 01 30"), "TypeError: NULL object in marshal data for tuple");
  EXPECT_EQ(read("3c 01 00 00 00 30"), "TypeError: NULL object in marshal data for set");
  EXPECT_EQ(read("3e 01 00 00 00 30"), "TypeError: NULL object in marshal data for set");
  EXPECT_EQ(read("69 00"), "EOFError: marshal data too short");
  EXPECT_EQ(read("49 00"), "EOFError: marshal data too short");
  EXPECT_EQ(read("67 00"), "EOFError: marshal data too short");
  EXPECT_EQ(read("79 00"), "EOFError: marshal data too short");
  EXPECT_EQ(read("7a"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("7a 05 61"), "EOFError: marshal data too short");
  EXPECT_EQ(read("66"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("66 03"), "EOFError: marshal data too short");
  EXPECT_EQ(read("78 01 31"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("72"), "EOFError: marshal data too short");
  EXPECT_EQ(read("29"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("29 01"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("7b 4e"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("7b 4e 4e"), "EOFError: EOF read where object expected");
  EXPECT_EQ(read("6c"), "EOFError: marshal data too short");
  EXPECT_EQ(read("6c 02 00 00 00 01 00"), "EOFError: marshal data too short");
  EXPECT_EQ(read("6c 01 00 00 00 00 00"), "ValueError: bad marshal data (unnormalized long data)");
  EXPECT_EQ(read("6c 01 00 00 00 00 80"), "ValueError: bad marshal data (digit out of range in long)");
  EXPECT_EQ(read("6c 02 00 00 00 00 80"), "ValueError: bad marshal data (digit out of range in long)");
  EXPECT_EQ(read("6c 00 00 00 80"), "ValueError: bad marshal data (long size out of range)");
  EXPECT_EQ(read("5b ff ff ff ff"), "ValueError: bad marshal data (list size out of range)");
  EXPECT_EQ(read("28 ff ff ff ff"), "ValueError: bad marshal data (tuple size out of range)");
  EXPECT_EQ(read("3c ff ff ff ff"), "ValueError: bad marshal data (set size out of range)");
  EXPECT_EQ(read("3e ff ff ff ff"), "ValueError: bad marshal data (set size out of range)");
  EXPECT_EQ(read("73 ff ff ff ff"), "ValueError: bad marshal data (bytes object size out of range)");
  EXPECT_EQ(read("61 ff ff ff ff"), "ValueError: bad marshal data (string size out of range)");
  EXPECT_EQ(read("75 ff ff ff ff"), "ValueError: bad marshal data (string size out of range)");
  EXPECT_EQ(read("75 01 00 00 00 ff"), "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte");
  EXPECT_EQ(read("75 03 00 00 00 61 ed a0"), "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xed in position 1: invalid continuation byte");
  EXPECT_EQ(read("75 02 00 00 00 e2 82"), "UnicodeDecodeError: 'utf-8' codec can't decode bytes in position 0-1: unexpected end of data");
  EXPECT_EQ(read("7b 5b 00 00 00 00 4e 30"), "TypeError: unhashable type: 'list'");
  EXPECT_EQ(read("3c 01 00 00 00 7b 30"), "TypeError: unhashable type: 'dict'");
  EXPECT_EQ(read("2a"), "ValueError: bad marshal data (unknown type code)");
  EXPECT_EQ(read("3a 4e 4e 4e"), "ValueError: bad marshal data (unknown type code)");  // Python 3.14's slices
}

TEST(Marshal, refuses_what_is_no_data) {
  EXPECT_EQ(read("63 00 00 00 00"), "ValueError: bad marshal data (a code object)");
  EXPECT_EQ(read("29 01 e3 00 00 00 00"), "ValueError: bad marshal data (a code object)");
  EXPECT_EQ(read("2e"), "ValueError: bad marshal data (Ellipsis)");
  EXPECT_EQ(read("53"), "ValueError: bad marshal data (StopIteration)");
  EXPECT_EQ(read("7b 4e 30"), "TypeError: NULL object in marshal data for dict");
}

TEST(Marshal, ignores_what_follows_as_python_does) { EXPECT_EQ(read("4e ff ff"), "None"); }

/// What Python writes of values that it can refer to: the keys of dicts, small ints, what stands in a list twice.
template <class T> T typed(std::string_view hex) {
  const bytes payload = test::from_hex(hex);
  auto got = test::decoded<T>(engine::marshal(), payload);
  EXPECT_TRUE(got) << got.error().text;
  return got.value_or(T{});
}

TEST(Marshal, reads_lists_of_structs_whose_keys_and_numbers_python_refers_to) {
  // [{'name': 'a b', 'sizes': [5, 6, 70000, 5, 5]}, {'name': 'a b', 'sizes': [6, 2**40, 5]}, {'sizes': [], 'name': 16 times 'a'}]
  constexpr std::string_view items =
      "db030000007bda046e616d65fa03612062da0573697a65735b05000000e905000000e906000000e97011010072040000007204000000307b7201000000720200000072"
      "030000005b030000007205000000ec030000000000000000047204000000307b72030000005b000000007201000000da1061616161616161616161616161616161"
      "30";
  const std::vector<stock> expected{{"a b", {5, 6, 70000, 5, 5}}, {"a b", {6, std::int64_t{1} << 40, 5}}, {std::string(16, 'a'), {}}};
  EXPECT_EQ(typed<std::vector<stock>>(items), expected);
  // The same after all of it has been passed, and numbered.
  const bytes payload = test::from_hex(items);
  const auto in = engine::marshal().make_reader();
  in->start(payload);
  const auto begin = in->here();
  ASSERT_TRUE(in->skip());
  in->rewind(begin);
  std::vector<stock> again;
  EXPECT_TRUE(decode(*in, again) && in->finish()) << in->error().text;
  EXPECT_EQ(again, expected);
}

TEST(Marshal, reads_lists_of_numbers_that_are_remembered_and_referred_to) {
  EXPECT_EQ(typed<std::vector<std::int64_t>>("5b04000000 e905000000 e92c010000 7200000000 7200000000"), (std::vector<std::int64_t>{5, 300, 5, 5}));
  EXPECT_EQ(typed<std::vector<std::int64_t>>("db03000000 e9fbffffff 69ffffffff 7201000000"), (std::vector<std::int64_t>{-5, -1, -5}));
  EXPECT_EQ(typed<std::vector<double>>("db02000000 e7000000000000f83f 7201000000"), (std::vector<double>{1.5, 1.5}));
  EXPECT_EQ(typed<std::vector<double>>("db01000000 67000000000000f83f"), (std::vector<double>{1.5}));
  using either = std::variant<std::int64_t, std::string>;
  EXPECT_EQ(typed<std::vector<either>>("5b04000000 e905000000 7200000000 da0178 7200000000"), (std::vector<either>{5, 5, "x", 5}));
}

TEST(Marshal, refuses_references_in_lists_of_numbers_that_mean_nothing_or_no_number) {
  const auto refused = [](std::string_view hex) {
    const bytes payload = test::from_hex(hex);
    const auto got = test::decoded<std::vector<std::int64_t>>(engine::marshal(), payload);
    return got ? "read" : got.error().text;
  };
  EXPECT_EQ(refused("5b02000000 e905000000 7201000000"), "bad marshal data (invalid reference)");
  EXPECT_EQ(refused("5b02000000 7200000000 e905000000"), "bad marshal data (invalid reference)") << "of what comes later";
  EXPECT_EQ(refused("db01000000 7200000000"), "bad marshal data (a container that holds itself)");
  EXPECT_EQ(refused("5b02000000 e905000000 72000000"), "marshal data too short");
}

TEST(Marshal, bounds_depth_digits_and_elements) {
  EXPECT_EQ(read(repeated("2901", 200) + "4e").size(), 4u + 3u * 200u);
  EXPECT_EQ(read(repeated("2901", 201) + "4e"), "ValueError: recursion limit exceeded");
  EXPECT_EQ(skipped(repeated("7b4e", 100000)), "recursion limit exceeded");
  EXPECT_EQ(read("29 03 4e 4e 4e", {.elements = 3}), "ValueError: too many values in one message");
  EXPECT_EQ(read("7b 54 4e 46 4e 30", {.elements = 4}), "ValueError: too many values in one message");
  EXPECT_EQ(read("7b 54 4e 46 4e 30", {.elements = 5}), "{True: None, False: None}");
  const integer most = *integer::from_decimal(std::string(4300, '9'));
  EXPECT_EQ(read(hex(most)), std::string(4300, '9'));
  EXPECT_EQ(read("6c ba 03 00 00" + repeated("0100", 0x3ba)), "ValueError: Exceeds the limit (4300 digits) for integer string conversion");
}

TEST(Marshal, bounds_the_depth_of_references_to_references) {
  std::string chain = "28 2c 01 00 00 a9 00";  // each tuple holds the one before it
  for (int i = 0; i < 299; ++i) {
    char link[32];
    std::snprintf(link, sizeof link, "a9 01 72 %02x %02x 00 00", i & 255, i >> 8);
    chain += link;
  }
  EXPECT_EQ(read(chain), "ValueError: recursion limit exceeded");
  EXPECT_EQ(skipped(chain), "fine");
}

TEST(Marshal, fails_on_every_truncation_and_survives_every_changed_byte) {
  const std::string whole = *test::encoded(engine::marshal(), value(value::dict{
      {"a", value::list{1, 2.5, "text", "\u00e4", value(bytes(3)), *integer::from_decimal("-18446744073709551616")}},
      {"b", value::dict{{value::tuple{1, "x"}, std::complex<double>(1, 2)}}}}));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(test::decoded<value>(engine::marshal(), test::as_bytes(whole.substr(0, size)))) << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto v = test::decoded<value>(engine::marshal(), test::as_bytes(changed));
      const auto in = engine::marshal().make_reader();
      in->start(test::as_bytes(changed));
      const bool skipped = in->skip() && in->finish();
      // Only unhashable keys are noticed by reading and not by skipping.
      const bool agree = v.has_value() == skipped || (skipped && v.error().text.starts_with("unhashable"));
      EXPECT_TRUE(agree) << at << ' ' << byte;
    }
  }
}

TEST(Marshal, keeps_the_first_error) {
  const bytes payload = test::from_hex("29 02 7a 01 61 4e");
  const auto in = engine::marshal().make_reader();
  in->start(payload);
  std::size_t hint = 0;
  std::int64_t n = 0;
  std::string_view text;
  EXPECT_TRUE(in->enter_sequence(hint));
  EXPECT_FALSE(in->read_integer(n));
  EXPECT_FALSE(in->read_string(text));
  EXPECT_FALSE(in->more());
  EXPECT_EQ(in->peek(), kind::error);
  EXPECT_EQ(in->error().text, "expected int, not str");
  EXPECT_EQ(in->error().offset, 2u);
}

TEST(Marshal, gives_views_of_the_payload) {
  const bytes payload = test::from_hex("29 02 7a 02 61 62 73 02 00 00 00 63 64");
  const auto v = test::decoded<std::tuple<std::string_view, std::span<const std::byte>>>(engine::marshal(), payload);
  ASSERT_TRUE(v);
  EXPECT_EQ(static_cast<const void*>(std::get<0>(*v).data()), payload.data() + 4);
  EXPECT_EQ(std::get<1>(*v).data(), payload.data() + 11);
}

TEST(Marshal, allocates_nothing_for_a_call) {
  output out;
  const auto in = engine::marshal().make_reader();
  const auto to = engine::marshal().make_writer();
  const auto call = [&] {
    out.clear();
    to->start(out);
    to->begin_call("echo", "length", 1);
    to->string("Irmen de Jong");
    to->begin_keywords(0);
    to->end_call();
    in->start({reinterpret_cast<const std::byte*>(out.at(0)), out.size()});
    std::string_view object, method, argument;
    std::size_t hint = 0;
    return in->begin_call(object, method) && in->enter_sequence(hint) && in->more() && decode(*in, argument) && !in->more() &&
           in->begin_keywords() && in->enter_dict(hint) && !in->more() && in->end_call() && argument == "Irmen de Jong";
  };
  ASSERT_TRUE(call());
  const auto before = testing_support::allocations_here().calls;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(call());
  EXPECT_EQ(testing_support::allocations_here().calls, before);
}

// What the format keeps: all but moments.
constexpr test::random_options carried{.kinds = test::without(test::all_kinds, {kind::datetime, kind::date}), .surrogates = true};

TEST(Marshal, reads_back_random_values) {
  test::random_value random(1, carried);
  for (int i = 0; i < 3000; ++i) {
    const value v = random.next();
    const auto payload = test::encoded(engine::marshal(), v);
    ASSERT_TRUE(payload) << payload.error().text;
    const auto back = test::decoded<value>(engine::marshal(), test::as_bytes(*payload));
    ASSERT_TRUE(back) << back.error().text << ' ' << to_repr(v);
    ASSERT_TRUE(same(*back, v)) << to_repr(*back) << " is not " << to_repr(v);
    const auto in = engine::marshal().make_reader();
    in->start(test::as_bytes(*payload));
    ASSERT_TRUE(in->skip());
    ASSERT_EQ(in->offset(), payload->size());
  }
}

// ---- the end of calls

TEST(Marshal, a_call_that_ends_plainly_is_told_from_all_others) {
  const auto said = [](std::string_view tail, std::size_t wanted) {
    return test::read_call(engine::marshal(), "29 04 7a 01 6f 7a 01 6d " + std::string(tail), wanted);
  };
  const std::string two = "5b 02 00 00 00 69 01 00 00 00 69 02 00 00 00 ";
  EXPECT_EQ(said(two + "7b 30", 2), "1 2 plain");
  EXPECT_EQ(said(two + "fb 30", 2), "1 2 plain");  // as CPython writes a dict that it may refer to
  EXPECT_EQ(said("a9 02 e9 01 00 00 00 e9 02 00 00 00 fb 30", 2), "1 2 plain");
  EXPECT_EQ(said("5b 00 00 00 00 7b 30", 0), "plain");
  EXPECT_EQ(said(two + "7b 30", 1), "1 more arguments");
  EXPECT_EQ(said(two + "4e", 2), "1 2 None");
  EXPECT_EQ(said(two + "7b 7a 01 62 69 02 00 00 00 30", 2), "1 2 {'b': 2}");
  EXPECT_EQ(said(two + "7b 30 7b 30", 2), "1 2 plain");  // Python ignores what follows
  EXPECT_EQ(said(two + "7b", 2), "1 2 EOF read where object expected");
  EXPECT_EQ(said("7b 69 01 00 00 00 69 02 00 00 00 30 7b 30", 2), "expected list, not dict");
}

TEST(Marshal, an_entry_of_a_batch_ends_plainly_too_unless_it_refers_to_another) {
  const bytes payload = test::from_hex(
      "5b 03 00 00 00 29 03 7a 01 6d a9 01 69 01 00 00 00 7b 30 29 03 7a 01 6e 72 00 00 00 00 7b 30 29 03 7a 01 6f 29 01 69 03 00 00 00 fb 30");
  const auto in = engine::marshal().make_reader();
  std::size_t hint = 0;
  std::string_view method;
  in->start(payload);
  ASSERT_TRUE(in->enter_sequence(hint));
  std::string said;
  while (in->more()) {
    ASSERT_TRUE(in->begin_entry(method));
    said += std::string(method) + " " + test::rest_of_call(*in, 1) + ", ";
    ASSERT_TRUE(in->ok());
  }
  // The first is not at the end of the payload, which finish() of marshal does not mind.
  EXPECT_EQ(said, "m 1 plain, n 1 {}, o 3 plain, ");
  EXPECT_TRUE(in->finish());
  EXPECT_EQ(in->offset(), payload.size());
}

}  // namespace
