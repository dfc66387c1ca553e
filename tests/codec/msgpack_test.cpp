// msgpack against Pyro's captures, against msgpack-cxx as a second opinion, and against peers that lie.
#include <codec/msgpack.hpp>

#include <gtest/gtest.h>

#include <cmath>

#include <msgpack.hpp>

#include <codec/serializer.hpp>
#include <tests/codec/rest_of_call.hpp>
#include <tests/support/encoded.hpp>
#include <tests/support/random_value.hpp>

using namespace engine;

namespace {

const integer beyond = *integer::from_decimal("18446744073709551616");

template <class T> std::string hex(const T& v) {
  const auto payload = test::encoded(engine::msgpack(), v);
  return payload ? test::to_hex(*payload) : std::string(payload.error().type) + ": " + payload.error().text;
}

/// repr of the one value in `hex`, or the error.
std::string read(std::string_view hex, const decode_limits& limits = {}) {
  const bytes payload = test::from_hex(hex);
  const auto v = test::decoded<value>(engine::msgpack(), payload, limits);
  return v ? to_repr(*v) : std::string(v.error().type.substr(v.error().type.rfind('.') + 1)) + ": " + v.error().text;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  while (times-- > 0) all += part;
  return all;
}

TEST(Msgpack, writes_the_calls_pyro_writes) {
  output out;
  const auto to = engine::msgpack().make_writer();
  to->start(out);
  to->begin_call("thing", "add", 1);
  to->signed_integer(1);
  to->begin_keywords(1);
  to->string("b");
  to->signed_integer(2);
  to->end_call();
  EXPECT_EQ(test::to_hex(test::flat(out)), "94 a5 74 68 69 6e 67 a3 61 64 64 91 01 81 a1 62 02");

  out.clear();
  to->start(out);
  to->begin_call("thing", "__getattr__", 1);
  to->string("value");
  to->no_keywords();
  to->end_call();
  EXPECT_EQ(test::to_hex(test::flat(out)), "94 a5 74 68 69 6e 67 ab 5f 5f 67 65 74 61 74 74 72 5f 5f 91 a5 76 61 6c 75 65 c0");
}

TEST(Msgpack, a_call_that_ends_plainly_is_told_from_all_others) {
  const auto said = [](std::string_view tail, std::size_t wanted) {
    return test::read_call(engine::msgpack(), "94 a1 6f a1 6d " + std::string(tail), wanted);
  };
  EXPECT_EQ(said("92 01 02 80", 2), "1 2 plain");
  EXPECT_EQ(said("90 80", 0), "plain");
  EXPECT_EQ(said("92 01 02 80", 1), "1 more arguments");
  EXPECT_EQ(said("92 01 02 c0", 2), "1 2 None");
  EXPECT_EQ(said("91 01 81 a1 62 02", 1), "1 {'b': 2}");
  EXPECT_EQ(said("91 01 de 00 00", 1), "1 {}");
  EXPECT_EQ(said("91 01 80 80", 1), "1 unpack(b) received extra data.");
  EXPECT_EQ(said("91 01", 1), "1 Unpack failed: incomplete input");
}

TEST(Msgpack, an_entry_of_a_batch_ends_plainly_too) {
  const bytes payload = test::from_hex("92 93 a1 6d 92 01 02 80 93 a1 6e 90 80");
  const auto in = engine::msgpack().make_reader();
  std::size_t hint = 0;
  std::string_view method;
  in->start(payload);
  ASSERT_TRUE(in->enter_sequence(hint) && in->more() && in->begin_entry(method));
  EXPECT_EQ(method, "m");
  std::int64_t a = 0, b = 0;
  ASSERT_TRUE(in->enter_sequence(hint) && in->more() && in->read_integer(a) && in->more() && in->read_integer(b));
  EXPECT_TRUE(in->ends_plainly());
  ASSERT_TRUE(in->more() && in->begin_entry(method));
  EXPECT_EQ(method, "n");
  ASSERT_TRUE(in->enter_sequence(hint));
  EXPECT_TRUE(in->ends_plainly());
  EXPECT_FALSE(in->more());
  EXPECT_TRUE(in->finish());
}

TEST(Msgpack, a_call_can_be_read_from_behind_the_opening_it_shares_with_another) {
  const bytes first = test::from_hex("94 a1 6f a1 6d 92 01 02 80"), second = test::from_hex("94 a1 6f a1 6d 91 05 81 a1 62 06");
  const auto in = engine::msgpack().make_reader();
  std::string_view object, method;
  in->start(first);
  ASSERT_TRUE(in->begin_call(object, method));
  const reader::mark behind = in->here();
  ASSERT_TRUE(in->start_behind(second, behind));
  EXPECT_EQ(test::rest_of_call(*in, 1), "5 {'b': 6}");
  ASSERT_TRUE(in->start_behind(first, behind));
  EXPECT_EQ(test::rest_of_call(*in, 2), "1 2 plain");
}

TEST(Msgpack, writes_the_values_pyro_writes) {
  EXPECT_EQ(hex(value()), "c0");
  EXPECT_EQ(hex(true), "c3");
  EXPECT_EQ(hex(3), "03");
  EXPECT_EQ(hex(std::int64_t(1) << 63), "d3 80 00 00 00 00 00 00 00");
  EXPECT_EQ(hex(std::uint64_t(1) << 63), "cf 80 00 00 00 00 00 00 00");
  EXPECT_EQ(hex(beyond), "c7 14 31 31 38 34 34 36 37 34 34 30 37 33 37 30 39 35 35 31 36 31 36");
  EXPECT_EQ(hex(1.5), "cb 3f f8 00 00 00 00 00 00");
  EXPECT_EQ(hex(std::complex<double>(1, 2)), "d8 30 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 40");
  EXPECT_EQ(hex(date{2020, 1, 2}), "d7 33 92 40 0b 00 00 00 00 00");
  EXPECT_EQ(hex(value(value::set{1})), "91 01");
  EXPECT_EQ(hex(value(value::tuple{1})), "91 01");
  EXPECT_EQ(hex(value(value::dict{{"__class__", "Pyro4.core.URI"}, {"state", value::tuple{"PYRO", "x", {}, "h", 1}}})),
            "82 a9 5f 5f 63 6c 61 73 73 5f 5f ae 50 79 72 6f 34 2e 63 6f 72 65 2e 55 52 49 a5 73 74 61 74 65 95 a4 50 59 52 4f a1 78 "
            "c0 a1 68 01");
}

TEST(Msgpack, carries_naive_datetimes_as_local_timestamps) {
  setenv("TZ", "UTC", 1);
  tzset();
  const datetime when = *parse_datetime("2020-01-02T03:04:05.000678");
  EXPECT_EQ(hex(when), "d7 32 1c 0b 40 69 57 83 d7 41");
  EXPECT_EQ(read("d7 32 1c 0b 40 69 57 83 d7 41"), "datetime.datetime(2020, 1, 2, 3, 4, 5, 678)");
  unsetenv("TZ");
  tzset();
}

TEST(Msgpack, reads_calls) {
  const bytes payload = test::from_hex("94 a5 74 68 69 6e 67 a3 61 64 64 92 01 a1 78 81 a1 62 02");
  const auto in = engine::msgpack().make_reader();
  for (int round = 0; round < 2; ++round) {  // a reader is used many times
    in->start(payload);
    std::string_view object, method;
    std::tuple<int, std::string_view> arguments;
    std::map<std::string, int> keywords;
    ASSERT_TRUE(in->begin_call(object, method));
    ASSERT_TRUE(decode(*in, arguments));
    ASSERT_TRUE(in->begin_keywords());
    EXPECT_EQ(in->peek(), kind::dict);
    ASSERT_TRUE(decode(*in, keywords));
    ASSERT_TRUE(in->end_call());
    EXPECT_EQ(object, "thing");
    EXPECT_EQ(method, "add");
    EXPECT_EQ(std::get<1>(arguments), "x");
    EXPECT_EQ(keywords["b"], 2);
  }
}

TEST(Msgpack, refuses_broken_calls_in_pythons_words) {
  const auto call = [](std::string_view hex) -> std::string {
    const bytes payload = test::from_hex(hex);
    const auto in = engine::msgpack().make_reader();
    in->start(payload);
    std::string_view object, method;
    if (in->begin_call(object, method) && in->skip() && in->begin_keywords() && in->skip() && in->end_call()) return "fine";
    return in->error().text;
  };
  EXPECT_EQ(call("94 a1 61 a1 62 90 c0"), "fine");
  EXPECT_EQ(call("93 a1 61 a1 62 90"), "not enough values to unpack (expected 4, got 3)");
  EXPECT_EQ(call("95 a1 61 a1 62 90 c0 c0"), "too many values to unpack (expected 4)");
  EXPECT_EQ(call("05"), "cannot unpack non-iterable int object");
  EXPECT_EQ(call("94 a1 61 05 90 c0"), "expected str, not int");
  EXPECT_EQ(call("94 a1 61 a1 62 90 c0 c0"), "unpack(b) received extra data.");
  EXPECT_EQ(call("94 a1 61 a1 62"), "Unpack failed: incomplete input");
  EXPECT_EQ(call(""), "Unpack failed: incomplete input");
}

TEST(Msgpack, reads_every_form) {
  EXPECT_EQ(read("9f 00 7f e0 ff cc ff cd ff ff ce ff ff ff ff cf 7f ff ff ff ff ff ff ff cf ff ff ff ff ff ff ff ff d0 80 d1 80 00 d2 80 00 "
                 "00 00 d3 80 00 00 00 00 00 00 00 c0 c2"),
            "[0, 127, -32, -1, 255, 65535, 4294967295, 9223372036854775807, 18446744073709551615, -128, -32768, -2147483648, "
            "-9223372036854775808, None, False]");
}

TEST(Msgpack, reads_every_form_of_lengths) {
  EXPECT_EQ(read("98 a1 61 d9 01 61 da 00 01 61 db 00 00 00 01 61 c4 01 61 c5 00 01 61 c6 00 00 00 01 61 ca 3f c0 00 00"),
            "['a', 'a', 'a', 'a', b'a', b'a', b'a', 1.5]");
  EXPECT_EQ(read("94 dc 00 01 01 dd 00 00 00 01 01 de 00 01 01 02 df 00 00 00 01 01 02"), "[[1], [1], {1: 2}, {1: 2}]");
  EXPECT_EQ(read("93 c7 02 31 31 32 c8 00 02 31 31 32 c9 00 00 00 02 31 31 32"), "[12, 12, 12]");
  EXPECT_EQ(read("94 d4 31 31 d5 31 2d 31 d6 31 31 32 33 34 d6 33 01 00 00 00"), "[1, -1, 1234, datetime.date(1, 1, 1)]");
  EXPECT_EQ(read("c7 14 31 31 38 34 34 36 37 34 34 30 37 33 37 30 39 35 35 31 36 31 36"), "18446744073709551616");
  EXPECT_EQ(read("c7 13 31 39 32 32 33 33 37 32 30 33 36 38 35 34 37 37 35 38 30 38"), "9223372036854775808");
}

TEST(Msgpack, words_faults_as_python_does) {
  EXPECT_EQ(read("01 02"), "ValueError: unpack(b) received extra data.");
  EXPECT_EQ(read("a5"), "ValueError: Unpack failed: incomplete input");
  EXPECT_EQ(read("92 01"), "ValueError: Unpack failed: incomplete input");
  EXPECT_EQ(read("dd 00 ff ff ff"), "ValueError: 16777215 exceeds max_array_len(5)");
  EXPECT_EQ(read("a1 ff"), "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte");
  EXPECT_EQ(read("d6 7f 00 00 00 00"), "SerializeError: invalid ext code for msgpack: 127");
  EXPECT_EQ(read("d6 ff 00 00 00 00"), "SerializeError: invalid ext code for msgpack: -1");
  EXPECT_EQ(read("c7 03 31 31 2f 33"), "ValueError: invalid literal for int() with base 10: b'1/3'");
  EXPECT_EQ(read("d7 30 00 00 00 00 00 00 00 00"), "ValueError: unpack requires a buffer of 16 bytes");
  EXPECT_EQ(read("d7 32 00 00 00 00 00 00 f8 7f"), "ValueError: Invalid value NaN (not a number)");
  EXPECT_EQ(read("d7 32 00 00 c0 20 fa 7f 4d 42"), "ValueError: year 10000 is out of range");
  EXPECT_EQ(read("d7 32 00 00 00 00 00 00 f0 7f"), "OverflowError: timestamp out of range for platform time_t");
  EXPECT_EQ(read("d7 33 00 00 00 00 00 00 00 00"), "ValueError: ordinal must be >= 1");
  EXPECT_EQ(read("d7 33 dc b9 37 00 00 00 00 00"), "ValueError: year 10000 is out of range");
  EXPECT_EQ(read("d7 33 00 00 00 80 00 00 00 00"), "OverflowError: signed integer is greater than maximum");
  EXPECT_EQ(read("c1"), "ValueError: Unpack failed: invalid byte 0xc1");
  EXPECT_EQ(read("81 90 01"), "TypeError: unhashable type: 'list'");
}

TEST(Msgpack, refuses_to_write_what_python_could_not) {
  EXPECT_EQ(hex(value(value::frozenset{})), "Pyro4.errors.SerializeError: don't know how to serialize class <class 'frozenset'> using "
                                            "serializer MsgpackSerializer. Give it vars() or an appropriate __getstate__");
  EXPECT_EQ(hex(time_of_day{}), "Pyro4.errors.SerializeError: don't know how to serialize class <class 'datetime.time'> using serializer "
                                "MsgpackSerializer. Give it vars() or an appropriate __getstate__");
  EXPECT_TRUE(hex(std::chrono::seconds(1)).starts_with("Pyro4.errors.SerializeError: don't know how to serialize class <class 'datetime.timedelta'>"));
  EXPECT_EQ(hex(*parse_datetime("2020-01-01T00:00:00+00:00")), "Pyro4.errors.SerializeError: msgpack cannot serialize datetime with timezone info");
  EXPECT_EQ(hex("a\xed\xb2\x80"), "builtins.UnicodeEncodeError: 'utf-8' codec can't encode character '\\udc80' in position 1: surrogates not allowed");
  EXPECT_EQ(hex("\xff"), "builtins.UnicodeEncodeError: text is not UTF-8: invalid start byte at byte 0");
  EXPECT_EQ(hex(std::map<int, int>{{1, 2}}), "builtins.ValueError: int is not allowed for map key when strict_map_key=True");
  EXPECT_EQ(hex(value(value::dict{{value::tuple{}, 1}})), "builtins.ValueError: tuple is not allowed for map key when strict_map_key=True");
  EXPECT_EQ(hex(value(value::dict{{"a", value::dict{{"b", 1}}}, {"c", value::list{1}}, {value(bytes()), 2}})),
            "83 a1 61 81 a1 62 01 a1 63 91 01 c4 00 02");
}

TEST(Msgpack, does_not_believe_declared_counts) {
  for (const char* lie : {"dd ff ff ff ff", "df ff ff ff ff", "db ff ff ff ff", "c6 ff ff ff ff", "c9 ff ff ff ff 31", "dc ff ff 01", "de ff ff 01 01"}) {
    EXPECT_TRUE(read(lie).starts_with("ValueError: ")) << lie;
    const bytes payload = test::from_hex(lie);
    EXPECT_FALSE(test::decoded<std::vector<std::string>>(engine::msgpack(), payload));
    const auto in = engine::msgpack().make_reader();
    in->start(payload);
    EXPECT_FALSE(in->skip());
  }
}

TEST(Msgpack, bounds_depth_digits_and_elements) {
  EXPECT_EQ(read(repeated("91", 200) + "01").size(), 401u);
  EXPECT_EQ(read(repeated("91", 201) + "01"), "ValueError: containers nested too deeply");
  EXPECT_EQ(read(repeated("81a161", 201) + "01"), "ValueError: containers nested too deeply");
  EXPECT_EQ(read(repeated("91", 100000)), "ValueError: containers nested too deeply");
  EXPECT_EQ(read("93 01 02 03", {.elements = 3}), "ValueError: too many values in one message");
  EXPECT_EQ(read("c8 10 cd 31" + repeated("31", 4301)), "ValueError: Exceeds the limit (4300 digits) for integer string conversion");
  EXPECT_EQ(read("c8 10 cc 31" + repeated("31", 4300)).size(), 4300u);
}

TEST(Msgpack, stands_floods_of_keys) {
  std::string flood("\xdf\x00\x01\x00\x00", 5);
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    flood += '\xcf';
    for (int shift = 56; shift >= 0; shift -= 8) flood += static_cast<char>((std::uint64_t(i) << 32) >> shift);
    flood += '\xc0';
  }
  const auto v = test::decoded<value>(engine::msgpack(), test::as_bytes(flood));
  ASSERT_TRUE(v);
  EXPECT_EQ(v->size(), 0x10000u);
}

