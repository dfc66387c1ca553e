// Dates and times against Python's results, also where a zone's clock jumps.
#include <codec/moment.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <cmath>

using namespace engine;

namespace {

datetime at(std::int32_t year, std::uint8_t month, std::uint8_t day, std::uint8_t hour, std::uint8_t minute = 0) {
  datetime when;
  when.day = {year, month, day};
  when.time.hour = hour;
  when.time.minute = minute;
  return when;
}

/// The local zone for one test.
struct zone {
  explicit zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~zone() {
    unsetenv("TZ");
    tzset();
  }
};

TEST(Moment, prints_as_python_does) {
  datetime when = at(2020, 1, 2, 3, 4);
  EXPECT_EQ(iso_format(when), "2020-01-02T03:04:00");
  when.time.second = 5;
  when.time.microsecond = 678;
  EXPECT_EQ(iso_format(when), "2020-01-02T03:04:05.000678");
  when.time.offset_seconds = 0;
  EXPECT_EQ(iso_format(when), "2020-01-02T03:04:05.000678+00:00");
  when.time.offset_seconds = -(3600 + 1800 + 7);
  EXPECT_EQ(iso_format(when.time), "03:04:05.000678-01:30:07");
  EXPECT_EQ(iso_format(date{1, 2, 3}), "0001-02-03");
}

TEST(Moment, reads_what_it_prints) {
  for (const char* text : {"2020-01-02T03:04:05.000678-01:30:07", "2020-02-29T23:59:59+05:30", "0001-01-01T00:00:00"})
    EXPECT_EQ(iso_format(*parse_datetime(text)), text);
  EXPECT_EQ(parse_datetime("2020-01-02 03:04:05Z")->time.offset_seconds, 0);
  EXPECT_EQ(iso_format(*parse_date("9999-12-31")), "9999-12-31");
  EXPECT_EQ(parse_time("01:02"), (time_of_day{1, 2, 0, 0, {}}));
}

TEST(Moment, refuses_impossible_dates_and_times) {
  for (const char* text : {"2021-02-29", "0000-01-01", "2020-13-01", "2020-1-1", "2020-01-01T00:00:00", ""}) EXPECT_FALSE(parse_date(text)) << text;
  for (const char* text : {"24:00", "23:60", "23:59:60", "12", "12:00:00.5", "12:00+24:00", "12:00 "}) EXPECT_FALSE(parse_time(text)) << text;
  for (const char* text : {"2020-01-01", "2020-01-01x00:00", "2020-01-01T", "2020-01-01T00:00:00+"}) EXPECT_FALSE(parse_datetime(text)) << text;
}

TEST(Moment, counts_days_as_python_does) {
  EXPECT_EQ(to_ordinal({1, 1, 1}), 1);
  EXPECT_EQ(to_ordinal({2020, 1, 2}), 737426);
  EXPECT_EQ(to_ordinal({9999, 12, 31}), 3652059);
  EXPECT_EQ(from_ordinal(737426), (date{2020, 1, 2}));
  EXPECT_FALSE(from_ordinal(0));
  EXPECT_FALSE(from_ordinal(3652060));
  for (std::int64_t day = 1; day <= 3652059; day += 97) ASSERT_EQ(to_ordinal(*from_ordinal(day)), day);
}

TEST(Moment, reads_naive_times_in_the_local_zone) {
  const zone berlin("Europe/Berlin");
  EXPECT_EQ(to_timestamp(at(2020, 1, 2, 3)), 1577930400.0);
  EXPECT_EQ(to_timestamp(at(2020, 7, 2, 3)), 1593651600.0);
  EXPECT_EQ(to_timestamp(at(2020, 10, 25, 2, 30)), 1603585800.0);  // happens twice: the first one, as Python's fold=0
  EXPECT_EQ(to_timestamp(at(2020, 3, 29, 2, 30)), 1585445400.0);   // never happens
  EXPECT_EQ(from_timestamp(1577930400.25)->time.microsecond, 250000u);
  EXPECT_EQ(iso_format(*from_timestamp(1593651600)), "2020-07-02T03:00:00");
}

TEST(Moment, reads_zone_aware_times_in_their_zone) {
  const zone berlin("Europe/Berlin");
  datetime when = at(1970, 1, 1, 1);
  when.time.offset_seconds = 3600;
  EXPECT_EQ(to_unix_microseconds(when), 0);
}

TEST(Moment, rounds_timestamps_as_python_does) {
  const zone utc("UTC");
  EXPECT_EQ(iso_format(*from_timestamp(-1.5)), "1969-12-31T23:59:58.500000");
  EXPECT_EQ(iso_format(*from_timestamp(0.9999999)), "1970-01-01T00:00:01");
  EXPECT_EQ(iso_format(*from_timestamp(-0.0000001)), "1970-01-01T00:00:00");
  EXPECT_EQ(iso_format(*from_timestamp(1577934245.000678)), "2020-01-02T03:04:05.000678");
}

TEST(Moment, refuses_timestamps_outside_the_calendar) {
  for (const double seconds : {253402300800.0 + 86400, -62135596800.0 - 86400, 1e300, -1e300, HUGE_VAL, std::nan("")})
    EXPECT_FALSE(from_timestamp(seconds)) << seconds;
}

}  // namespace
