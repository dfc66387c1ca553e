// Typed conversion over values (any reader would do) and over msgpack where bytes matter.
#include <codec/convert.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <type_traits>

#include <codec/value_reader.hpp>
#include <tests/support/encoded.hpp>

using namespace engine;
using namespace std::chrono_literals;

namespace {

/// What went wrong when `v` was read as T, or "fine".
template <class T> std::string refusal(const value& v) {
  value_reader in(v);
  T out{};
  if (decode(in, out)) return in.ok() ? "fine" : "true in spite of a failure";
  return std::string(in.error().type.substr(in.error().type.rfind('.') + 1)) + ": " + in.error().text;
}

/// Through msgpack, which keeps everything but the difference of sequences.
template <class T> T round_trip(const T& v) {
  const auto payload = test::encoded(msgpack(), v);
  if (!payload) throw std::runtime_error(payload.error().text);
  const auto back = test::decoded<T>(msgpack(), test::as_bytes(*payload));
  if (!back) throw std::runtime_error(back.error().text);
  return *back;
}

enum class color : std::uint8_t { red = 1, blue = 200 };
enum class letter : char { a = 'a' };

TEST(Convert, checks_the_range_of_integers) {
  EXPECT_EQ(value(255).as<std::uint8_t>(), 255);
  EXPECT_EQ(refusal<std::uint8_t>(256), "OverflowError: int 256 does not fit uint8");
  EXPECT_EQ(refusal<std::int8_t>(-129), "OverflowError: int -129 does not fit int8");
  EXPECT_EQ(refusal<unsigned>(-1), "OverflowError: int -1 does not fit uint32");
  EXPECT_EQ(refusal<std::uint64_t>(-1), "OverflowError: int -1 does not fit uint64");
  EXPECT_EQ(value(~std::uint64_t(0)).as<std::uint64_t>(), ~std::uint64_t(0));
  EXPECT_EQ(refusal<std::int64_t>(~std::uint64_t(0)), "OverflowError: int 18446744073709551615 does not fit int64");
  EXPECT_EQ(refusal<std::uint64_t>(*integer::from_decimal("18446744073709551616")),
            "OverflowError: int 18446744073709551616 does not fit uint64");
  EXPECT_EQ(refusal<int>(2.0), "TypeError: expected int, not float");
  EXPECT_EQ(refusal<int>(true), "TypeError: expected int, not bool");
  EXPECT_EQ(refusal<bool>(1), "TypeError: expected bool, not int");
}

TEST(Convert, takes_any_number_for_a_float) {
  EXPECT_EQ(value(2).as<double>(), 2.0);
  EXPECT_EQ(value(1.5).as<float>(), 1.5f);
  EXPECT_EQ(value(2).as<std::complex<float>>(), std::complex<float>(2));
  EXPECT_EQ(value(std::complex<double>(1, 2)).as<std::complex<double>>(), std::complex<double>(1, 2));
  EXPECT_EQ(refusal<double>("1.5"), "TypeError: expected float, not str");
}

TEST(Convert, keeps_text_and_bytes_apart) {
  const bytes raw{std::byte{1}, std::byte{2}};
  EXPECT_EQ(round_trip(raw), raw);
  EXPECT_EQ(round_trip(std::string("\u00e9")), "\u00e9");
  EXPECT_EQ(refusal<std::string>(value(raw)), "TypeError: expected str, not bytes");
  EXPECT_EQ(refusal<bytes>("x"), "TypeError: expected bytes, not str");
  EXPECT_EQ(round_trip(std::vector<std::uint8_t>{1, 200}), (std::vector<std::uint8_t>{1, 200}));
  EXPECT_EQ(test::to_hex(*test::encoded(msgpack(), std::vector<std::uint8_t>{1, 200})), "92 01 cc c8");
  EXPECT_EQ(test::to_hex(*test::encoded(msgpack(), "ab")), "a2 61 62");
}

TEST(Convert, gives_views_without_a_copy) {
  const bytes payload = test::from_hex("92 a3 61 62 63 c4 02 01 02");
  const auto both = test::decoded<std::tuple<std::string_view, std::span<const std::byte>>>(msgpack(), payload);
  ASSERT_TRUE(both);
  EXPECT_EQ(static_cast<const void*>(std::get<0>(*both).data()), payload.data() + 2);
  EXPECT_EQ(std::get<1>(*both).data(), payload.data() + 7);
}

TEST(Convert, takes_every_sequence_for_every_sequence) {
  for (const value& v : {value(value::list{1, 2}), value(value::tuple{1, 2}), value(value::set{1, 2}), value(value::frozenset{1, 2})}) {
    EXPECT_EQ(v.as<std::vector<int>>(), (std::vector{1, 2}));
    EXPECT_EQ(v.as<std::deque<int>>(), (std::deque{1, 2}));
    EXPECT_EQ(v.as<std::list<int>>(), (std::list{1, 2}));
    EXPECT_EQ(v.as<std::set<int>>(), (std::set{1, 2}));
    EXPECT_EQ(v.as<std::unordered_set<int>>(), (std::unordered_set{1, 2}));
    EXPECT_EQ((v.as<std::array<int, 2>>()), (std::array{1, 2}));
    EXPECT_EQ((v.as<std::pair<int, double>>()), (std::pair{1, 2.0}));
    EXPECT_EQ((v.as<std::tuple<int, int>>()), (std::tuple{1, 2}));
  }
  EXPECT_EQ(value(value::list{true, false}).as<std::vector<bool>>(), (std::vector{true, false}));
  EXPECT_EQ(refusal<std::vector<int>>(value::dict{}), "TypeError: expected list, not dict");
  EXPECT_EQ(refusal<std::vector<int>>(value::list{1, "a"}), "TypeError: expected int, not str");
}

TEST(Convert, counts_the_elements_of_fixed_sequences) {
  EXPECT_EQ((refusal<std::array<int, 2>>(value::list{1})), "ValueError: expected 2 elements, got 1");
  EXPECT_EQ((refusal<std::array<int, 2>>(value::list{1, 2, 3})), "ValueError: expected 2 elements, got 3 or more");
  EXPECT_EQ((refusal<std::tuple<int, int>>(value::list{1})), "ValueError: expected 2 elements, got 1");
  EXPECT_EQ((refusal<std::pair<int, int>>(value::list{1, 2, 3})), "ValueError: expected 2 elements, got 3 or more");
  EXPECT_EQ((refusal<std::tuple<>>(value::tuple{})), "fine");
}

TEST(Convert, reads_maps_the_last_item_winning) {
  const bytes payload = test::from_hex("82 a1 61 92 01 02 a1 61 91 03");
  const auto map = test::decoded<std::map<std::string, std::vector<int>>>(msgpack(), payload);
  ASSERT_TRUE(map);
  EXPECT_EQ(*map, (std::map<std::string, std::vector<int>>{{"a", {3}}}));
  EXPECT_EQ((value(value::dict{{1, "x"}}).as<std::unordered_map<int, std::string>>().at(1)), "x");
  EXPECT_EQ((round_trip(std::map<std::string, int>{{"b", 1}, {"a", 2}})), (std::map<std::string, int>{{"b", 1}, {"a", 2}}));
}

TEST(Convert, takes_none_for_an_empty_optional) {
  EXPECT_EQ(value().as<std::optional<int>>(), std::nullopt);
  EXPECT_EQ(value(3).as<std::optional<int>>(), 3);
  EXPECT_EQ(round_trip(std::vector<std::optional<std::string>>{"a", std::nullopt}), (std::vector<std::optional<std::string>>{"a", std::nullopt}));
  EXPECT_EQ(refusal<int>({}), "TypeError: expected int, not NoneType");
}

TEST(Convert, chooses_the_alternative_that_fits_exactly_before_one_that_can_be_converted) {
  using any = std::variant<std::monostate, double, int, std::string, std::vector<int>>;
  EXPECT_EQ(value(1).as<any>(), any(1));
  EXPECT_EQ(value(1.5).as<any>(), any(1.5));
  EXPECT_EQ(value("a").as<any>(), any("a"));
  EXPECT_EQ(value().as<any>(), any());
  EXPECT_EQ(value(value::tuple{1}).as<any>(), any(std::vector{1}));
  EXPECT_EQ((value(1).as<std::variant<double, std::string>>()), (std::variant<double, std::string>(1.0)));
  EXPECT_EQ((refusal<std::variant<int, std::string>>(value::dict{})), "TypeError: expected one of the alternatives of a variant, not dict");
  EXPECT_EQ(round_trip(std::vector<any>{1, 2.5, "x", any()}), (std::vector<any>{1, 2.5, "x", any()}));
}

TEST(Convert, carries_points_in_time_to_the_microsecond) {
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  EXPECT_EQ(round_trip(now), now);
  const std::chrono::system_clock::time_point early{-1500ms};
  EXPECT_EQ(round_trip(early), early);
  const std::chrono::year_month_day day{std::chrono::year(2020), std::chrono::month(2), std::chrono::day(29)};
  EXPECT_EQ(round_trip(day), day);
  EXPECT_EQ(value("2020-02-29").as<std::chrono::year_month_day>(), day);
  EXPECT_EQ(value("2020-02-29T10:00:00").as<datetime>().time.hour, 10);
  EXPECT_EQ(value("2020-02-29T10:00:00+00:00").as<std::chrono::system_clock::time_point>().time_since_epoch(), 1582970400s);
  EXPECT_EQ(value("10:30").as<time_of_day>().minute, 30);
  EXPECT_EQ(refusal<date>("29.2.2020"), "ValueError: not a date in ISO format");
  EXPECT_EQ(refusal<datetime>(5), "TypeError: expected datetime, not int");
  EXPECT_EQ(test::encoded(msgpack(), std::chrono::year_month_day{}).error().text, "not a day of the years 1 to 9999");
}

TEST(Convert, takes_seconds_for_durations) {
  EXPECT_EQ(value(1.5).as<std::chrono::milliseconds>(), 1500ms);
  EXPECT_EQ(value(2).as<std::chrono::minutes>(), 0min);
  EXPECT_EQ(value(-0.25).as<std::chrono::duration<double>>(), -0.25s);
  EXPECT_EQ(refusal<std::chrono::nanoseconds>(1e10), "OverflowError: number of seconds does not fit the duration");
  EXPECT_EQ(refusal<std::chrono::nanoseconds>(std::nan("")), "OverflowError: number of seconds does not fit the duration");
}

TEST(Convert, sends_enums_as_their_number) {
  EXPECT_EQ(round_trip(color::blue), color::blue);
  EXPECT_EQ(test::to_hex(*test::encoded(msgpack(), letter::a)), "61");
  EXPECT_EQ(round_trip(letter::a), letter::a);
  EXPECT_EQ(refusal<color>(256), "OverflowError: int 256 does not fit uint8");
  EXPECT_EQ(refusal<letter>(300), std::string("OverflowError: int 300 does not fit ") + (std::is_signed_v<char> ? "int8" : "uint8"));
}

TEST(Convert, hands_large_results_over_without_copying) {
  bytes large(borrow_threshold, std::byte{7});
  const std::byte* const lies_at = large.data();
  output out;
  const auto to = msgpack().make_writer();
  to->start(out);
  encode_result(*to, std::move(large));
  const std::byte* sent_from = nullptr;
  out.each_since({}, [&](std::span<const std::byte> run) { sent_from = run.size() == borrow_threshold ? run.data() : sent_from; });
  EXPECT_EQ(sent_from, lies_at);
}

TEST(Convert, refers_to_large_arguments_only_when_told_to) {
  const bytes large(borrow_threshold, std::byte{7});
  const auto borrows = [&](auto encode_it) {
    output out;
    const auto to = msgpack().make_writer();
    to->start(out);
    encode_it(*to);
    bool found = false;
    out.each_since({}, [&](std::span<const std::byte> run) { found = found || run.data() == large.data(); });
    return found;
  };
  EXPECT_TRUE(borrows([&](writer& to) { encode_borrowed(to, large); }));
  EXPECT_TRUE(borrows([&](writer& to) { encode_borrowed(to, std::span<const std::byte>(large)); }));
  EXPECT_FALSE(borrows([&](writer& to) { encode(to, large); }));
  EXPECT_FALSE(borrows([&](writer& to) { encode_result(to, large); }));
}

}  // namespace