TEST(Msgpack, fails_on_every_truncation_and_survives_every_changed_byte) {
  const auto whole = *test::encoded(engine::msgpack(), value(value::dict{{"a", value::list{1, 2.5, "text", value(bytes(3)), beyond, date{2020, 1, 2}}},
                                                                         {"b", value::dict{{"c", std::complex<double>(1, 2)}}}}));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(test::decoded<value>(engine::msgpack(), test::as_bytes(whole.substr(0, size)))) << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      const auto v = test::decoded<value>(engine::msgpack(), test::as_bytes(changed));
      const auto in = engine::msgpack().make_reader();
      in->start(test::as_bytes(changed));
      const bool skipped = in->skip() && in->finish();
      // Only unhashable keys are noticed by reading and not by skipping.
      const bool agree = v.has_value() == skipped || (skipped && v.error().text.starts_with("unhashable"));
      EXPECT_TRUE(agree) << at << ' ' << byte;
    }
  }
}

TEST(Msgpack, keeps_the_first_error) {
  const bytes payload = test::from_hex("92 a1 61 01");
  const auto in = engine::msgpack().make_reader();
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
  EXPECT_EQ(in->error().offset, 1u);
}

TEST(Msgpack, sees_the_class_ahead) {
  const bytes payload = test::from_hex("92 82 a1 61 92 01 02 a9 5f 5f 63 6c 61 73 73 5f 5f a1 42 05");
  const auto in = engine::msgpack().make_reader();
  in->start(payload);
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

// What the format keeps: no tuples, sets, zones; keys only text and bytes.
constexpr test::random_options carried{
    .kinds = test::without(test::all_kinds, {kind::tuple, kind::set, kind::frozenset}),
    .keys = test::one_of({kind::string, kind::bytes}),
    .zone_aware = false};

TEST(Msgpack, reads_back_random_values) {
  test::random_value random(1, carried);
  for (int i = 0; i < 3000; ++i) {
    const value v = random.next();
    const auto payload = test::encoded(engine::msgpack(), v);
    ASSERT_TRUE(payload) << payload.error().text;
    const auto back = test::decoded<value>(engine::msgpack(), test::as_bytes(*payload));
    ASSERT_TRUE(back) << back.error().text << ' ' << to_repr(v);
    ASSERT_TRUE(same(*back, v)) << to_repr(*back) << " is not " << to_repr(v);
  }
}

/// msgpack-cxx's packing of a value, extensions included.
void pack(::msgpack::packer<::msgpack::sbuffer>& to, const value& v) {
  switch (v.kind()) {
    case kind::boolean: to.pack(v.get<bool>()); break;
    case kind::integer: to.pack(v.get<std::int64_t>()); break;
    case kind::real: to.pack_double(v.get<double>()); break;
    case kind::string: to.pack(v.get<std::string>()); break;
    case kind::bytes:
      to.pack_bin(static_cast<std::uint32_t>(v.size()));
      to.pack_bin_body(reinterpret_cast<const char*>(v.get<bytes>().data()), static_cast<std::uint32_t>(v.size()));
      break;
    case kind::list:
      to.pack_array(static_cast<std::uint32_t>(v.size()));
      for (const value& element : v) pack(to, element);
      break;
    case kind::dict:
      to.pack_map(static_cast<std::uint32_t>(v.size()));
      for (const auto& [key, item] : v.entries()) {
        pack(to, key);
        pack(to, item);
      }
      break;
    case kind::big_integer: {
      const auto text = v.get<integer>().to_string();
      to.pack_ext(text.size(), 0x31);
      to.pack_ext_body(text.data(), static_cast<std::uint32_t>(text.size()));
      break;
    }
    default: to.pack_nil();
  }
}

value unpacked(const ::msgpack::object& o) {
  switch (o.type) {
    case ::msgpack::type::BOOLEAN: return o.via.boolean;
    case ::msgpack::type::POSITIVE_INTEGER: return o.via.u64;
    case ::msgpack::type::NEGATIVE_INTEGER: return o.via.i64;
    case ::msgpack::type::FLOAT32:
    case ::msgpack::type::FLOAT64: return o.via.f64;
    case ::msgpack::type::STR: return std::string(o.via.str.ptr, o.via.str.size);
    case ::msgpack::type::BIN: {
      const auto data = test::as_bytes({o.via.bin.ptr, o.via.bin.size});
      return value(bytes(data.begin(), data.end()));
    }
    case ::msgpack::type::ARRAY: {
      value::list items;
      for (const auto& element : std::span(o.via.array.ptr, o.via.array.size)) items.push_back(unpacked(element));
      return items;
    }
    case ::msgpack::type::MAP: {
      value::dict entries;
      for (const auto& entry : std::span(o.via.map.ptr, o.via.map.size)) entries.set(unpacked(entry.key), unpacked(entry.val));
      return entries;
    }
    case ::msgpack::type::EXT: return *integer::from_decimal({o.via.ext.data(), o.via.ext.size});
    default: return {};
  }
}

TEST(Msgpack, agrees_with_msgpack_cxx_in_both_directions) {
  test::random_options options = carried;
  options.kinds = test::without(options.kinds, {kind::complex, kind::datetime, kind::date});
  options.nan_and_infinity = false;
  options.elements = 40;
  options.text_size = 400;
  options.depth = 3;
  test::random_value random(2, options);
  for (int i = 0; i < 300; ++i) {
    const value v = random.next();
    ::msgpack::sbuffer theirs;
    ::msgpack::packer<::msgpack::sbuffer> packer(theirs);
    pack(packer, v);
    const auto ours = test::encoded(engine::msgpack(), v);
    ASSERT_TRUE(ours);
    const auto read_theirs = test::decoded<value>(engine::msgpack(), test::as_bytes({theirs.data(), theirs.size()}));
    ASSERT_TRUE(read_theirs) << read_theirs.error().text;
    ASSERT_EQ(*read_theirs, v);  // not same(): it packs whole doubles as integers
    const auto handle = ::msgpack::unpack(ours->data(), ours->size());
    ASSERT_TRUE(same(unpacked(handle.get()), v)) << to_repr(v);
  }
}

TEST(Serializers, are_found_by_name_and_number) {
  EXPECT_EQ(find_serializer("msgpack"), &engine::msgpack());
  EXPECT_EQ(find_serializer_48(6), &engine::msgpack());
  EXPECT_EQ(find_serializer("nothing"), nullptr);
  EXPECT_EQ(find_serializer_48(0), nullptr);
  EXPECT_EQ(engine::msgpack().id_502, 4);
  codecs kept;
  EXPECT_EQ(&kept.reader_of(engine::msgpack()), &kept.reader_of(engine::msgpack()));
  EXPECT_EQ(&kept.writer_of(engine::msgpack()), &kept.writer_of(engine::msgpack()));
}

}  // namespace
